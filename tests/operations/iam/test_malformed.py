"""Documents that IAM refuses to save, and the sentence it says (R1-R26)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.operations.iam.world import EC2_TRUST, World

VECTORS = Path(__file__).parents[2] / "vectors" / "iam"


def cases(name: str) -> list[Any]:
    loaded = json.loads((VECTORS / f"{name}.json").read_text())["cases"]
    return [pytest.param(case, id=case["name"]) for case in loaded]


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana")
    world("CreateRole", RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
    return world


@pytest.mark.parametrize("case", cases("malformed-identity"))
@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("CreatePolicy", {"PolicyName": "p"}),
        ("PutUserPolicy", {"UserName": "ana", "PolicyName": "p"}),
        ("PutRolePolicy", {"RoleName": "app", "PolicyName": "p"}),
    ],
)
def test_identity_policies(
    world: World, operation: str, given: dict[str, str], case: dict[str, str]
) -> None:
    given = {**given, "PolicyDocument": case["document"]}
    if case["message"] is None:
        world(operation, **given)
    else:
        refusal = ("MalformedPolicyDocument", case["message"], 400)
        assert world.refused(operation, **given) == refusal


@pytest.mark.parametrize("case", cases("malformed-trust"))
def test_trust_policies(world: World, case: dict[str, str]) -> None:
    update = {"RoleName": "app", "PolicyDocument": case["document"]}
    create = {"RoleName": "new", "AssumeRolePolicyDocument": case["document"]}
    if case["message"] is None:
        world("UpdateAssumeRolePolicy", **update)
        world("CreateRole", **create)
    else:
        refusal = ("MalformedPolicyDocument", case["message"], 400)
        assert world.refused("UpdateAssumeRolePolicy", **update) == refusal
        assert world.refused("CreateRole", **create) == refusal
