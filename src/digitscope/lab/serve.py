"""Serving: a port, the guard, the browser."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import secrets
import socket
import sys
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from digitscope.errors import SettingError

PORT = 8784


@dataclass(frozen=True)
class Place:
    """Where the lab listens: the socket, and the address for people."""

    socket: socket.socket
    address: str
    token: str
    note: str = ""


def listen(host: str = "127.0.0.1", port: int = PORT) -> Place:
    """Listen at a port, or at a free one if that is taken; with a token unless only this machine
    can reach it. SettingError where the host is not one of this machine.
    """
    token = "" if _is_loopback(host) else secrets.token_urlsafe(24)
    note = ""
    try:
        try:
            listening = _bound(host, port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            listening = _bound(host, 0)
            note = f"port {port} is taken; this is a free one"
    except OSError as error:
        raise SettingError(
            f"--host {host}: cannot listen there: {error.strerror or error}: "
            f"use an address of this machine, or 0.0.0.0 for all of them"
        ) from None
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
    shown = f"[{shown}]" if ":" in shown else shown
    address = f"http://{shown}:{listening.getsockname()[1]}/"
    return Place(listening, address + (f"?token={token}" if token else ""), token, note)


def serve(place: Place, runs: Path, browser: bool) -> None:
    """Serve until interrupted. The browser may ask at once: the socket listens already."""
    with contextlib.suppress(KeyboardInterrupt), place.socket:
        if browser:
            threading.Thread(target=webbrowser.open, args=[place.address], daemon=True).start()
        _serve(place, runs)


def _serve(place: Place, runs: Path) -> None:
    """The server itself, whose libraries take most of the time that it needs to start."""
    import uvicorn

    from digitscope.lab.app import create_app
    from digitscope.lab.guard import LOOPBACK, Guard
    from digitscope.lab.lab import Lab
    from digitscope.lab.message import MOST_BYTES
    from digitscope.threads import limited_threads

    # Python's threads take turns of 5 ms otherwise: a drawing would wait so long for every other
    # question that is at work.
    sys.setswitchinterval(0.001)
    # It remarks on every page that is closed while something is on its way to it.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    names = LOOPBACK | {socket.gethostname().lower()} if place.token else LOOPBACK
    config = uvicorn.Config(
        Guard(create_app(Lab(runs)), frozenset(names), place.token),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,  # nothing is gained between two programs of one machine
        timeout_graceful_shutdown=2,
    )
    with limited_threads(1):
        uvicorn.Server(config).run([place.socket])


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    family, kind, protocol, _, address = found
    # Named as TCP, so that asyncio sends small messages at once instead of waiting 40 ms.
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
