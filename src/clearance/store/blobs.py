"""Blobs (function packages, large outputs) as files named by their SHA-256.

Files rather than rows: a package may have 50 MB and more, which would swell the write-ahead log,
hold up the one writer and be copied into memory to be read. A file is written beside its place,
synced, and renamed, so a name either holds the whole content or does not exist. Blobs are written
before the change that names them; a crash in between leaves a file nobody names, which is harmless.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from clearance.model.errors import StoreError

__all__ = ["Blobs", "MemoryBlobs", "sync_folder"]

_NAME: Final = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """A folder of blobs."""

    __slots__ = ("_folder",)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""
        name = sha256(content).hexdigest()
        path = self.path(name)
        if path.exists() and path.stat().st_size == len(content):
            return name
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
                sync_folder(self._folder)
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(f"`{path}` cannot be written: {error.strerror}") from error
        return name

    def get(self, name: str) -> bytes:
        """Bytes kept before."""
        path = self.path(name)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise StoreError(f"no blob `{name}`") from error
        except OSError as error:
            raise StoreError(f"`{path}` cannot be read: {error.strerror}") from error
        if sha256(content).hexdigest() != name:
            raise StoreError(f"`{path}` is damaged: its content is not what its name says")
        return content

    def path(self, name: str) -> Path:
        """Where a blob lies; the name is checked, so it leads nowhere else."""
        if not _NAME.fullmatch(name):
            raise StoreError(f"not the name of a blob: `{name}`")
        return self._folder / name[:2] / name


class MemoryBlobs:
    """Blobs that end with the process."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""
        name = sha256(content).hexdigest()
        self._held[name] = bytes(content)
        return name

    def get(self, name: str) -> bytes:
        """Bytes kept before."""
        if name not in self._held:
            raise StoreError(f"no blob `{name}`")
        return self._held[name]


def sync_folder(folder: Path) -> None:
    """A rename is durable once the folder that holds the name is."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
