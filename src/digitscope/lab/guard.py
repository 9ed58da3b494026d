"""The guard before the server: who may ask at all.

A browser runs pages of other sites on this machine too. Those must not drive the lab:

    DNS rebinding        a name of theirs that suddenly means this machine: the Host is foreign
    cross-site sockets   a browser opens them to anywhere: the Origin is foreign
    other sites' links   a browser says that they come from there: only the page itself is for them
    another machine      only with --host, and then a token is needed, kept in a cookie
    a foreign script     the page may load nothing from elsewhere, and has none inline
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws://{host}; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


@dataclass(frozen=True)
class Guard:
    """Wraps the server. `names` are the hosts that it answers to; with a `token`, numeric addresses
    as well, since no foreign name can mean a token.
    """

    app: App
    names: frozenset[str] = LOOPBACK
    token: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with one line."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if self._is_token(_token_in_address(scope)):
            await _enter(scope, send, self.token)
            return
        if refusal := self.refusal(scope, headers):
            await _refuse(scope, send, *refusal)
            return
        host = headers["host"]

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = HEADERS | {"content-security-policy": POLICY.format(host=host)}
                message["headers"] = [
                    *(pair for pair in message["headers"] if pair[0].decode() not in own),
                    *((name.encode(), value.encode()) for name, value in own.items()),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Status and reason why a request is refused; None where it is welcome."""
        host = headers.get("host", "")
        if not self._knows(host):
            return 421, f"this lab does not answer to the host {host[:100]!r}: open its own address"
        if foreign := _foreign(scope, headers, host):
            return 403, foreign
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            return 405, "this lab is only read from: GET or HEAD"
        if self.token and not self._is_let_in(scope, headers):
            return 401, "open the address that 'digitscope lab' printed: it holds the token"
        return None

    def _knows(self, host: str) -> bool:
        found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?", host)
        if not found:
            return False
        name = (found[1] or found[2]).lower()
        return name in self.names or (bool(self.token) and _is_numeric(name))

    def _is_let_in(self, scope: Scope, headers: dict[str, str]) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        cookie = cookies.get(_cookie_name(scope))
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, given: str) -> bool:
        return bool(self.token) and hmac.compare_digest(given.encode(), self.token.encode())


def _foreign(scope: Scope, headers: dict[str, str], host: str) -> str:
    """Why a request comes from another site; "" where it does not, as far as a browser says."""
    origin = headers.get("origin")
    if scope["type"] == "websocket" and origin is None:
        return "a socket is for the lab's own page: its Origin is missing"
    if origin not in (None, f"http://{host}"):
        return f"{origin[:100]!r} is another site, and must not drive this lab"
    site = headers.get("sec-fetch-site", "none")
    if scope["type"] == "http" and scope["path"] != "/" and site not in ("none", "same-origin"):
        return "this is for the lab's own page, and another site asked for it"
    return ""


def _is_numeric(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookie_name(scope: Scope) -> str:
    """A name of its own for each port: cookies are shared between the ports of a host."""
    return f"digitscope-{(scope.get('server') or ('', 0))[1]}"


def _token_in_address(scope: Scope) -> str:
    """The token in the address that was printed, if it is there."""
    if scope["type"] != "http" or scope["path"] != "/":
        return ""
    return parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]


async def _enter(scope: Scope, send: Send, token: str) -> None:
    """Keep the token in a cookie, and lead to the page, whose address does not show it."""
    cookie = f"{_cookie_name(scope)}={token}; HttpOnly; SameSite=Strict; Path=/"
    start = [(b"location", b"/"), (b"set-cookie", cookie.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": start})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(scope: Scope, send: Send, status: int, reason: str) -> None:
    """One line of plain text."""
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
            return
        kind = "websocket.http.response"
    body = f"{reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
