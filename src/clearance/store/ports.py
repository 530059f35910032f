"""The world as operations see it: the system's randomness, the store's blobs, the session seal."""

from __future__ import annotations

import base64
import os
import secrets
import uuid
from typing import Final

from clearance.model.principal import Principal
from clearance.store.port import Store
from clearance.store.seal import Sealer

__all__ = ["SystemPorts"]

_BATCH: Final = 128  # UUIDs that are made together
_UNIQUE: Final = 17
_ACCESS_KEY: Final = 16
_SECRET_BYTES: Final = 30  # 40 characters of base64, AWS's alphabet for secrets


class SystemPorts:
    """`clearance.operations.call.Ports`, for real."""

    __slots__ = ("_sealer", "_store", "_uuids")

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer
        self._uuids: list[str] = []

    def unique_id(self, prefix: str) -> str:
        """A new unique ID such as ``AIDA…``: the prefix and 17 characters of A-Z2-7."""
        return prefix + _base32(_UNIQUE)

    def access_key_id(self, prefix: str) -> str:
        """A new access key ID: ``AKIA`` or ``ASIA`` and 16 characters."""
        return prefix + _base32(_ACCESS_KEY)

    def secret_key(self) -> str:
        """A new secret access key of 40 characters."""
        return base64.b64encode(os.urandom(_SECRET_BYTES)).decode()

    def uuid(self) -> str:
        """A new random UUID."""
        try:
            return self._uuids.pop()
        except IndexError:  # asking the system once for many costs little more than for one
            many = os.urandom(16 * _BATCH)
            drawn = (many[at : at + 16] for at in range(0, len(many), 16))
            self._uuids = [str(uuid.UUID(bytes=random, version=4)) for random in drawn]
            return self.uuid()

    def token(self, length: int, alphabet: str) -> str:
        """Random characters of an alphabet."""
        return "".join(secrets.choice(alphabet) for _ in range(length))

    def seal(self, principal: Principal, access_key: str, secret: str) -> str:
        """A session token that carries the principal; only this server can open it."""
        return self._sealer.seal_session(principal, access_key, secret)

    def put_blob(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""
        return self._store.put_blob(content)

    def get_blob(self, name: str) -> bytes:
        """Bytes kept before."""
        return self._store.get_blob(name)


def _base32(length: int) -> str:
    # Five random bits a character; b32encode's alphabet is exactly A-Z2-7.
    return base64.b32encode(os.urandom(length * 5 // 8 + 1))[:length].decode()
