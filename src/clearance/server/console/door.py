"""The way into the console: the token printed at the start becomes a cookie; others stay outside.

Checked here, before anything of the console runs: the Host (DNS rebinding), the Origin of whatever
is no plain reading and of each WebSocket (cross-site requests), where a browser says it comes from,
and the cookie. The console itself is loaded when somebody first asks for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from clearance.server.console import headers
from clearance.server.console.sessions import Sessions
from clearance.server.hosts import is_ours

__all__ = ["MOST_BYTES", "PREFIX", "ConsoleError", "Door", "bounded"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LOG: Final = logging.getLogger("clearance.console")
PREFIX: Final = "/_clearance"
FIRST: Final = f"{PREFIX}/denials"
ASSETS: Final = Path(__file__).parent / "assets"
_KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_SIGN_IN: Final = (ASSETS / "sign_in.html").read_bytes()
_TOKEN_BYTES: Final = 1024
MOST_BYTES: Final = 64 << 20  # of one request: what a page takes at once, and its wrapping
_READING: Final = frozenset({"GET", "HEAD"})
# What may stand in a policy header: nothing that would begin another directive.
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+")


class ConsoleError(Exception):
    """There is no console here; the message says why."""


class Door:
    """The console as an ASGI application; ``load`` makes what is behind it."""

    def __init__(self, sessions: Sessions, load: Callable[[], Awaitable[Asgi]]) -> None:
        self.sessions = sessions
        self._load = load
        self._loading: asyncio.Task[Asgi] | None = None

    @staticmethod
    def owns(scope: Scope) -> bool:
        """True when a connection is for the console; function URLs keep all their paths."""
        path: str = scope["path"]
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return False
        if path.startswith((f"{PREFIX}/code/", f"{PREFIX}/lambda-url/")):
            return False
        host = _header(scope, b"host") or ""
        return not host.lower().partition(":")[0].endswith(".localhost")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, or refuse it."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin, cookie = _header(scope, b"origin"), _header(scope, b"cookie")
        if origin is None or not _at_home(scope) or not self.sessions.knows(cookie):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return

        async def heard() -> MutableMapping[str, Any]:
            """What the browser says while it is signed in; it says something every few seconds."""
            event = await receive()
            if event["type"] == "websocket.receive" and not self.sessions.knows(cookie):
                await send({"type": "websocket.close", "code": 1008})
                return {"type": "websocket.disconnect", "code": 1008}
            return event

        try:
            behind = await self._behind()
        except (ImportError, ConsoleError):
            await receive()
            await send({"type": "websocket.close", "code": 1011})
            return
        await behind(_plain(scope), heard, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        host, path, method = _header(scope, b"host"), scope["path"], scope["method"]
        answer = _Answer(send, host if host and _HOST.fullmatch(host) else "'self'")
        if not _at_home(scope) or not _comes_from_here(scope):
            await answer.text(403, "This console answers only to its own address.")
        elif method not in _READING and _header(scope, b"origin") is None:
            await answer.text(403, "Who changes something has to say where it comes from (Origin).")
        elif path == f"{PREFIX}/sign-in" and method == "POST":
            await self._sign_in(receive, answer)
        elif path.startswith(f"{PREFIX}/assets/") and method in _READING:
            await _asset(path.removeprefix(f"{PREFIX}/assets/"), answer)
        elif not self.sessions.knows(cookie := _header(scope, b"cookie")):
            self._warm()
            await answer.send(401, _SIGN_IN, "text/html; charset=utf-8")
        elif path == f"{PREFIX}/sign-in":
            await answer.send(204, b"", "text/plain")
        elif path == f"{PREFIX}/sign-out" and method == "POST":
            self.sessions.end(cookie)
            await answer.send(204, b"", "text/plain", more=[self.sessions.forget])
        elif path in {PREFIX, f"{PREFIX}/"}:
            await answer.send(302, b"", "text/plain", more=[(b"location", FIRST.encode())])
        elif _length(scope) > MOST_BYTES:
            await answer.text(413, "That is too large; files on this machine can be pointed to.")
        else:
            await self._page(scope, bounded(receive), answer)

    async def _page(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            behind = await self._behind()
        except ImportError as error:
            LOG.warning("the console cannot be loaded: %s", error)
            text = f"The console needs a package that is not installed: {error.name}."
            await answer.text(503, f"{text} Run pip install 'clearance[serve]'.")
            return
        except ConsoleError as error:
            await answer.text(503, str(error))
            return
        nonce = headers.fresh_nonce()
        inner = _plain(scope)
        inner["clearance.nonce"] = nonce
        gone = False

        async def heard() -> MutableMapping[str, Any]:
            nonlocal gone
            event = await receive()
            gone = gone or event["type"] == "http.disconnect"
            return event

        try:
            await behind(inner, heard, answer.framed(nonce))
        except RuntimeError:  # Starlette's "No response returned.": there is nobody to get one
            if not gone:
                raise

    async def _sign_in(self, receive: Receive, answer: _Answer) -> None:
        self._warm()
        given = await _small_body(receive)
        try:
            token = json.loads(given)["token"]
        except (ValueError, KeyError, TypeError):
            token = None
        cookie = self.sessions.begin(token) if isinstance(token, str) else None
        if cookie is None:
            await answer.text(403, "That is not the token of this endpoint.")
        else:
            await answer.send(204, b"", "text/plain", more=[cookie])

    def _warm(self) -> None:
        """Load the console while somebody still signs in."""
        if self._loading is None or (self._loading.done() and self._loading.exception()):
            self._loading = asyncio.create_task(self._loaded())

    async def _loaded(self) -> Asgi:
        return await self._load()

    async def _behind(self) -> Asgi:
        self._warm()
        assert self._loading is not None  # noqa: S101 - `_warm` has just seen to it
        return await asyncio.shield(self._loading)


class _Answer:
    """How this console answers: never cached, never framed, never run as something else."""

    def __init__(self, send: Send, host: str) -> None:
        self._send = send
        self._host = host

    async def text(self, status: int, text: str) -> None:
        await self.send(status, text.encode(), "text/plain; charset=utf-8")

    async def send(
        self,
        status: int,
        body: bytes,
        kind: str,
        *,
        more: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        found = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            *headers.of_page(headers.strict(self._host)),
            *(more or []),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": found})
        await self._send({"type": "http.response.body", "body": body})

    def framed(self, nonce: str) -> Send:
        """A ``send`` for what is behind the door."""
        policy = headers.console(self._host, nonce)

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                message["headers"] = headers.guarded(given, policy)
            await self._send(message)

        return send


async def _asset(name: str, answer: _Answer) -> None:
    path = ASSETS / name
    if "/" in name or path.suffix not in _KINDS or not path.is_file():
        await answer.text(404, "There is no such file.")
        return
    body = await asyncio.to_thread(path.read_bytes)
    await answer.send(200, body, f"{_KINDS[path.suffix]}; charset=utf-8")


def _at_home(scope: Scope) -> bool:
    """True for our own address, asked by nobody else's page."""
    host = _header(scope, b"host") or ""
    return bool(_HOST.fullmatch(host)) and is_ours(host, _header(scope, b"origin"))


