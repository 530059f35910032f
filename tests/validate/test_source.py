"""Reading text that may be broken: it agrees with JSON where there is JSON, and never stumbles."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.facts.catalog import load_catalog
from clearance.model.policy import PolicyType
from clearance.validate import fixed, validate
from clearance.validate.source import Kind, Node, read

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "A",
                "Effect": "Allow",
                "Principal": {"AWS": ["123456789012"]},
                "Action": ["s3:Get*", "lambda:InvokeFunction"],
                "Resource": "arn:aws:s3:::b/${aws:username}/*",
                "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
            }
        ],
    },
    indent=1,
)
CATALOG = load_catalog()


def plain(node: Node) -> Any:
    if node.kind is Kind.OBJECT:
        return {m.key: plain(m.value) for m in node.members}
    if node.kind is Kind.ARRAY:
        return [plain(item) for item in node.items]
    return node.text if node.kind is Kind.STRING else json.loads(node.text)


@given(VALUES, st.sampled_from([None, 1]))
def test_what_json_reads_is_read_alike_and_without_fault(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    node, faults = read(text)
    assert not faults
    assert plain(node) == json.loads(text)
    assert (node.start, node.end) == (0, len(text))


@settings(deadline=None)  # the first misspelt key reads all services
@given(st.integers(0, len(POLICY)), st.integers(0, 12), st.text("{}[]\",:'\\ \n/*#x0", max_size=4))
def test_a_broken_policy_gives_findings_and_no_error(at: int, cut: int, put: str) -> None:
    text = POLICY[:at] + put + POLICY[at + cut :]
    broken = False
    try:
        json.loads(text)
    except ValueError:
        broken = True
    for kind in (PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.RCP):
        found = validate(text, kind, catalog=CATALOG)
        assert ("JSON_SYNTAX_ERROR" in {f.code for f in found}) or not broken
        for hit in found:
            assert 0 <= hit.place.start <= hit.place.end <= len(text) or not text
        fixed(text, found)


@given(st.text("{}[]\",:'\\ \n/*#tfn0-.\u201c", max_size=60))
def test_any_text_is_read_to_its_end(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('{"a": 1,}', '{"a": 1}'),
        ('{"a": [1, 2,]}', '{"a": [1, 2]}'),
        ('{"a": 1 "b": 2}', '{"a": 1, "b": 2}'),
        ("{'a': 'b'}", '{"a": "b"}'),
        ('{“a”: "b"}', '{"a": "b"}'),
        ("{a: True}", '{"a": true}'),
        ('{"a": 1} // why', '{"a": 1}'),
        ('# why\n{"a": 1}', '{"a": 1}'),
        ('{"a": {"b": [1', '{"a": {"b": [1]}}'),
        ('{"a" 1}', '{"a": 1}'),
        ('{"a": [1 2]}', '{"a": [1, 2]}'),
    ],
)
def test_faults_with_one_remedy_are_fixed(text: str, right: str) -> None:
    for _ in range(4):
        found = validate(text, PolicyType.IDENTITY, catalog=CATALOG)
        text, _used = fixed(text, (f for f in found if f.code == "JSON_SYNTAX_ERROR"))
    assert json.loads(text) == json.loads(right)


def test_several_faults_are_all_told() -> None:
    text = '{"Version": "2012-10-17",, "Statement": [{"Effect": "allow" "Action": "s3:Get",}]}'
    codes = [f.code for f in validate(text, PolicyType.IDENTITY, catalog=CATALOG)]
    assert codes.count("JSON_SYNTAX_ERROR") == 3
    assert {"INVALID_EFFECT", "INVALID_ACTION", "MISSING_RESOURCE"} <= set(codes)


def test_hostile_nesting_is_a_finding() -> None:
    text = '{"Statement": ' + "[" * 100_000
    assert "JSON_SYNTAX_ERROR" in {f.code for f in validate(text, PolicyType.SCP, catalog=CATALOG)}
