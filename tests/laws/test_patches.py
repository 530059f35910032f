"""Laws of patches and redaction."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clearance.explain.patch import apply_patch, patch
from clearance.explain.redaction import Redaction

TEXTS = st.text(st.sampled_from("ab/~0-"), max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ACCOUNTS = st.from_regex(r"[0-9]{12}", fullmatch=True)
NAMES = st.from_regex(r"[A-Z][a-z]{3,9}", fullmatch=True)


@given(JSON.filter(lambda value: value is not None), JSON)
def test_a_patch_makes_the_second_document_of_the_first(before: Any, after: Any) -> None:
    assert apply_patch(before, patch(before, after)) == after


@given(JSON.filter(lambda value: value is not None))
def test_the_same_document_needs_no_patch(document: Any) -> None:
    assert patch(document, document) == []


@given(ACCOUNTS, NAMES)
def test_redaction_leaves_neither_account_nor_name(account: str, name: str) -> None:
    text = f"arn:aws:iam::{account}:role/{name} and {name} and arn:aws:s3:::{name}/x in {account}"
    hidden = Redaction().text(text)
    assert account not in hidden or account == "000000000001"
    assert name not in hidden


@given(ACCOUNTS, NAMES)
def test_redaction_is_the_same_for_the_same_thing(account: str, name: str) -> None:
    arn = f"arn:aws:iam::{account}:user/{name}"
    hidden = Redaction().value({"a": arn, "b": [arn]})
    assert hidden["a"] == hidden["b"][0]
    assert json.dumps(hidden).count(":user/") == 2
