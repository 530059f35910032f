"""Seals: secrets at rest and session tokens, under one key beside the database.

The key is 32 random bytes in the file ``key`` of the data folder, readable by its owner only.
Each text is sealed with AES-256-GCM under a fresh random nonce: it can be neither read nor changed
without the key, and a stored secret cannot be passed off as a session token or the reverse.

What this protects, and what not:

- The database, a backup or a copy of it alone hands out no secret access key and no value of a
  function's environment.
- Whoever can read the whole folder, the key included, can read everything: a server that starts
  without a person typing a passphrase must be able to do so too. Keep ``key`` out of backups that
  others see, or put the folder on an encrypted disk.
- Policies, tags, ARNs and the audit trail are not sealed.
- A new key ends all sessions and makes stored secrets unreadable.
- Random nonces are safe for about 2**32 sealings under one key.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clearance.model.errors import StoreError
from clearance.model.principal import Principal

__all__ = ["KEY_FILE", "SealedSession", "Sealer", "Unsealable"]

KEY_FILE: Final = "key"
_KEY_BYTES: Final = 32
_NONCE: Final = 12
_TAG: Final = 16
_SECRET: Final = b"clearance secret 1"
_SESSION: Final = b"clearance session 1"
_CONTENT: Final = b"clearance content 1 "


class Unsealable(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """The sealed text was made with another key, was changed, or is no sealed text."""


@dataclass(frozen=True, slots=True)
class SealedSession:
    """What a session token carries: temporary credentials and whom they make the caller."""

    principal: Principal
    access_key: str
    secret: str = field(repr=False)

    @property
    def expires(self) -> datetime | None:
        """When the credentials end."""
        return self.principal.session.expires if self.principal.session else None


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(SealedSession)


class Sealer:
    """Seals and opens texts under one key."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise StoreError(f"a key has {_KEY_BYTES} bytes, this one has {len(key)}")
        self._cipher = AESGCM(key)
        self.key_id = hashlib.sha256(b"clearance key id" + key).hexdigest()[:16]

    @classmethod
    def generate(cls) -> Sealer:
        """A sealer with a new key that is kept nowhere."""
        return cls(secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def from_folder(cls, folder: Path, *, create: bool = True) -> Sealer:
        """The sealer of a data folder; a missing key is created if that is allowed."""
        path = folder / KEY_FILE
        try:
            if create and not path.exists():
                _create(path)
            key = path.read_bytes()
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError as error:
            raise StoreError(
                f"the key `{path}` is missing; without it the secrets of this store cannot be "
                "read: put the file back from a backup"
            ) from error
        except OSError as error:
            raise StoreError(f"the key `{path}` cannot be read: {error.strerror}") from error
        if len(key) != _KEY_BYTES:
            raise StoreError(f"`{path}` is not a key of Clearance: it has {len(key)} bytes, not 32")
        if os.name == "posix" and mode & 0o077:
            raise StoreError(
                f"the key `{path}` can be read by others (mode {mode:o}); run `chmod 600 {path}`"
            )
        return cls(key)

    def seal(self, content: bytes) -> str:
        """A text that only a holder of the key can open."""
        return self._seal(content, _SECRET)

    def open(self, sealed: str) -> bytes:
        """The bytes sealed before."""
        return self._open(sealed, _SECRET)

    def seal_bytes(self, content: bytes, place: bytes) -> bytes:
        """Bytes that only a holder of the key can open, and only as those of this place."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, _CONTENT + place)

    def open_bytes(self, sealed: bytes, place: bytes) -> bytes:
        """The bytes sealed for a place before."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _CONTENT + place)
        except (InvalidTag, ValueError) as error:
            raise Unsealable("sealed with another key, or changed since") from error

    def seal_session(self, principal: Principal, access_key: str, secret: str) -> str:
        """A session token."""
        return self._seal(_encoder.encode(SealedSession(principal, access_key, secret)), _SESSION)

    def open_session(self, token: str) -> SealedSession:
        """What a session token carries. Whether it has expired is for the caller to judge."""
        try:
            return _decoder.decode(self._open(token, _SESSION))
        except msgspec.DecodeError as error:
            raise Unsealable("the session token was made by another version") from error

    def _seal(self, content: bytes, purpose: bytes) -> str:
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, content, purpose)
        return base64.urlsafe_b64encode(sealed).decode()

    def _open(self, sealed: str, purpose: bytes) -> bytes:
        try:
            raw = base64.b64decode(sealed.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError as error:
            raise Unsealable("not a sealed text") from error
        if len(raw) < _NONCE + _TAG:
            raise Unsealable("not a sealed text")
        try:
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], purpose)
        except InvalidTag as error:
            raise Unsealable("sealed with another key, or changed since") from error


def _create(path: Path) -> None:
    """A new key appears at once and whole; if another process was first, its key stays."""
    draft = path.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
