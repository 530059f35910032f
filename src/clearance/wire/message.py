"""One HTTP request and one HTTP answer, as plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

__all__ = ["HttpAnswer", "Message", "query_pairs"]


@lru_cache(maxsize=1024)
def query_pairs(query: str) -> tuple[tuple[str, str], ...]:
    """The decoded names and values of a raw query string, in order."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return tuple((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)


@dataclass(frozen=True, slots=True)
class Message:
    """A request exactly as it came off the wire.

    ``path`` and ``query`` are still percent-encoded; ``headers`` has lower-case names.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, tuple[str, ...]]
    body: bytes = b""

    @classmethod
    def of(
        cls, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b""
    ) -> "Message":
        """The message whose request line names ``target`` (path and query)."""
        path, _, query = target.partition("?")
        grouped: dict[str, tuple[str, ...]] = {}
        for name, value in headers:
            key = name.lower()
            grouped[key] = (*grouped[key], value) if key in grouped else (value,)
        return cls(method.upper(), path or "/", query, grouped, body)

    def header(self, name: str) -> str | None:
        """The value of a header (lower-case name); repeated headers are joined."""
        values = self.headers.get(name)
        if values is None:
            return None
        return values[0] if len(values) == 1 else ",".join(values)

    def parameter(self, name: str) -> str | None:
        """The first value of a query string parameter, decoded."""
        return next((value for key, value in query_pairs(self.query) if key == name), None)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A response, ready to be sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
