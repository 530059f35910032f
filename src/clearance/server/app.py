"""The endpoint as an ASGI application: bytes from sockets, bytes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

from clearance.server.console.door import Door
from clearance.server.console.headers import SANDBOX
from clearance.server.endpoint import Endpoint
from clearance.server.hosts import is_ours
from clearance.wire import faults
from clearance.wire.faults import Fault
from clearance.wire.message import HttpAnswer, Message

__all__ = ["BODY_LIMIT", "Application"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A 50 MB function package in base64, and its envelope.
BODY_LIMIT: Final = 70 * 1024 * 1024
HEALTH: Final = "/_clearance/health"


class Application:
    """ASGI 3; ``startup`` and ``shutdown`` are awaited in the server's own event loop."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        startup: Callable[[], Awaitable[None]] | None = None,
        shutdown: Callable[[], Awaitable[None]] | None = None,
        console: Door | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._console = console
        self._startup = startup
        self._shutdown = shutdown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"] == HEALTH and scope["type"] == "http":
            await _send(_health(scope), send, scope["method"])
        elif self._console is not None and self._console.owns(scope):
            await self._console(scope, receive, send)
        elif scope["type"] == "http":
            answer = await self._http(scope, receive)
            more = (SANDBOX,) if self._console is not None and _is_shown(scope) else ()
            await _send(answer, send, scope["method"], more)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._startup is not None:
            await self._startup()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._shutdown is not None:
            await self._shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive) -> HttpAnswer:
        body = await _body(receive)
        if body is None:
            fault = Fault("RequestEntityTooLargeException", "the request body is too large", 413)
            return faults.render(fault, None, "")
        headers = [
            (name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]
        ]
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = raw_path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        message = Message.of(scope["method"], target, headers, body)
        client = scope.get("client") or ("127.0.0.1", 0)
        return await self._endpoint.answer(message, client[0], secure=scope["scheme"] == "https")


def _health(scope: Scope) -> HttpAnswer:
    """A page of ours; only for who asks for this machine by address or as localhost."""
    kind = (("content-type", "application/json"), ("cache-control", "no-store"))
    named = {name: text.decode("latin-1") for name, text in scope["headers"]}
    if not is_ours(named.get(b"host"), named.get(b"origin")):
        return HttpAnswer(403, kind, b'{"status":"forbidden"}')
    return HttpAnswer(200, kind, b'{"status":"ok"}')


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too large or its client has gone; see `protocol`."""
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        part = event.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT or event["type"] == "http.disconnect":
            return None
        parts.append(part)
        if not event.get("more_body"):
            return b"".join(parts)


def _is_shown(scope: Scope) -> bool:
    """True when a browser will show the answer as a page, at the console's own origin."""
    named = dict(scope["headers"])
    shown = named.get(b"sec-fetch-dest")
    if shown is not None:
        return shown not in {b"empty", b"image", b"script", b"style", b"font"}
    return b"text/html" in named.get(b"accept", b"")


async def _send(
    answer: HttpAnswer, send: Send, method: str, more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    body = b"" if method == "HEAD" else answer.body
    names = {name.lower() for name, _ in answer.headers}
    headers = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in answer.headers]
    headers += more
    if "content-length" not in names:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
