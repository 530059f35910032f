"""Laws of reading policies, as sentences."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.strategies import documents

from clearance.model.errors import PolicyError
from clearance.model.policy import PolicyType
from clearance.parse.document import parse_policy
from clearance.parse.grammar import STATEMENT_KEYS
from clearance.parse.reading import spans
from clearance.parse.render import render

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = st.sampled_from(PolicyType)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(("Allow", "Deny", "*", "s3:*", "arn:aws:s3:::b/${", "2012-10-17", "${a,'b'}")),
)
NAMES = st.sampled_from(
    (*STATEMENT_KEYS, "Version", "Id", "Statement", "AWS", "StringLike", "Null", "Bool", "aws:x")
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(NAMES, st.text(max_size=4)), inner, max_size=5),
    ),
    max_leaves=25,
)


def read(text: str, kind: PolicyType, *, strict: bool) -> None:
    """Parse, and hold an error to pointing into the text."""
    error = refusal(text, kind, strict=strict)
    if error is None:
        return
    assert error.problem
    if error.span is not None:
        lines = text.split("\n")
        assert 1 <= error.span.line <= error.span.end_line <= len(lines)
        assert 1 <= error.span.column <= len(lines[error.span.line - 1]) + 1


def refusal(text: str, kind: PolicyType, *, strict: bool) -> PolicyError | None:
    """Why the text is no policy; anything else that is raised is a fault."""
    try:
        parse_policy(text, kind, strict=strict)
    except PolicyError as error:
        return error
    return None


@quick
@given(documents(), st.sampled_from((PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SCP)))
def test_what_is_rendered_reads_the_same(document: dict[str, Any], kind: PolicyType) -> None:
    policy = parse_policy(json.dumps(document), kind, strict=False)
    assert parse_policy(render(policy), kind, strict=False) == policy
    assert parse_policy(render(policy, indent=None), kind, strict=False) == policy


@quick
@given(documents(principals=True))
def test_what_is_rendered_reads_the_same_with_principals(document: dict[str, Any]) -> None:
    policy = parse_policy(json.dumps(document), PolicyType.RESOURCE, strict=False)
    assert parse_policy(render(policy), PolicyType.RESOURCE, strict=False) == policy


@quick
@given(documents())
def test_a_list_of_one_is_its_element(document: dict[str, Any]) -> None:
    def listed(value: Any) -> Any:
        if isinstance(value, dict):
            keep = ("Version", "Effect", "Statement", "Condition")
            return {
                key: listed(inner) if key in keep or isinstance(inner, dict | list) else [inner]
                for key, inner in value.items()
            }
        return [listed(inner) for inner in value] if isinstance(value, list) else value

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return bare(value[0]) if len(value) == 1 else [bare(inner) for inner in value]
        return value

    one = parse_policy(json.dumps(document), PolicyType.IDENTITY, strict=False)
    for other in (listed(document), bare(document)):
        assert parse_policy(json.dumps(other), PolicyType.IDENTITY, strict=False) == one


@quick
@given(st.text(), KINDS, st.booleans())
def test_any_text_is_read_or_refused(text: str, kind: PolicyType, strict: bool) -> None:  # noqa: FBT001
    read(text, kind, strict=strict)


@quick
@given(VALUES, KINDS, st.booleans(), st.sampled_from((None, 1)))
def test_any_json_is_read_or_refused(
    value: Any,
    kind: PolicyType,
    strict: bool,  # noqa: FBT001
    indent: int | None,
) -> None:
    read(json.dumps(value, indent=indent), kind, strict=strict)
    read(json.dumps({"Statement": value}, indent=indent), kind, strict=strict)
    read(json.dumps({"Statement": [value, value]}, indent=indent), kind, strict=strict)


@settings(parent=quick, max_examples=150)
@given(documents(principals=True), st.data(), st.booleans())
def test_a_broken_policy_is_read_or_refused(
    document: dict[str, Any],
    data: st.DataObject,
    strict: bool,  # noqa: FBT001
) -> None:
    text = json.dumps(document, indent=1)
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 12)))
    broken = text[:at] + data.draw(st.text('{}[]",:\\*$ \n0tna', max_size=4)) + text[end:]
    read(broken, PolicyType.RESOURCE, strict=strict)


@quick
@given(documents(principals=True))
def test_every_value_has_its_place(document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=1)
    lines = text.split("\n")
    for path, span in spans(text).items():
        if "" in path:
            continue
        value: Any = document
        for step in path:
            value = value[step]
        if span.line == span.end_line:
            shown = lines[span.line - 1][span.column - 1 : span.end_column]
            assert json.loads(shown) == value


def test_deep_nesting_is_refused() -> None:
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"Statement":' + "[" * 500 + "]" * 500 + "}"):
        assert refusal(text, PolicyType.IDENTITY, strict=True)


def test_huge_values_are_read_in_linear_time() -> None:
    action = ["s3:" + "*a" * 1_000] * 50
    statement = {"Effect": "Allow", "Action": action, "Resource": "arn:" + ":" * 50_000}
    read(json.dumps({"Statement": statement}), PolicyType.IDENTITY, strict=True)
    read('{"Statement":"' + "\\u0041" * 50_000, PolicyType.IDENTITY, strict=True)
