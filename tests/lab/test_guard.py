"""Who may drive the lab: nobody from another site, and from another machine only with the token."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from digitscope.lab.message import MOST_BYTES
from tests.helpers import environment
from tests.lab.served import Served, opened, served


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(lab: Served, method: str = "GET", path: str = "/", **headers: str) -> Answer:
    """One request with headers of our choice."""
    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        got = connection.getresponse()
        found = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, found, got.read())


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8784", "127.0.0.1.evil.example", "10.0.0.1", "", "a b"]
)
def test_a_name_of_another_site_that_means_this_machine_gets_nothing(
    lab: Served, host: str
) -> None:
    """DNS rebinding: the browser believes that it talks to evil.example."""
    answer = ask(lab, Host=host)
    assert answer.status in (400, 421)
    assert b"<html" not in answer.body
    with (
        pytest.raises(InvalidStatus),
        opened(lab, additional_headers={"Host": host}, origin=f"http://{host}"),
    ):
        pass


def test_its_own_names_are_answered(lab: Served) -> None:
    for host in (f"127.0.0.1:{lab.port}", f"localhost:{lab.port}", "LOCALHOST", "[::1]:8784"):
        assert ask(lab, Host=host).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", None])
def test_another_sites_page_cannot_open_the_socket(lab: Served, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(lab, origin=origin):
        pass
    assert refused.value.response.status_code == 403
    assert refused.value.response.body is not None
    assert b"site" in refused.value.response.body or b"Origin" in refused.value.response.body


def test_another_sites_page_cannot_fetch(lab: Served) -> None:
    answer = ask(lab, Origin="https://evil.example")
    assert (answer.status, answer.headers.get("access-control-allow-origin")) == (403, None)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_reading_is_taken(lab: Served, method: str) -> None:
    assert ask(lab, method).status == 405


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/..%2f..%2fapp.py", "/%2e%2e/app.py", "//etc/passwd", "/app.py"]
)
def test_only_the_pages_own_files_are_given_out(lab: Served, path: str) -> None:
    assert ask(lab, path=path).status == 404


def test_every_answer_carries_the_policy(lab: Served) -> None:
    for path in ("/", "/nothing"):
        answer = ask(lab, path=path)
        policy = answer.headers["content-security-policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'self'"
        assert "unsafe" not in policy
        assert rules["frame-ancestors"] == "'none'"
        assert answer.headers.get("x-content-type-options") == "nosniff"
        assert answer.headers.get("server") is None


def test_scripts_are_called_scripts(lab: Served) -> None:
    """With nosniff a browser runs nothing else, and some systems call them plain text."""
    import digitscope.lab.app

    scripts = list(digitscope.lab.app.STATIC.glob("*.js"))
    assert scripts
    for script in scripts:
        answer = ask(lab, path=f"/{script.name}")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/javascript")


def test_too_large_an_upload_ends_the_conversation_and_nothing_else(lab: Served) -> None:
    with opened(lab) as page:
        limits = page.hear()["limits"]
        assert limits["bytes"] == MOST_BYTES
        page.say("read", width=1, height=1)
        with contextlib.suppress(ConnectionClosedError):
            page.socket.send(bytes(MOST_BYTES + 1))
        with pytest.raises(ConnectionClosedError) as closed:
            page.hear_until("nothing")
        # Where the rest was still on its way, the connection is reset and the reason gets lost.
        assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
    with opened(lab) as page:
        page.hear()
        side = 2001  # pixels: fewer bytes than the limit, but too many for a drawing
        page.say("read", bytes(side * side), id=1, width=side, height=side)
        assert "at most 4,000,000" in page.hear_until("error")["what"]


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("open"), "--host", "0.0.0.0") as running:
        yield Served(f"http://127.0.0.1:{running.port}/", *list(vars(running).values())[1:])


def test_only_this_machine_can_reach_it_unless_asked_otherwise(
    lab: Served, open_lab: Served
) -> None:
    listening = Path("/proc/net/tcp").read_text().split("\n")
    here = {f"{lab.port:04X}": "0100007F", f"{open_lab.port:04X}": "00000000"}
    found = {}
    for line in listening[1:]:
        if (parts := line.split()) and parts[3] == "0A":
            address, _, port = parts[1].partition(":")
            found[port] = address
    assert {port: found[port] for port in here} == here


def test_with_a_host_nothing_is_given_out_without_the_token(open_lab: Served) -> None:
    assert len(open_lab.token) >= 32
    for path in ("/", "/main.js", "/?token=", "/?token=wrong"):
        answer = ask(open_lab, path=path)
        assert answer.status == 401
        assert b"token" in answer.body
    with pytest.raises(InvalidStatus) as refused, opened(open_lab):
        pass
    assert refused.value.response.status_code == 401


def test_the_printed_address_lets_in_and_the_token_leaves_the_address(open_lab: Served) -> None:
    answer = ask(open_lab, path=f"/?token={open_lab.token}")
    assert (answer.status, answer.headers.get("location")) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    pair = cookie.split(";")[0]
    assert ask(open_lab, Cookie=pair).status == 200
    assert ask(open_lab, Cookie=pair, Host="192.168.7.7:80").status == 200
    assert ask(open_lab, Cookie=pair, Host="evil.example").status == 421
    assert ask(open_lab, Cookie=pair[:-1]).status == 401
    with opened(open_lab, additional_headers={"Cookie": pair}) as page:
        assert page.hear()["said"] == "hello"
    with (
        pytest.raises(InvalidStatus),
        opened(open_lab, additional_headers={"Cookie": pair}, origin="http://evil.example"),
    ):
        pass


def test_a_host_that_is_not_of_this_machine_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digitscope", "lab", "--host", "192.0.2.1", "--no-browser"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("digitscope: error: --host 192.0.2.1: cannot listen there")
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_replaced_by_a_free_one(tmp_path: Path, lab: Served) -> None:
    with served(tmp_path, "--port", lab.port) as second:
        assert second.port != lab.port
        assert f"port {lab.port} is taken" in second.end()


@pytest.mark.parametrize(
    "frame", ["", "x", "[]", "7", "{}", '{"do": 1}', "[" * 100_000, json.dumps({"do": "a" * 9999})]
)
def test_nonsense_is_one_line_and_the_conversation_goes_on(lab: Served, frame: str) -> None:
    with opened(lab) as page:
        page.hear()
        page.socket.send(frame)
        assert len(page.hear()["what"]) > 10
        page.socket.send(b"bytes out of the blue")
        assert "must be text" in page.hear()["what"]
        page.say("models")
        assert page.hear()["said"] == "models"


def test_half_a_request_and_a_cut_line_harm_nobody(lab: Served) -> None:
    for sent in (b"GET / HTTP/1.1\r\nHost: local", b"\x16\x03\x01\x00", b""):
        with socket.create_connection(("127.0.0.1", lab.port)) as connection:
            connection.sendall(sent)
    assert ask(lab).status == 200
