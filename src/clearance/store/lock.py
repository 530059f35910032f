"""One writer at a time for a data folder.

The operating system holds the lock and lets go of it when the process ends, however it ends, so a
lock never outlives a crash. The file tells who holds it, for the message to the second process.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import IO, Final

from clearance.model.errors import StoreError

__all__ = ["LOCK_FILE", "FolderLock", "Held"]

LOCK_FILE: Final = "lock"


class Held(StoreError):  # noqa: N818 (a kind of StoreError, as its base says)
    """Another process writes to the folder."""


class FolderLock:
    """The right to write to a folder, held until `release`. An OSError means it has no lock."""

    __slots__ = ("_file",)

    def __init__(self, folder: Path, name: str = LOCK_FILE) -> None:
        path = folder / name
        self._file: IO[str] | None = path.open("a+", encoding="utf-8")
        try:
            _lock(self._file.fileno())
        except BlockingIOError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise Held(
                f"`{folder}` is in use by {holder}; stop it first, or choose another folder"
            ) from error
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let go; the file stays, since removing it would race with the next holder."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        # A byte far behind the text, since a locked byte cannot be read by others.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
