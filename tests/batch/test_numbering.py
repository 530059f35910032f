"""Numbers for what is equal: exact whatever the sizes, the same when things come again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.batch import numbering
from clearance.batch.numbering import Ids, Keys, Pairs, combined, first_of

HUGE = 1 << 40


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)), max_size=20))
def test_equal_rows_and_no_others_have_equal_numbers(rows: list[tuple[int, int, int]]) -> None:
    """The sizes are given far too large, so that their product would not fit."""
    columns = [np.array([row[n] for row in rows], np.int64) for n in range(3)]
    numbers, count = combined([(column, HUGE) for column in columns], len(rows))
    assert len(set(zip(rows, numbers.tolist(), strict=True))) == len(set(rows)) == count
    assert [rows[at] for at in first_of(numbers, count)] == list(dict.fromkeys(rows))


def test_what_does_not_fit_is_an_error_not_a_wrong_number() -> None:
    column = np.array([0, 1], np.int64)
    with pytest.raises(OverflowError, match="do not fit"):
        combined([(column, 1 << 61), (column, 1 << 62)], 2)
    with pytest.raises(OverflowError, match="split the logs"):
        Pairs().at(np.array([1 << 31]), np.array([0]))


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), max_size=6))
def test_pairs_keep_their_numbers(batches: list[list[tuple[int, int]]]) -> None:
    made, known = Pairs(), dict[tuple[int, int], int]()
    for batch in batches:
        left, right = (np.array([pair[n] for pair in batch], np.int64) for n in (0, 1))
        numbers, fresh = made.at(left, right)
        assert [batch[at] for at in fresh] == list(
            dict.fromkeys(p for p in batch if p not in known)
        )
        for pair, number in zip(batch, numbers.tolist(), strict=True):
            assert known.setdefault(pair, number) == number
        assert len(made) == len(known)
        assert sorted(known.values()) == list(range(len(known)))


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12), max_size=6))
def test_ids_keep_their_numbers_though_first_halves_be_equal(
    batches: list[list[tuple[int, int]]],
) -> None:
    made, known = Ids(), dict[tuple[int, int], int]()
    for batch in batches:
        first, second = (np.array([pair[n] for pair in batch], np.uint64) for n in (0, 1))
        numbers, fresh = made.of(first, second)
        for pair, number in zip(batch, numbers.tolist(), strict=True):
            assert known.setdefault(pair, number) == number
        assert len(made) == len(known)
        assert sorted(known.values()) == list(range(len(known)))
        # New ones are told in the order of their numbers.
        told = [known[batch[at]] for at in fresh]
        assert told == list(range(len(known) - len(told), len(known)))


@pytest.mark.parametrize("step", [1, 1 << 54, 3])
def test_many_keys_keep_their_numbers(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that follow one another, and keys of which only the upper bits differ."""
    monkeypatch.setattr(numbering, "SMALLEST", 4)
    made = Keys()
    every = np.arange(5_000, dtype=np.uint64) * np.uint64(step)
    every = np.unique(every)
    for end in (1, 7, 600, 2_000, len(every)):
        numbers, fresh = made.of(every[:end][::-1])
        assert len(made) == min(end, len(every))
        assert sorted(numbers.tolist()) == list(range(len(made)))
        assert numbers[fresh].tolist() == list(range(len(made) - len(fresh), len(made)))
    again, fresh = made.of(every)
    assert len(fresh) == 0
    assert again[:1].tolist() == [0]
    assert len(set(again.tolist())) == len(every)
