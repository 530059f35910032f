"""Documents of ``vectors/parse``: accepted, or refused at the right place with the right words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.cases import files

from clearance.model.errors import PolicyError
from clearance.model.policy import PolicyType
from clearance.parse.document import parse_policy
from clearance.parse.render import render

CASES = [
    pytest.param(case, id=f"{stem}: {'+'.join(case['rules'])} {case['name']}")
    for stem, content in files("parse")
    for case in content["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_document(case: Mapping[str, Any]) -> None:
    text = case["text"] if "text" in case else json.dumps(case["policy"], indent=1)
    kind, strict = PolicyType[case["kind"]], case.get("strict", True)
    if "problem" not in case:
        policy = parse_policy(text, kind, strict=strict)
        assert parse_policy(render(policy), kind, strict=strict) == policy
        return
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, kind, strict=strict)
    error = caught.value
    assert case["problem"] in error.problem
    assert case.get("path") in {None, error.path}
    if "line" in case:
        assert error.span is not None
        assert error.span.line == case["line"]


def test_the_excerpt_shows_the_line_of_the_span() -> None:
    text = '{"Statement":\n {"Effect": "Permit",\r\n "Action":"*", "Resource":"*"}}'
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, PolicyType.IDENTITY)
    line, caret = caught.value.excerpt.split("\n")
    assert line == '    2 |  {"Effect": "Permit",'
    assert line[caret.index("^") : caret.rindex("^") + 1] == '"Permit"'


def test_line_ends_that_json_does_not_know_do_not_move_the_excerpt() -> None:
    text = '{"Id":"a\x85b\x0cc",\n"Statement":[]}'
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.replace("\x0c", "\\f"), PolicyType.RESOURCE)
    assert caught.value.excerpt.startswith('    2 | "Statement":[]}')
