"""Calls beside the rows: the same in every file, and as good as the rows they were made of."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from tests.batch.events import event, read, session, table_of, user, write

from clearance.batch.calls import ASKED, START, Calls, ids_of, start_of
from clearance.batch.source import Logs
from clearance.batch.units import CALLS, Columns, InMemory, Reader, Unit, texts_at
from clearance.batch.written import Writer

EVENTS = [
    event(user(), "s3", "GetObject", {"bucketName": "photos", "key": f"{n % 3}/cat.jpg"})
    for n in range(8)
] + [
    event(session("app", f"s{n}"), "sns", "Publish", {"topicArn": "arn:aws:sns:us-east-1:1:t"})
    for n in range(4)
]  # fmt: skip


def written(folder: Path, size: int = 5) -> Path:
    records, _ = read(write(folder / "logs.json", *EVENTS))
    with Writer(folder / "part.parquet") as file:
        file.write(table_of(records), size)
    return folder / "part.parquet"


def told(columns: Columns) -> list[tuple[str | None, ...]]:
    """What was asked by whom, row by row, by way of the calls."""
    calls = columns.calls()
    every = np.arange(len(calls))
    texts = list(zip(*(calls.column(name, every).told() for name in ASKED), strict=True))
    assert len(set(texts)) == len(texts)
    return [texts[number] for number in calls.numbers.tolist()]


def rows(columns: Columns) -> list[tuple[str | None, ...]]:
    every = np.arange(columns.rows)
    return list(zip(*(texts_at(columns, name, every) for name in ASKED), strict=True))


def ids(calls: Calls) -> list[tuple[int, int]]:
    first, second = calls.ids()
    return list(zip(first.tolist(), second.tolist(), strict=True))


def test_stored_calls_say_what_the_rows_do(tmp_path: Path) -> None:
    path = written(tmp_path)
    reader = Reader(("call", "time"))
    known: dict[tuple[str | None, ...], tuple[int, int]] = {}
    for group, size in enumerate((5, 5, 2)):
        columns = reader.read(Unit(str(path), group))
        found = told(columns)
        assert found == rows(columns)
        assert columns.rows == size
        numbers = ids(columns.calls())
        for text, number in zip(found, columns.calls().numbers.tolist(), strict=True):
            # Equal calls have one id, in whichever row group they are.
            assert known.setdefault(text, numbers[number]) == numbers[number]
    assert len(set(known.values())) == len(known) == 4


def test_calls_made_of_rows_equal_those_that_are_stored(tmp_path: Path) -> None:
    columns = Reader(("call",)).read(Unit(str(written(tmp_path, 99)), 0))
    records, _ = read(tmp_path / "logs.json")
    made = InMemory(table_of(records))
    assert sorted(map(str, told(made))) == sorted(map(str, told(columns)))
    assert sorted(ids(made.calls())) == sorted(ids(columns.calls()))
    starts = {
        frozenset(each.column(START, np.arange(len(each))).told())
        for each in (made.calls(), columns.calls())
    }
    assert starts == {frozenset({"arn:aws:s3:::photos/", "arn:aws:sns:us-east-1:1:t"})}


@pytest.mark.parametrize("lost", ["missing", "of other rows", "broken"])
def test_files_without_their_own_calls_are_read_as_they_are(tmp_path: Path, lost: str) -> None:
    path = written(tmp_path)
    beside = tmp_path / CALLS / "part.parquet"
    if lost == "missing":
        beside.unlink()
    elif lost == "broken":
        beside.write_bytes(b"PAR1 no more")
    else:
        other = tmp_path / "other"
        other.mkdir()
        records, _ = read(write(other / "logs.json", *EVENTS[:5]))
        with Writer(other / "part.parquet") as file:
            file.write(table_of(records))
        shutil.copy(other / CALLS / "part.parquet", beside)
    columns = Reader(("call", "time")).read(Unit(str(path), 0))
    assert told(columns) == rows(columns)


def test_calls_are_no_logs_and_parquet_of_others_is(tmp_path: Path) -> None:
    """Whatever a Parquet file holds, that it is no part of a dataset is found out."""
    path = written(tmp_path)
    for place in (tmp_path, f"{tmp_path}/**/*.parquet", path):
        found = Logs.at([place])
        assert {unit.path for unit in found.units} == {str(path)}
    lake = tmp_path / "lake.parquet"
    told = {"eventName": ["GetObject"], "resources": [[{"ARN": "x"}]], "source": ["a"]}
    parquet.write_table(pa.table(told), lake)
    for other in (lake, tmp_path / CALLS / "part.parquet"):
        found = Logs.at([other])
        assert (found.units, [place.local for place in found.files]) == ((), [other])


TEXTS = st.one_of(st.none(), st.text(max_size=3))


@given(st.tuples(*[TEXTS] * 3), st.tuples(*[TEXTS] * 3))
def test_only_equal_calls_have_equal_ids(
    one: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    both = ids_of(zip(one, other, strict=True))
    assert (both[:16] == both[16:]) is (one == other)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("arn:aws:s3:::photos/2026/cat.jpg", "arn:aws:s3:::photos/"),
        ("arn:aws:s3:::photos", "arn:aws:s3:::photos"),
        ("arn:aws:s3:::photos/a:b", "arn:aws:s3:::photos/a:b"),
        ("*", "*"),
        ("", ""),
    ],
)
def test_a_start_ends_with_the_first_slash(name: str, start: str) -> None:
    assert start_of(name) == start
