"""Cases of ``vectors/resources``: Resource and NotResource against one ARN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.cases import files

from clearance.match import resource
from clearance.match.truth import Truth
from clearance.model.policy import PolicyType
from clearance.model.request import Context
from clearance.parse.document import parse_policy

CASES = [
    pytest.param(case, id=f"{stem}: {'+'.join(case['rules'])} {case['name']}")
    for stem, content in files("resources")
    for case in content["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_resource(case: Mapping[str, Any]) -> None:
    key = "NotResource" if case.get("negated") else "Resource"
    statement = {"Effect": "Allow", "Action": "*", key: case["values"]}
    version = case.get("version", "2012-10-17")
    document = {"Statement": statement, **({"Version": version} if version else {})}
    policy = parse_policy(json.dumps(document), PolicyType.IDENTITY, strict=False)
    context = Context.of(case.get("context", {}), complete=True)
    truth, unknown = resource.covers(
        policy.statements[0], case["resource"], context, variables=policy.has_variables
    )
    assert truth is Truth.of(case["matches"])
    assert not unknown
