from __future__ import annotations

from typing import Any

import pytest
from tests.operations.iam.world import ADMIN, A, World

from clearance.model.estate import FULL_ACCESS


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana")
    world("CreateGroup", GroupName="devs", Path="/team/")
    return world


def test_a_group_is_created(world: World) -> None:
    group = world("GetGroup", GroupName="devs")
    assert group["Group"]["Arn"] == f"arn:aws:iam::{A}:group/team/devs"
    assert group["Group"]["GroupId"].startswith("AGPA")
    assert group["Users"] == []
    refusal = ("EntityAlreadyExists", "Group with name DEVS already exists.", 409)
    assert world.refused("CreateGroup", GroupName="DEVS") == refusal


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("GetGroup", {}),
        ("UpdateGroup", {}),
        ("DeleteGroup", {}),
        ("AddUserToGroup", {"UserName": "ana"}),
        ("RemoveUserFromGroup", {"UserName": "ana"}),
        ("ListGroupPolicies", {}),
        ("ListAttachedGroupPolicies", {}),
    ],
)
def test_an_unknown_group(world: World, operation: str, given: dict[str, str]) -> None:
    refusal = ("NoSuchEntity", "The group with name ops cannot be found.", 404)
    assert world.refused(operation, GroupName="ops", **given) == refusal


def test_membership_can_be_repeated_both_ways(world: World) -> None:
    for _ in range(2):
        world("AddUserToGroup", GroupName="devs", UserName="ana")
    groups = world("ListGroupsForUser", UserName="ana")["Groups"]
    assert [group["GroupName"] for group in groups] == ["devs"]
    assert [u["UserName"] for u in world("GetGroup", GroupName="devs")["Users"]] == ["ana"]
    for _ in range(2):
        world("RemoveUserFromGroup", GroupName="devs", UserName="ana")
    assert world("GetGroup", GroupName="devs")["Users"] == []


def test_who_is_missed_first(world: World) -> None:
    unknown = {"GroupName": "ops", "UserName": "eve"}
    assert world.refused("AddUserToGroup", **unknown)[1].startswith("The group")
    assert world.refused("RemoveUserFromGroup", **unknown)[1].startswith("The user")


def test_ten_groups_are_the_limit(world: World) -> None:
    for number in range(11):
        world("CreateGroup", GroupName=f"g{number}")
    for number in range(10):
        world("AddUserToGroup", GroupName=f"g{number}", UserName="ana")
    refusal = ("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409)
    assert world.refused("AddUserToGroup", GroupName="g10", UserName="ana") == refusal


def test_renaming_keeps_the_members(world: World) -> None:
    world("AddUserToGroup", GroupName="devs", UserName="ana")
    world("UpdateGroup", GroupName="devs", NewGroupName="makers", NewPath="/")
    assert world("GetGroup", GroupName="makers")["Users"][0]["UserName"] == "ana"
    assert world.account.users["ana"].groups == ("makers",)
    world("CreateGroup", GroupName="ops")
    refusal = ("EntityAlreadyExists", "Group with name ops already exists.", 409)
    assert world.refused("UpdateGroup", GroupName="makers", NewGroupName="ops") == refusal


TIES: list[tuple[str, dict[str, Any], str]] = [
    ("AttachGroupPolicy", {"PolicyArn": ADMIN}, "detach all policies"),
    ("PutGroupPolicy", {"PolicyName": "p", "PolicyDocument": FULL_ACCESS}, "delete policies"),
    ("AddUserToGroup", {"UserName": "ana"}, "remove users from group"),
]


@pytest.mark.parametrize(("operation", "given", "remedy"), TIES)
def test_a_group_with_ties_cannot_be_deleted(
    world: World, operation: str, given: dict[str, Any], remedy: str
) -> None:
    world(operation, GroupName="devs", **given)
    refusal = ("DeleteConflict", f"Cannot delete entity, must {remedy} first.", 409)
    assert world.refused("DeleteGroup", GroupName="devs") == refusal


def test_a_group_is_deleted(world: World) -> None:
    world("DeleteGroup", GroupName="devs")
    assert world("ListGroups")["Groups"] == []


def test_there_is_a_limit_to_groups(world: World) -> None:
    world.stuff("groups", 300)
    refusal = ("LimitExceeded", "Cannot exceed quota for GroupsPerAccount: 300", 409)
    assert world.refused("CreateGroup", GroupName="ops") == refusal
