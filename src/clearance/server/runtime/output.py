"""What a function prints, kept for the logs: bounded, in order, with the time of each line."""

from collections.abc import Callable
from datetime import datetime

from clearance.server.runtime.spec import LogEvent

__all__ = ["Output"]

TAIL = 4096  # "the last 4 KB of the execution log" (API_Invoke, lambda)
LIMIT = 8 * 1024 * 1024  # ours: a function that prints in a loop must not fill our memory


class Output:
    """Standard output and error, and Lambda's own lines between them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._chunks: list[tuple[datetime, bytes]] = []
        self._size = 0
        self._dropped = 0
        self._tail = b""

    def feed(self, data: bytes) -> None:
        """Some bytes from the pipe."""
        self._tail = (self._tail + data)[-TAIL:]
        if self._size >= LIMIT:
            self._dropped += len(data)
            return
        self._size += len(data)
        self._chunks.append((self._now(), data))

    def say(self, text: str) -> None:
        """A line of Lambda's, which starts a line of its own."""
        data = text.encode()
        if self._tail and not self._tail.endswith(b"\n"):
            data = b"\n" + data
        self._tail = (self._tail + data)[-TAIL:]
        self._chunks.append((self._now(), data))

    def take(self) -> tuple[tuple[LogEvent, ...], bytes]:
        """The lines and the tail since the last time."""
        events: list[LogEvent] = []
        rest, since = b"", None
        for when, data in self._chunks:
            *whole, last = (rest + data).split(b"\n")
            for index, line in enumerate(whole):
                stamp = since if index == 0 and since is not None else when
                events.append(LogEvent(stamp, line.decode(errors="replace")))
            if whole or since is None:
                since = when
            rest = last
            if not rest:
                since = None
        if rest:
            events.append(LogEvent(since or self._now(), rest.decode(errors="replace")))
        if self._dropped:
            note = f"{self._dropped} bytes of output were not kept"
            events.append(LogEvent(self._now(), note))
        tail = self._tail
        self._chunks, self._size, self._dropped, self._tail = [], 0, 0, b""
        return tuple(event for event in events if event.message), tail
