"""Rows as numbers of what repeats give back what they stand for."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.batch.arrays import (
    NO_TIME,
    Met,
    columns_of,
    milliseconds,
    moments,
    repeated,
    times_of,
)


@given(st.lists(st.sampled_from(["a", "A", "b", None, 1, True, 1.0, ""]), max_size=12))
def test_equal_things_have_equal_numbers_and_others_their_own_texts(given: list[object]) -> None:
    met = Met(str)
    numbers = [met[each] for each in given]
    assert [met.texts[number] for number in numbers] == [str(each) for each in given]
    texts = [each for each in given if isinstance(each, str)]
    assert len({met[each] for each in texts}) == len(set(texts))


def test_columns_repeat_what_bundles_hold() -> None:
    found = columns_of(("x", "y"), [("a", None), ("b", "c")], array("i", [1, 0, 1]))
    assert {name: column.to_pylist() for name, column in found.items()} == {
        "x": ["b", "a", "b"],
        "y": ["c", None, "c"],
    }
    assert found["y"].null_count == 1  # in the rows, not as one of the values
    assert len(found["y"].dictionary) == 1
    assert columns_of(("x",), [], array("i"))["x"].to_pylist() == []
    assert repeated(["a", "a"], array("i", [0, 1])).indices.to_pylist() == [0, 0]


@pytest.mark.parametrize(
    "texts",
    [
        ["2026-03-01T12:00:00Z", "1969-12-31T23:59:59Z"],
        ["2026-03-01T12:00:00Z", None, 3, "soon"],
        ["2026-03-01T12:00:00", "2026-03-01T12:00:00.0006Z", "2026-03-01T13:00:00+01:00"],
        [],
    ],
)
def test_times_at_once_are_those_read_one_by_one(texts: list[object]) -> None:
    assert list(times_of(texts)) == [milliseconds(text) for text in texts]


def test_what_is_no_time_is_null() -> None:
    assert moments([0, NO_TIME]).to_pylist() == [datetime(1970, 1, 1, tzinfo=UTC), None]
