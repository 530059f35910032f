"""Kinds of rows: two rows are of one kind where group and all that matters to it are equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.batch import kinds as counting
from clearance.batch.kinds import Kinds

SIZES = (3, 2, 4)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, ...]:
    groups, calls, rows = (draw(st.integers(1, most)) for most in (4, 5, 20))

    def numbers(size: int, count: int) -> Any:
        return np.array(draw(st.lists(st.integers(0, size - 1), min_size=count, max_size=count)))

    matter = np.array([numbers(2, groups) for _ in SIZES], np.bool_)
    of_calls, of_rows = numbers(groups, calls), numbers(calls, rows)
    told = [
        (numbers(SIZES[0], rows), None),
        (numbers(SIZES[1], calls), of_rows),
        (numbers(SIZES[2], rows), None),
    ]
    return matter, groups, of_calls, of_rows, told


@pytest.mark.parametrize("table", [1 << 20, 0], ids=["by a table", "by search"])
@given(case=cases())
def test_rows_of_one_kind_are_alike_in_what_matters(table: int, case: tuple[Any, ...]) -> None:
    matter, groups, of_calls, of_rows, told = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "TABLE", table)
        made = Kinds(SIZES, matter, groups)
        keys = made.keys(of_calls, of_rows, told)
        present = made.present(keys)
        first = made.first(keys, present).tolist()
        values = np.arange(len(present), dtype=np.int32) * 7
        spread = made.spread(keys, present, values).tolist()
    wanted = []
    for row, call in enumerate(of_rows.tolist()):
        group = int(of_calls[call])
        codes = [int(codes[row if of is None else of[row]]) for codes, of in told]
        wanted.append((group, *(c if matter[n, group] else 0 for n, c in enumerate(codes))))
    kinds = list(zip(*made.taken_apart(present), strict=True))
    assert sorted(kinds) == sorted(set(wanted))
    assert [wanted[at] for at in first] == kinds
    assert first == [wanted.index(kind) for kind in kinds]
    assert [kinds[value // 7] for value in spread] == wanted
