from __future__ import annotations

import re
from itertools import product

import pytest

from clearance.model.glob import Glob
from clearance.prove.effort import TooHardError
from clearance.prove.globs import contains, intersects, reduce, vectors, witness
from clearance.prove.patterns import (
    arn_pattern,
    caseless,
    encode,
    loosen,
    of_resource,
    substitute,
)

PATTERNS = ("*", "a", "a*", "*a", "a*b", "?", "a?", "??", "?*", "a*b*", "*ab*", "ab", "", "a?b")
WORDS = ["".join(letters) for n in range(5) for letters in product("abc", repeat=n)]


def words(pattern: str) -> set[str]:
    text = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return {word for word in WORDS if re.fullmatch(text, word)}


@pytest.mark.parametrize("outer", PATTERNS)
@pytest.mark.parametrize("inner", PATTERNS)
def test_relations_agree_with_all_short_words(outer: str, inner: str) -> None:
    assert contains(outer, inner) is (words(inner) <= words(outer))
    assert intersects(outer, inner) is bool(words(inner) & words(outer))
    left = witness((inner,), (outer,))
    assert (left is None) is (words(inner) <= words(outer))


def test_a_witness_avoids_every_unwanted_pattern() -> None:
    assert witness(("a*",), ("a", "a?", "*b", "a*c")) not in {None, "a"}
    assert witness(("a*",), ("a", "a?*")) is None


def test_reduce_keeps_only_the_widest() -> None:
    assert reduce(["a*", "ab", "abc*", "b"]) == ("a*", "b")


def test_a_variable_is_one_unknown_string() -> None:
    mine = of_resource("arn:aws:s3:::b/${aws:username}/*", variables=True)
    deeper = of_resource("arn:aws:s3:::b/${aws:username}/x/*", variables=True)
    other = of_resource("arn:aws:s3:::b/${aws:userid}/*", variables=True)
    assert contains(mine, deeper)
    assert not contains(deeper, mine)
    assert not contains(mine, other)
    assert contains("arn:aws:s3:::b/*", mine)
    assert not contains("arn:aws:s3:::b/?*/*", mine)  # the value may be empty
    assert intersects(mine, "arn:aws:s3:::b/bob/x")
    assert loosen(mine) == "arn:aws:s3:::b/*/*"
    assert substitute(mine, {"aws:username": "a*"}) == f"arn:aws:s3:::b/a{encode('*')}/*"
    assert substitute(mine, {}) is None


def test_letter_case_counts_only_where_it_should() -> None:
    assert contains(caseless("Ab"), "aB")
    assert not contains("ab", caseless("ab"))
    assert not intersects(caseless("ab"), "abc")


def test_an_arn_pattern_never_runs_over_its_first_five_colons() -> None:
    """R118."""
    pattern = arn_pattern(Glob.of("arn:aws:sns:*:111122223333:*").tokens)
    assert pattern is not None
    assert contains("arn:aws:sns:*", pattern)
    assert contains(pattern, "arn:aws:sns:us-east-1:111122223333:*")
    assert not contains(pattern, "arn:aws:sns:*:111122223333:t")
    assert witness((pattern,), ("arn:aws:sns:*:1111*",)) is None
    assert arn_pattern(Glob.of("arn:aws:sns").tokens) is None


def test_vectors_tell_every_class_of_strings_apart() -> None:
    found = vectors(("a*", "*b"))
    classes = {(text.startswith("a"), text.endswith("b")) for text in found}
    assert classes == {(True, True), (True, False), (False, True), (False, False)}


def test_too_many_overlaps_are_given_up_in_time() -> None:
    pile = tuple(f"*{a}*{b}*{c}*" for a in "abc" for b in "def" for c in "ghi")
    with pytest.raises(TooHardError):
        vectors(pile)
