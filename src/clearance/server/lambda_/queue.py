"""Events that were accepted and wait for their function: one sealed file each.

An event is on the disk before the caller hears 202, and goes when its fate is settled, so a
restart finds what was left. A crash during an attempt repeats the attempt: "at least once", as
Lambda says of its own queue.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from clearance.model.errors import StoreError
from clearance.store.seal import Sealer

__all__ = ["Pending", "Queue"]

LOG: Final = logging.getLogger("clearance.server")
_SUFFIX: Final = ".event"
_PURPOSE: Final = b"lambda event\0"


@dataclass(frozen=True, slots=True)
class Pending:
    """One accepted event; ``function`` is the ARN as it was invoked, qualifier included."""

    request_id: str
    function: str
    event: bytes
    accepted: datetime
    attempts: int = 0


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Pending)


class Queue:
    """The files of one endpoint; without a folder it holds nothing beyond the process."""

    def __init__(self, folder: Path | None, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer

    def put(self, pending: Pending) -> None:
        """Keep an event, or what is new about it; it is on the disk when this returns.

        Raises:
            StoreError: the disk does not take it.
        """
        if self._folder is None:
            return
        path = self._path(pending)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        text = self._sealer.seal(_PURPOSE + _encoder.encode(pending))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(f"`{path}` cannot be written: {error.strerror}") from error

    def remove(self, pending: Pending) -> None:
        """Forget an event; its fate is settled."""
        if self._folder is not None:
            with suppress(OSError):
                self._path(pending).unlink(missing_ok=True)

    def left(self) -> Iterator[Pending]:
        """The events that an earlier process left, oldest first."""
        if self._folder is None or not self._folder.is_dir():
            return
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                content = self._sealer.open(path.read_text(encoding="ascii"))
                found.append(_decoder.decode(content.removeprefix(_PURPOSE)))
            except (OSError, StoreError, ValueError, msgspec.DecodeError) as error:
                LOG.warning("`%s` is no event that can be read: %s", path, error)
        yield from sorted(found, key=lambda pending: pending.accepted)

    def _path(self, pending: Pending) -> Path:
        assert self._folder is not None  # noqa: S101 (asked before)
        return self._folder / f"{pending.request_id}{_SUFFIX}"
