"""Ingesting: each file once, whole parts or none, broken files named; equal whoever reads."""

from __future__ import annotations

import gc
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from tests.batch.events import HOME, event, session, user, write

from clearance import wiring
from clearance.batch import ingest as ingesting
from clearance.batch.dataset import CALL, COLUMNS
from clearance.batch.ingest import Ingested, ingest
from clearance.batch.translate import Translator
from clearance.model.errors import UsageError
from clearance.store.lock import FolderLock, Held


def take(logs: Path, to: Path, workers: int = 1) -> Ingested:
    return ingest([logs], to, wiring.catalog, workers=workers)


def rows(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(folder).to_pylist()
    return sorted(found, key=lambda row: (row["time"], row["name"]))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(3):
        told = [
            event(
                session("app", f"s{number}", creationDate="2026-03-01T11:00:00Z"),
                "s3", "GetObject", {"bucketName": "b", "key": f"{number}"},
                eventTime=f"2026-03-01T12:00:0{n}Z",
            )
            for n in (2 * number + 1, 2 * number)
        ]  # fmt: skip
        packed = gzip.compress(json.dumps({"Records": told}).encode())
        (folder / f"{number}.json.gz").write_bytes(packed)
    return folder


def test_what_a_record_tells_is_in_its_row(logs: Path, tmp_path: Path) -> None:
    take(logs, tmp_path / "made")
    row = rows(tmp_path / "made")[0]
    assert list(row) == [*COLUMNS, CALL]
    assert (row["action"], row["resource"], row["session"]) == (
        "s3:GetObject",
        "arn:aws:s3:::b/0",
        "s0",
    )
    assert f"{row['time']:%FT%T} {row['issued']:%FT%T}" == "2026-03-01T12:00:00 2026-03-01T11:00:00"
    assert json.loads(row["caller"])["arn"] == f"arn:aws:sts::{HOME}:assumed-role/app/"
    assert row["more"] is row["gap"] is row["doubts"] is row["error"] is None


def test_rows_lie_in_order_of_time(logs: Path, tmp_path: Path) -> None:
    take(logs, tmp_path / "made")
    times = parquet.read_table(tmp_path / "made")["time"].to_pylist()
    assert len(times) == 6
    assert times == sorted(times)


def test_only_new_files_are_read_again(logs: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert take(logs, made).found.events == 6
    again = take(logs, made)
    assert (again.found.files, again.known, again.parts) == (0, 3, 0)
    write(logs / "new.json", event(user(), "s3", "ListBuckets"))
    more = take(logs, made)
    assert (more.found.files, more.found.events, more.known) == (1, 1, 3)
    assert len(rows(made)) == 7


def test_a_file_that_changed_is_not_counted_twice(logs: Path, tmp_path: Path) -> None:
    take(logs, tmp_path / "made")
    (logs / "0.json.gz").write_bytes(gzip.compress(b'{"Records": []}'))
    again = take(logs, tmp_path / "made")
    assert (again.found.events, again.known) == (0, 3)
    assert "0.json.gz` has changed since it was read" in again.found.problems[0]


def test_broken_files_are_named_and_not_tried_again(logs: Path, tmp_path: Path) -> None:
    (logs / "bad.json").write_text("{")
    first = take(logs, tmp_path / "made")
    assert (first.found.events, first.found.broken) == (6, 1)
    assert "bad.json" in first.found.problems[0]
    assert take(logs, tmp_path / "made").known == 4


def test_the_collector_is_as_it_was_before(logs: Path, tmp_path: Path) -> None:
    """It is off while a part is made (see test_translate), whatever becomes of it."""
    take(logs, tmp_path / "on")
    assert gc.isenabled()
    gc.disable()
    try:
        take(logs, tmp_path / "off")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_who_was_interrupted_goes_on(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part is whole or not there; the second run reads what the first did not finish."""
    made = tmp_path / "made"
    monkeypatch.setattr(ingesting, "_SMALL", 1)  # a part for each file
    monkeypatch.setattr(ingesting, "_LARGE", 1)
    table = Translator.table
    tables = 0

    def fails(self: Translator) -> Any:
        nonlocal tables
        tables += 1
        if tables == 2:
            raise KeyboardInterrupt
        return table(self)

    monkeypatch.setattr(Translator, "table", fails)
    with pytest.raises(KeyboardInterrupt):
        take(logs, made)
    assert len(rows(made)) == 2
    monkeypatch.undo()
    assert take(logs, made).known == 1
    assert len(rows(made)) == 6
    assert [path.name for path in made.iterdir() if path.suffix == ".tmp"] == []


def test_two_processes_make_what_one_does(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "_SMALL", 1)
    monkeypatch.setattr(ingesting, "_LARGE", 1)
    seen: list[tuple[int, int]] = []
    one, two = tmp_path / "one", tmp_path / "two"
    take(logs, one)
    found = ingest([logs], two, wiring.catalog, workers=2, told=lambda *news: seen.append(news))
    assert (found.parts, found.found.events) == (3, 6)
    assert rows(one) == rows(two)
    assert sum(files for _, files in seen) == 3


def test_one_at_a_time_and_no_other_parquet(logs: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    lock = FolderLock(made, ingesting.LOCK)
    with pytest.raises(Held, match="is in use"):
        take(logs, made)
    lock.release()
    (made / "other.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="not a part of a dataset"):
        take(logs, made)
