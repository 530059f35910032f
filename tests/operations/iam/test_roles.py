from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from tests.operations.iam.world import ADMIN, EC2_TRUST, A, World

from clearance.model.estate import FULL_ACCESS

ANA = f"arn:aws:iam::{A}:user/ana"


def trusting(principal: str, **more: object) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trusted(world: World, role: str = "app") -> Any:
    shown = world("GetRole", RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    return json.loads(unquote(shown))["Statement"][0]["Principal"]["AWS"]


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana")
    world("CreateRole", RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
    return world


def test_what_creating_a_role_answers(world: World) -> None:
    made = world(
        "CreateRole",
        RoleName="other",
        Path="/x/",
        AssumeRolePolicyDocument=EC2_TRUST,
        Description="mine",
        MaxSessionDuration=7200,
        PermissionsBoundary=ADMIN,
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{A}:role/x/other"
    assert made["RoleId"].startswith("AROA")
    assert unquote(made["AssumeRolePolicyDocument"]) == EC2_TRUST
    # Observed: CreateRole repeats neither the description nor the session duration.
    assert {"Description", "MaxSessionDuration", "RoleLastUsed"}.isdisjoint(made)
    full = world("GetRole", RoleName="other")["Role"]
    assert full["Description"] == "mine"
    assert full["MaxSessionDuration"] == 7200
    assert full["RoleLastUsed"] == {}
    listed = world("ListRoles", PathPrefix="/x/")["Roles"][0]
    assert set(full) - set(listed) == {"RoleLastUsed", "PermissionsBoundary"}


def test_documents_are_url_encoded(world: World) -> None:
    shown = world("GetRole", RoleName="app")["Role"]["AssumeRolePolicyDocument"]
    assert shown.startswith("%7B%22Version%22%3A%222012-10-17%22%2C")


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("GetRole", {}),
        ("UpdateRole", {}),
        ("DeleteRole", {}),
        ("UpdateRoleDescription", {"Description": "x"}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": EC2_TRUST}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": ADMIN}),
        ("ListRolePolicies", {}),
        ("ListInstanceProfilesForRole", {}),
        ("ListRoleTags", {}),
    ],
)
def test_an_unknown_role(world: World, operation: str, given: dict[str, str]) -> None:
    refusal = ("NoSuchEntity", "The role with name ghost cannot be found.", 404)
    assert world.refused(operation, RoleName="ghost", **given) == refusal


def test_names_are_taken_in_any_case(world: World) -> None:
    given = {"RoleName": "APP", "AssumeRolePolicyDocument": EC2_TRUST}
    refusal = ("EntityAlreadyExists", "Role with name APP already exists.", 409)
    assert world.refused("CreateRole", **given) == refusal


def test_paths_of_aws_are_reserved() -> None:
    given = {"RoleName": "x", "Path": "/aws-service-role/x/", "AssumeRolePolicyDocument": EC2_TRUST}
    assert World().refused("CreateRole", **given)[0] == "InvalidInput"


def test_updating(world: World) -> None:
    world("UpdateRole", RoleName="app", Description="one", MaxSessionDuration=7200)
    world("UpdateRole", RoleName="app")
    role = world("GetRole", RoleName="app")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("one", 7200)
    answered = world("UpdateRoleDescription", RoleName="app", Description="two")["Role"]
    assert answered["Description"] == "two"
    assert "MaxSessionDuration" not in answered
    world("UpdateRole", RoleName="app", Description="")
    assert "Description" not in world("GetRole", RoleName="app")["Role"]


@pytest.mark.parametrize("seconds", [3599, 43201])
def test_session_durations_have_bounds(world: World, seconds: int) -> None:
    refused = world.refused("UpdateRole", RoleName="app", MaxSessionDuration=seconds)
    assert refused[0] == "ValidationError"


TIES: list[tuple[str, dict[str, Any], str]] = [
    ("AttachRolePolicy", {"PolicyArn": ADMIN}, "detach all policies"),
    ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": FULL_ACCESS}, "delete policies"),
    (
        "AddRoleToInstanceProfile",
        {"InstanceProfileName": "web"},
        "remove roles from instance profile",
    ),
]


@pytest.mark.parametrize(("operation", "given", "remedy"), TIES)
def test_a_role_with_ties_cannot_be_deleted(
    world: World, operation: str, given: dict[str, Any], remedy: str
) -> None:
    world("CreateInstanceProfile", InstanceProfileName="web")
    world(operation, RoleName="app", **given)
    refusal = ("DeleteConflict", f"Cannot delete entity, must {remedy} first.", 409)
    assert world.refused("DeleteRole", RoleName="app") == refusal


def test_a_role_is_deleted(world: World) -> None:
    world("DeleteRole", RoleName="app")
    assert world("ListRoles")["Roles"] == []