def _comes_from_here(scope: Scope) -> bool:
    """False for what another site's page fetches; a link that somebody follows is welcome."""
    site = _header(scope, b"sec-fetch-site")
    if site in {None, "same-origin", "none"}:
        return True
    followed = (_header(scope, b"sec-fetch-mode"), _header(scope, b"sec-fetch-dest"))
    return scope["method"] in _READING and followed == ("navigate", "document")


def _plain(scope: Scope) -> Scope:
    """The scope without headers that only a proxy of ours could mean."""
    kept = [(k, v) for k, v in scope["headers"] if not k.startswith(b"x-forwarded-")]
    return {**scope, "headers": kept}


def _header(scope: Scope, name: bytes) -> str | None:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == name), None)


def _length(scope: Scope) -> int:
    said = _header(scope, b"content-length") or ""
    return int(said) if said.isdecimal() and said.isascii() else 0


def bounded(receive: Receive) -> Receive:
    """The same body, cut off as if its sender had gone once it is too large."""
    taken = 0

    async def event_or_end() -> MutableMapping[str, Any]:
        nonlocal taken
        event = await receive()
        taken += len(event.get("body", b""))
        return event if taken <= MOST_BYTES else {"type": "http.disconnect"}

    return event_or_end


async def _small_body(receive: Receive) -> bytes:
    body = bytearray()
    while len(body) <= _TOKEN_BYTES:
        event = await receive()
        if event["type"] == "http.disconnect":
            return b""
        body += event.get("body", b"")
        if not event.get("more_body"):
            return bytes(body)
    return b""
