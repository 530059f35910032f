"""Truth tables of ``vectors/conditions``: one Condition block against one context."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.cases import files

from clearance.match.conditions import holds
from clearance.match.truth import Truth, all_of
from clearance.model.policy import PolicyType
from clearance.model.request import Context
from clearance.parse.document import parse_policy

CASES = [
    pytest.param(case, id=f"{stem}: {'+'.join(case['rules'])} {case['name']}")
    for stem, content in files("conditions")
    for case in content["cases"]
]
EXPECTED = {True: Truth.TRUE, False: Truth.FALSE, "unknown": Truth.UNKNOWN, "error": Truth.ERROR}


@pytest.mark.parametrize("case", CASES)
def test_condition_holds(case: Mapping[str, Any]) -> None:
    version = case.get("version", "2012-10-17")
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": case["condition"],
    }
    text = json.dumps({"Version": version, "Statement": statement})
    policy = parse_policy(text, PolicyType.IDENTITY)
    context = Context.of(case["context"], unknown=case.get("unknown", ()), complete=True)
    outcomes = [
        holds(condition, context, variables=policy.has_variables)
        for condition in policy.statements[0].conditions
    ]
    assert all_of(outcome.truth for outcome in outcomes) is EXPECTED[case["holds"]], outcomes
    for outcome in outcomes:
        assert bool(outcome.unknown) is (outcome.truth is Truth.UNKNOWN)
        told = outcome.truth is Truth.ERROR and "Null" not in case["condition"]
        assert bool(outcome.error) is told