class TestTrust:
    def test_users_and_roles_are_pinned(self, world: World) -> None:
        app = f"arn:aws:iam::{A}:role/app"
        document = trusting(ANA).replace(f'"{ANA}"', f'["{ANA}", "{app}", "{A}"]')
        world("CreateRole", RoleName="other", AssumeRolePolicyDocument=document)
        account = world.account
        assert account.roles["other"].trust.pins == {
            ANA: account.users["ana"].id,
            app: account.roles["app"].id,
        }

    def test_a_deleted_user_shows_as_an_id_and_a_namesake_is_a_stranger(self, world: World) -> None:
        unique_id = world.account.users["ana"].id
        condition = {"ArnEquals": {"aws:PrincipalArn": ANA}}
        document = trusting(ANA, Condition=condition)
        world("UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=document)
        assert trusted(world) == ANA
        world("DeleteUser", UserName="ana")
        assert trusted(world) == unique_id
        world("CreateUser", UserName="ana")
        assert trusted(world) == unique_id
        shown = unquote(world("GetRole", RoleName="app")["Role"]["AssumeRolePolicyDocument"])
        assert json.loads(shown)["Statement"][0]["Condition"] == condition  # never converted (R26)
        assert world.account.roles["app"].trust.pins[ANA] == unique_id

    def test_an_id_is_shown_as_the_arn_it_stands_for(self, world: World) -> None:
        document = trusting(world.account.users["ana"].id)
        world("UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=document)
        assert trusted(world) == ANA

    def test_a_renamed_user_stays_trusted(self, world: World) -> None:
        world("UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=trusting(ANA))
        world("UpdateUser", UserName="ana", NewUserName="anna")
        new = f"arn:aws:iam::{A}:user/anna"
        assert trusted(world) == new
        assert world.account.roles["app"].trust.pins == {new: world.account.users["anna"].id}

    def test_renaming_a_namesake_moves_nobodys_trust(self, world: World) -> None:
        unique_id = world.account.users["ana"].id
        world("UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=trusting(ANA))
        world("DeleteUser", UserName="ana")
        world("CreateUser", UserName="ana")
        world("UpdateUser", UserName="ana", NewUserName="anna")
        assert trusted(world) == unique_id
        assert world.account.roles["app"].trust.pins == {ANA: unique_id}

    def test_white_space_does_not_count_but_the_rest_has_a_limit(self, world: World) -> None:
        world("UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=EC2_TRUST + " " * 9000)
        long = trusting(A, Condition={"StringEquals": {"aws:username": "x" * 2000}})
        refusal = ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)
        given = {"RoleName": "app", "PolicyDocument": long}
        assert world.refused("UpdateAssumeRolePolicy", **given) == refusal

    def test_only_printable_text(self, world: World) -> None:
        message = (
            "The specified value for policyDocument is invalid. It must contain only printable "
            "ASCII characters."
        )
        given = {"RoleName": "app", "PolicyDocument": "\u2028"}
        refused = world.refused("UpdateAssumeRolePolicy", **given)
        assert refused == ("ValidationError", message, 400)


class TestServiceLinkedRoles:
    NAME = "AWSServiceRoleForECS"

    def test_one_is_made_and_deleted(self, world: World) -> None:
        role = world("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")["Role"]
        path = "/aws-service-role/ecs.amazonaws.com/"
        assert role["Arn"] == f"arn:aws:iam::{A}:role{path}{self.NAME}"
        attached = world("ListAttachedRolePolicies", RoleName=self.NAME)["AttachedPolicies"]
        assert [p["PolicyName"] for p in attached] == ["AmazonECSServiceRolePolicy"]
        task = world("DeleteServiceLinkedRole", RoleName=self.NAME)["DeletionTaskId"]
        assert task.startswith(f"task{path}{self.NAME}/")
        status = world("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
        assert status == {"Status": "SUCCEEDED"}
        assert self.NAME not in world.account.roles

    def test_a_suffix_where_the_service_takes_one(self, world: World) -> None:
        given = {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": "x"}
        role = world("CreateServiceLinkedRole", **given)["Role"]
        assert role["RoleName"] == "AWSServiceRoleForAutoScaling_x"
        given["AWSServiceName"] = "ecs.amazonaws.com"
        message = "Custom suffix is not allowed for ecs.amazonaws.com"
        refused = world.refused("CreateServiceLinkedRole", **given)
        assert refused == ("InvalidInput", message, 400)

    def test_once_is_enough(self, world: World) -> None:
        world("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
        message = (
            f"Service role name {self.NAME} has been taken in this account, please try a different "
            "suffix."
        )
        refused = world.refused("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
        assert refused == ("InvalidInput", message, 400)

    def test_other_services_have_none(self, world: World) -> None:
        refused = world.refused("CreateServiceLinkedRole", AWSServiceName="nope.amazonaws.com")
        assert refused[0] == "InvalidInput"

    @pytest.mark.parametrize(
        ("operation", "given"),
        [
            ("DeleteRole", {}),
            ("UpdateRole", {"MaxSessionDuration": 7200}),
            ("UpdateAssumeRolePolicy", {"PolicyDocument": EC2_TRUST}),
            ("AttachRolePolicy", {"PolicyArn": ADMIN}),
            ("DetachRolePolicy", {"PolicyArn": ADMIN}),
            ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": FULL_ACCESS}),
            ("DeleteRolePolicy", {"PolicyName": "p"}),
            ("PutRolePermissionsBoundary", {"PermissionsBoundary": ADMIN}),
            ("DeleteRolePermissionsBoundary", {}),
        ],
    )
    def test_nobody_else_changes_them(
        self, world: World, operation: str, given: dict[str, Any]
    ) -> None:
        """R79."""
        world("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
        message = (
            f"Cannot perform the operation on the protected role '{self.NAME}' - this role is only "
            "modifiable by AWS"
        )
        refused = world.refused(operation, RoleName=self.NAME, **given)
        assert refused == ("UnmodifiableEntity", message, 400)

    def test_their_description_may_change(self, world: World) -> None:
        world("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
        world("UpdateRole", RoleName=self.NAME, Description="ours")
        assert world.account.roles[self.NAME].description == "ours"

    def test_other_roles_are_not_deleted_that_way(self, world: World) -> None:
        assert world.refused("DeleteServiceLinkedRole", RoleName="app")[0] == "NoSuchEntity"
        given = {"DeletionTaskId": "task/x"}
        assert world.refused("GetServiceLinkedRoleDeletionStatus", **given)[0] == "NoSuchEntity"
