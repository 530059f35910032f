"""Accepted events on the disk."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearance.model.errors import StoreError
from clearance.server.lambda_.queue import Pending, Queue
from clearance.store.seal import Sealer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE = Pending("r-1", "arn:aws:lambda:us-east-1:123456789012:function:f", b"secret event", NOW)


def test_what_was_put_is_left_until_it_is_removed(tmp_path: Path) -> None:
    sealer, folder = Sealer.generate(), tmp_path / "events"
    queue = Queue(folder, sealer)
    older = replace(ONE, request_id="r-0", accepted=NOW - timedelta(minutes=1))
    for pending in (ONE, older, replace(ONE, attempts=2)):
        queue.put(pending)
    assert list(Queue(folder, sealer).left()) == [older, replace(ONE, attempts=2)]
    assert not any(b"secret" in path.read_bytes() for path in folder.iterdir())
    queue.remove(ONE)
    queue.remove(ONE)
    assert list(queue.left()) == [older]


def test_a_damaged_event_is_told_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue = Queue(tmp_path, Sealer.generate())
    queue.put(ONE)
    (tmp_path / "bad.event").write_text("not sealed", encoding="ascii")
    (tmp_path / "other.event").write_text(Sealer.generate().seal(b"x"), encoding="ascii")
    with caplog.at_level(logging.WARNING):
        assert list(queue.left()) == [ONE]
    assert len(caplog.records) == 2


def test_a_full_disk_is_an_error_of_the_store(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="ascii")
    with pytest.raises(StoreError, match="cannot be written"):
        Queue(blocked / "events", Sealer.generate()).put(ONE)
    assert list(Queue(None, Sealer.generate()).left()) == []
