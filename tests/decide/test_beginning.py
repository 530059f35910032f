"""What the start of a text says of all texts that begin so is true of each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearance.decide.compile.patterns import Tokens, beginning, one_of
from clearance.model.glob import ANY_CHARACTER, ANY_RUN

TOKENS: st.SearchStrategy[Tokens] = st.lists(
    st.one_of(st.sampled_from([ANY_RUN, ANY_CHARACTER]), st.text("ab/", min_size=1, max_size=3)),
    max_size=4,
).map(tuple)


@given(st.lists(TOKENS, max_size=3), st.text("ab/", max_size=4), st.text("ab/", max_size=4))
def test_patterns_fit_what_begins_so(patterns: list[Tokens], start: str, rest: str) -> None:
    said = beginning(patterns, start)
    if said is not None:
        assert one_of(patterns)(start + rest) is said


def test_common_patterns_are_settled() -> None:
    assert beginning([("photos/", ANY_RUN)], "photos/") is True
    assert beginning([("photos", ANY_RUN)], "photos/") is True
    assert beginning([("docs/", ANY_RUN), ("memos/a",)], "photos/") is False
    assert beginning([("photos/ana/", ANY_RUN)], "photos/") is None
    assert beginning([(ANY_RUN,)], "") is True
    assert beginning([], "photos/") is False
