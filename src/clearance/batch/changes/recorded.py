"""The world as a record tells it, for the operations that it tells of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from clearance.batch.changes.events import Done
from clearance.explain.evidence import Json
from clearance.model.principal import Principal

__all__ = ["Recorded", "moment"]

_SHORTEST: Final = 16  # characters of an id
_DEEPEST: Final = 12


def moment(text: str) -> datetime:
    """A time of a record; the beginning of time where it tells none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Recorded:
    """The world as the record tells it: ids are those AWS gave, secrets are none."""

    def __init__(self, done: Done) -> None:
        self._texts = tuple(_texts(done.answer))
        self._seed = done.id

    def unique_id(self, prefix: str) -> str:
        """The id in the answer, else one made of the event's."""
        known = (
            t for t in self._texts if t.startswith(prefix) and t.isalnum() and len(t) >= _SHORTEST
        )
        return next(known, prefix + self._made(17))

    def access_key_id(self, prefix: str) -> str:
        """The key's id in the answer."""
        return self.unique_id(prefix)

    def secret_key(self) -> str:
        """No record holds it."""
        return ""

    def uuid(self) -> str:
        """The event's own id."""
        return self._seed

    def token(self, length: int, alphabet: str) -> str:
        """The end of an id in the answer, of that length and alphabet, else one of the event's."""
        for text in self._texts:
            tail = text.rpartition("-")[2]
            if len(tail) == length and set(tail) <= set(alphabet):
                return tail
        digest = hashlib.sha256(self._seed.encode()).digest() * (length // 32 + 1)
        return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])

    def seal(self, principal: Principal, access_key: str, secret: str) -> str:
        """Nothing is sealed."""
        del principal, access_key, secret
        return ""

    def put_blob(self, content: bytes) -> str:
        """The name that the bytes would have."""
        return hashlib.sha256(content).hexdigest()

    def get_blob(self, name: str) -> bytes:
        """No record holds any."""
        del name
        return b""

    def _made(self, length: int) -> str:
        digest = hashlib.sha256(self._seed.encode()).digest()
        return "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32] for byte in digest[:length])


def _texts(value: Json, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < _DEEPEST:
        for each in value.values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in value:
            yield from _texts(each, depth + 1)
