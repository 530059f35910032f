"""Checkpoints: the estate as it was after a row of the journal, so that starting is fast.

They are a convenience: one that is damaged, or not of the journal beside it, is passed over.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import Final

from clearance.model.estate import Estate
from clearance.store import journal
from clearance.store.codec import Codec
from clearance.store.journal import Head

__all__ = ["last", "save"]

log: Final = logging.getLogger("clearance.store")


def last(database: sqlite3.Connection, seq: int, codec: Codec) -> tuple[Estate, Head, int]:
    """The last sound checkpoint up to a row: the estate, that row, and the size."""
    query = (
        "SELECT c.seq, c.hash, c.state, c.sum FROM checkpoints c JOIN journal j "
        "ON j.seq = c.seq AND j.hash = c.hash WHERE c.seq <= ? ORDER BY c.seq DESC"
    )
    with closing(database.execute(query, (seq,))) as found:
        for at, chain, state, total in found:
            if not isinstance(state, bytes) or _sum(chain, state) != total:
                log.warning("checkpoint %d is damaged; it is passed over", at)
                continue
            return codec.decode(state, Estate), Head(at, chain), len(state)
    return Estate(), journal.START, 0


def save(database: sqlite3.Connection, head: Head, state: bytes) -> None:
    """Keep the estate after a row, inside the caller's transaction."""
    database.execute(
        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
        (head.seq, head.hash, state, _sum(head.hash, state)),
    )


def _sum(chain: bytes, state: bytes) -> bytes:
    return sha256(chain + state).digest()
