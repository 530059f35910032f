"""Small classes that stand in for the world, and behave the same every time."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

from clearance.model.principal import Principal
from clearance.operations.call import Ports
from clearance.store.blobs import MemoryBlobs
from clearance.store.seal import SealedSession, Sealer

__all__ = ["NOW", "FakePorts"]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class FakePorts:
    """Ports whose every answer follows from how often they were asked before."""

    def __init__(self, seed: int = 0) -> None:
        self._count = seed
        self._blobs = MemoryBlobs()
        self.sealer = Sealer(hashlib.sha256(b"fake key").digest())

    def unique_id(self, prefix: str) -> str:
        return prefix + self.token(17, _ALPHABET)

    def access_key_id(self, prefix: str) -> str:
        return prefix + self.token(16, _ALPHABET)

    def secret_key(self) -> str:
        return self.token(40, _ALPHABET + _ALPHABET.lower() + "/+")

    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self._next()[:16], version=4))

    def token(self, length: int, alphabet: str) -> str:
        block = self._next()
        numbers = (block * (length // len(block) + 1))[:length]
        return "".join(alphabet[n % len(alphabet)] for n in numbers)

    def seal(self, principal: Principal, access_key: str, secret: str) -> str:
        return self.sealer.seal_session(principal, access_key, secret)

    def open(self, token: str) -> SealedSession:
        return self.sealer.open_session(token)

    def put_blob(self, content: bytes) -> str:
        return self._blobs.put(content)

    def get_blob(self, name: str) -> bytes:
        return self._blobs.get(name)

    def _next(self) -> bytes:
        self._count += 1
        return hashlib.sha512(self._count.to_bytes(8, "big")).digest()


def _is_a_port(ports: FakePorts) -> Ports:
    return ports
