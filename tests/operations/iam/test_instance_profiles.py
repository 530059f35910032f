from __future__ import annotations

import pytest
from tests.operations.iam.world import EC2_TRUST, A, World


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateRole", RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
    world("CreateInstanceProfile", InstanceProfileName="web", Path="/x/")
    return world


def names(output: object) -> list[str]:
    assert isinstance(output, dict)
    return [profile["InstanceProfileName"] for profile in output["InstanceProfiles"]]


def test_create_and_get(world: World) -> None:
    made = world("CreateInstanceProfile", InstanceProfileName="db")["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA")
    assert made["Arn"] == f"arn:aws:iam::{A}:instance-profile/db"
    assert made["Roles"] == []
    assert "Tags" not in made
    got = world("GetInstanceProfile", InstanceProfileName="db")["InstanceProfile"]
    assert got == {**made, "Tags": []}


def test_one_role_and_no_more(world: World) -> None:
    both = {"InstanceProfileName": "web", "RoleName": "app"}
    world("AddRoleToInstanceProfile", **both)
    shown = world("GetInstanceProfile", InstanceProfileName="web")["InstanceProfile"]
    assert [role["RoleName"] for role in shown["Roles"]] == ["app"]
    message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    refusal = ("LimitExceeded", message, 409)
    assert world.refused("AddRoleToInstanceProfile", **both) == refusal
    assert names(world("ListInstanceProfilesForRole", RoleName="app")) == ["web"]
    message = "Cannot delete entity, must remove roles from instance profile first."
    refused = world.refused("DeleteInstanceProfile", InstanceProfileName="web")
    assert refused == ("DeleteConflict", message, 409)
    world("RemoveRoleFromInstanceProfile", **both)
    assert names(world("ListInstanceProfilesForRole", RoleName="app")) == []
    world("DeleteInstanceProfile", InstanceProfileName="web")
    assert names(world("ListInstanceProfiles")) == []


def test_lists_are_filtered_by_path(world: World) -> None:
    world("CreateInstanceProfile", InstanceProfileName="db")
    assert names(world("ListInstanceProfiles")) == ["db", "web"]
    assert names(world("ListInstanceProfiles", PathPrefix="/x/")) == ["web"]


@pytest.mark.parametrize(
    ("operation", "given", "message"),
    [
        ("GetInstanceProfile", {}, "Instance Profile ghost cannot be found."),
        ("DeleteInstanceProfile", {}, "Instance Profile ghost cannot be found."),
        (
            "AddRoleToInstanceProfile",
            {"RoleName": "app"},
            "Instance Profile ghost cannot be found.",
        ),
        (
            "AddRoleToInstanceProfile",
            {"InstanceProfileName": "web", "RoleName": "eve"},
            "The role with name eve cannot be found.",
        ),
        (
            "RemoveRoleFromInstanceProfile",
            {"InstanceProfileName": "web", "RoleName": "app"},
            "Role app in Instance Profile web cannot be found.",
        ),
    ],
)
def test_what_is_not_there(
    world: World, operation: str, given: dict[str, str], message: str
) -> None:
    given = {"InstanceProfileName": "ghost", **given}
    assert world.refused(operation, **given) == ("NoSuchEntity", message, 404)


def test_names_are_unique(world: World) -> None:
    refusal = ("EntityAlreadyExists", "Instance Profile WEB already exists.", 409)
    assert world.refused("CreateInstanceProfile", InstanceProfileName="WEB") == refusal
    world.stuff("instance_profiles", 1000)
    refusal = ("LimitExceeded", "Cannot exceed quota for InstanceProfilesPerAccount: 1000", 409)
    assert world.refused("CreateInstanceProfile", InstanceProfileName="one") == refusal
