"""Cases of ``vectors/principals``: how an element names a caller."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.cases import files, principal

from clearance.match.statement import examine
from clearance.model.policy import PolicyType
from clearance.model.request import Request
from clearance.parse.document import parse_policy

CASES = [
    pytest.param(case, id=f"{stem}: {'+'.join(case['rules'])} {case['name']}")
    for stem, content in files("principals")
    for case in content["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_namings(case: Mapping[str, Any]) -> None:
    key = "NotPrincipal" if case.get("negated") else "Principal"
    statement = {"Effect": "Deny", key: case["principal"], "Action": "*", "Resource": "*"}
    policy = parse_policy(json.dumps({"Statement": statement}), PolicyType.RESOURCE)
    found = examine(
        policy,
        policy.statements[0],
        Request(principal(case["caller"]), "s3:GetObject", "arn:aws:s3:::b/k"),
        bounded=case.get("bounded", False),
        strict=case.get("strict_not_principal", False),
    )
    assert {naming.name for naming in found.namings} == set(case["namings"])
    assert found.applies is bool(case["namings"])
