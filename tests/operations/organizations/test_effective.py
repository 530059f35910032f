"""Management policies down the tree (Organizations User Guide, inheritance_mgmt)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.operations.organizations.test_organizations import account, root, unit
from tests.operations.stage import NOW, A, Stage

from clearance.operations.organizations import OPERATIONS
from clearance.operations.organizations.inheritance import effective

ROOT = {
    "tags": {
        "costcenter": {
            "tag_key": {"@@assign": "CostCenter"},
            "tag_value": {"@@assign": ["Development", "Support"]},
        },
        "color": {
            "tag_key": {"@@assign": "Color", "@@operators_allowed_for_child_policies": ["@@none"]},
            "tag_value": {"@@assign": ["Red", "Blue"]},
        },
    }
}


def test_values_are_appended_and_removed() -> None:
    ou = {"tags": {"costcenter": {"tag_value": {"@@append": ["Marketing", "Support"]}}}}
    own = {"tags": {"CostCenter": {"tag_value": {"@@remove": ["Development"]}}}}
    found = effective([[ROOT], [ou], [], [own]])
    assert found["tags"]["costcenter"] == {
        "tag_key": "CostCenter",
        "tag_value": ["Support", "Marketing"],
    }
    assert found["tags"]["color"]["tag_value"] == ["Red", "Blue"]


def test_a_parent_may_forbid_its_children() -> None:
    ou = {"tags": {"color": {"tag_key": {"@@assign": "COLOR"}, "tag_value": {"@@assign": ["G"]}}}}
    found = effective([[ROOT], [ou]])
    assert found["tags"]["color"] == {"tag_key": "Color", "tag_value": ["G"]}


def test_what_is_forbidden_above_stays_forbidden_below() -> None:
    none = {"tags": {"@@operators_allowed_for_child_policies": ["@@none"]}}
    more = {
        "tags": {
            "@@operators_allowed_for_child_policies": ["@@all"],
            "new": {"tag_key": {"@@assign": "New"}},
            "costcenter": {"tag_value": {"@@append": ["X"]}},
        }
    }
    assert effective([[ROOT, none], [more], [more]]) == effective([[ROOT]])
    append = {"tags": {"@@operators_allowed_for_child_policies": ["@@append"]}}
    assigned = {"tags": {"costcenter": {"tag_value": {"@@assign": ["X"], "@@append": ["Y"]}}}}
    found = effective([[ROOT, append], [assigned]])
    assert found["tags"]["costcenter"]["tag_value"] == ["Development", "Support", "Y"]


def test_limits_hold_for_lower_levels_only() -> None:
    none = {"tags": {"@@operators_allowed_for_child_policies": ["@@none"]}}
    assert effective([[none, ROOT]]) == effective([[ROOT]])


def test_nothing_is_nothing() -> None:
    assert effective([]) == effective([[{"tags": {"x": {}}}]]) == {}


TAG = "TAG_POLICY"


@pytest.fixture
def org() -> Stage:
    stage = Stage("organizations", OPERATIONS)
    stage("CreateOrganization")
    return stage


def made(org: Stage, name: str, content: dict[str, Any]) -> str:
    given = {"Name": name, "Description": "", "Type": TAG, "Content": json.dumps(content)}
    return str(org("CreatePolicy", **given)["Policy"]["PolicySummary"]["Id"])


def test_over_the_wire_of_the_tree(org: Stage) -> None:
    top = root(org)
    team = unit(org, top)
    mine = account(org)
    org("MoveAccount", AccountId=mine, SourceParentId=top, DestinationParentId=team)
    asked = {"PolicyType": TAG, "TargetId": mine}
    high, low = made(org, "high", ROOT), made(org, "low", {"tags": {"a": {"tag_key": {
        "@@assign": "A"}}}})  # fmt: skip
    assert org.refused("AttachPolicy", PolicyId=high, TargetId=top).code == (
        "PolicyTypeNotEnabledException"
    )
    org("EnablePolicyType", RootId=top, PolicyType=TAG)
    assert org.refused("DescribeEffectivePolicy", **asked).code == (
        "EffectivePolicyNotFoundException"
    )
    org("AttachPolicy", PolicyId=high, TargetId=top)
    org("AttachPolicy", PolicyId=low, TargetId=team)
    shown = org("DescribeEffectivePolicy", **asked)["EffectivePolicy"]
    assert set(json.loads(shown["PolicyContent"])["tags"]) == {"costcenter", "color", "a"}
    own = org("DescribeEffectivePolicy", PolicyType=TAG)["EffectivePolicy"]
    assert set(json.loads(own["PolicyContent"])["tags"]) == {"costcenter", "color"}
    org("DetachPolicy", PolicyId=high, TargetId=top)  # the last of its type may go
    assert org.refused("DescribeEffectivePolicy", PolicyType="SERVICE_CONTROL_POLICY",
                       TargetId=A).code == "InvalidInputException"  # fmt: skip
    org.call = type(org.call)(org.user(A), mine, "us-east-1", NOW, org.ports)
    assert org("DescribeEffectivePolicy", PolicyType=TAG)["EffectivePolicy"]["TargetId"] == mine
    assert org.refused("DescribeEffectivePolicy", PolicyType=TAG, TargetId=A).code == (
        "AccessDeniedException"
    )
