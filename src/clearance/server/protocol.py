"""uvicorn's HTTP protocol with an end to what it listens to: headers and bodies have a time."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BODY_SECONDS", "HEAD_LIMIT", "HEAD_SECONDS", "GuardedProtocol"]

HEAD_LIMIT: Final = 64 * 1024
HEAD_SECONDS: Final = 30
BODY_SECONDS: Final = 60
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections whose headers grow or take too long, or whose body does.

    A request that comes in one piece, as nearly all do, needs no timer for its body.
    """

    _head: int = 0
    _reading_head: bool = True
    _reading_body: bool = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's own type
        """A client: it has some seconds to say what it wants."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes: counted until the headers are complete."""
        if self._reading_head:
            self._head += len(data)
        super().data_received(data)
        if self._reading_head and self._head > HEAD_LIMIT and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        if self._reading_body and self._deadline is None:
            self._deadline = self.loop.call_later(BODY_SECONDS, self._give_up)

    def on_message_begin(self) -> None:
        """A request begins, perhaps the next one of a kept connection."""
        super().on_message_begin()
        if not self._reading_head:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """The headers are whole."""
        self._reading_head, self._reading_body, self._head = False, True, 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole."""
        self._reading_body = False
        self._stop_waiting()
        super().on_message_complete()

    def _expect_head(self) -> None:
        self._stop_waiting()
        self._reading_head, self._head = True, 0
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if (self._reading_head or self._reading_body) and not self.transport.is_closing():
            self.transport.close()
