from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.operations.iam.world import ADMIN, EC2_TRUST, NOW, A, World

from clearance.model.estate import FULL_ACCESS
from clearance.model.principal import Principal, PrincipalKind

OWN = f"arn:aws:iam::{A}:policy/p"


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana", Path="/team/")
    return world


def test_a_user_is_created(world: World) -> None:
    made = world("CreateUser", UserName="bob", Tags=[{"Key": "b", "Value": "2"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{A}:user/bob"
    assert made["UserId"].startswith("AIDA")
    assert len(made["UserId"]) == 21
    assert made["CreateDate"] == NOW
    assert made["Path"] == "/"
    assert made["Tags"] == [{"Key": "b", "Value": "2"}]
    assert world("GetUser", UserName="bob")["User"] == made


@pytest.mark.parametrize("name", ["ana", "ANA"])
def test_names_are_unique_in_any_case(world: World, name: str) -> None:
    refusal = ("EntityAlreadyExists", f"User with name {name} already exists.", 409)
    assert world.refused("CreateUser", UserName=name) == refusal


def test_lookups_are_exact_because_the_caller_was_authorized_for_that_arn(world: World) -> None:
    refusal = ("NoSuchEntity", "The user with name ANA cannot be found.", 404)
    assert world.refused("GetUser", UserName="ANA") == refusal


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("GetUser", {}),
        ("UpdateUser", {}),
        ("DeleteUser", {}),
        ("PutUserPermissionsBoundary", {"PermissionsBoundary": ADMIN}),
        ("DeleteUserPermissionsBoundary", {}),
        ("ListGroupsForUser", {}),
        ("ListUserPolicies", {}),
        ("ListAttachedUserPolicies", {}),
        ("AttachUserPolicy", {"PolicyArn": ADMIN}),
        ("CreateAccessKey", {}),
        ("ListAccessKeys", {}),
        ("CreateLoginProfile", {"Password": "Secret-12345"}),
        ("ListMFADevices", {}),
        ("TagUser", {"Tags": []}),
        ("UntagUser", {"TagKeys": []}),
        ("ListUserTags", {}),
    ],
)
def test_an_unknown_user(world: World, operation: str, given: dict[str, Any]) -> None:
    refusal = ("NoSuchEntity", "The user with name eve cannot be found.", 404)
    assert world.refused(operation, UserName="eve", **given) == refusal


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"UserName": "a b"},
            (
                "The specified value for userName is invalid. It must contain only alphanumeric "
                "characters and/or the following: +=,.@_-"
            ),
        ),
        (
            {"UserName": "a\n"},
            (
                "The specified value for userName is invalid. It must contain only alphanumeric "
                "characters and/or the following: +=,.@_-"
            ),
        ),
        (
            {"UserName": "x" * 65},
            (
                "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
                "Member must have length less than or equal to 64"
            ),
        ),
        (
            {"UserName": ""},
            (
                "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
        ),
        (
            {"UserName": "bob", "Path": "team"},
            (
                "The specified value for path is invalid. It must begin and end with / and contain "
                "only alphanumeric characters and/or / characters."
            ),
        ),
        (
            {"UserName": "x" * 65, "Path": "/" + "x" * 520 + "/"},
            (
                "2 validation errors detected: Value at 'userName' failed to satisfy constraint: "
                "Member must have length less than or equal to 64; Value at 'path' failed to "
                "satisfy constraint: Member must have length less than or equal to 512"
            ),
        ),
    ],
)
def test_names_and_paths_are_validated(given: dict[str, str], message: str) -> None:
    assert World().refused("CreateUser", **given) == ("ValidationError", message, 400)


def test_without_a_name_the_caller_is_meant(world: World) -> None:
    world.as_user("ana")
    assert world("GetUser")["User"]["UserName"] == "ana"


def test_the_caller_is_known_by_unique_id(world: World) -> None:
    world.as_user("ana")
    world("UpdateUser", UserName="ana", NewUserName="anna")
    assert world("GetUser")["User"]["UserName"] == "anna"
    world("DeleteUser", UserName="anna")
    world("CreateUser", UserName="ana", Path="/team/")
    assert world.refused("GetUser")[0] == "ValidationError"


def test_a_caller_without_an_id_is_known_by_arn(world: World) -> None:
    arn = world.account.user_arn(world.account.users["ana"])
    world.as_principal(Principal(PrincipalKind.USER, arn, A))
    assert world("GetUser")["User"]["UserName"] == "ana"


def test_the_root_user_gets_itself(world: World) -> None:
    shown = world("GetUser")["User"]
    assert shown["Arn"] == f"arn:aws:iam::{A}:root"
    assert shown["UserId"] == A


def test_a_role_session_must_name_a_user(world: World) -> None:
    arn = f"arn:aws:sts::{A}:assumed-role/app/s1"
    world.as_principal(Principal(PrincipalKind.ROLE_SESSION, arn, A))
    refusal = ("ValidationError", "Must specify userName when calling with non-User credentials")
    assert world.refused("GetUser")[:2] == refusal
    assert world.refused("CreateAccessKey")[:2] == refusal


def test_lists_are_sorted_and_filtered_by_path(world: World) -> None:
    for name in ("carl", "Bob", "dora"):
        world("CreateUser", UserName=name)
    names = [user["UserName"] for user in world("ListUsers")["Users"]]
    assert names == ["ana", "Bob", "carl", "dora"]
    under = world("ListUsers", PathPrefix="/te")
    assert [user["UserName"] for user in under["Users"]] == ["ana"]
    assert under["IsTruncated"] is False


def test_lists_leave_out_tags_and_boundary(world: World) -> None:
    world("TagUser", UserName="ana", Tags=[{"Key": "k", "Value": "v"}])
    world("PutUserPermissionsBoundary", UserName="ana", PermissionsBoundary=ADMIN)
    assert set(world("ListUsers")["Users"][0]) == {
        "Path", "UserName", "UserId", "Arn", "CreateDate",
    }  # fmt: skip
    full = world("GetUser", UserName="ana")["User"]
    assert full["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": ADMIN,
    }


def test_renaming_keeps_the_id_and_everything_held(world: World) -> None:
    world("CreateGroup", GroupName="devs")
    world("AddUserToGroup", GroupName="devs", UserName="ana")
    world("CreateAccessKey", UserName="ana")
    before = world("GetUser", UserName="ana")["User"]
    world("UpdateUser", UserName="ana", NewUserName="anna", NewPath="/")
    after = world("GetUser", UserName="anna")["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Arn"] == f"arn:aws:iam::{A}:user/anna"
    assert world("GetGroup", GroupName="devs")["Users"][0]["UserName"] == "anna"
    assert world("ListAccessKeys", UserName="anna")["AccessKeyMetadata"][0]["UserName"] == "anna"
    assert world.refused("GetUser", UserName="ana")[0] == "NoSuchEntity"


def test_a_name_may_change_its_case_but_not_take_anothers(world: World) -> None:
    world("CreateUser", UserName="bob")
    world("UpdateUser", UserName="ana", NewUserName="Ana")
    refusal = ("EntityAlreadyExists", "User with name BOB already exists.", 409)
    assert world.refused("UpdateUser", UserName="Ana", NewUserName="BOB") == refusal


TIES: list[tuple[str, dict[str, Any], str]] = [
    ("AttachUserPolicy", {"PolicyArn": ADMIN}, "detach all policies"),
    ("PutUserPolicy", {"PolicyName": "p", "PolicyDocument": FULL_ACCESS}, "delete policies"),
    ("AddUserToGroup", {"GroupName": "devs"}, "remove users from group"),
    ("CreateAccessKey", {}, "delete access keys"),
    ("CreateLoginProfile", {"Password": "Secret-12345"}, "delete login profile"),
]


@pytest.mark.parametrize(("operation", "given", "remedy"), TIES)
def test_a_user_with_ties_cannot_be_deleted(
    world: World, operation: str, given: dict[str, Any], remedy: str
) -> None:
    world("CreateGroup", GroupName="devs")
    world(operation, UserName="ana", **given)
    refusal = ("DeleteConflict", f"Cannot delete entity, must {remedy} first.", 409)
    assert world.refused("DeleteUser", UserName="ana") == refusal


def test_a_user_without_ties_is_deleted(world: World) -> None:
    world("PutUserPermissionsBoundary", UserName="ana", PermissionsBoundary=ADMIN)
    assert world("DeleteUser", UserName="ana") == {}
    assert not world.account.users


@pytest.mark.parametrize("kind", ["User", "Role"])
def test_boundaries(world: World, kind: str) -> None:
    world("CreateRole", RoleName="ana", AssumeRolePolicyDocument=EC2_TRUST)
    who = {f"{kind}Name": "ana"}
    put, delete = f"Put{kind}PermissionsBoundary", f"Delete{kind}PermissionsBoundary"
    assert world.refused(delete, **who)[0] == "NoSuchEntity"
    world(put, **who, PermissionsBoundary=ADMIN)
    assert world(f"Get{kind}", **who)[kind]["PermissionsBoundary"]
    world(delete, **who)
    assert "PermissionsBoundary" not in world(f"Get{kind}", **who)[kind]
    unknown = f"Scope ARN: {OWN} does not exist or is not attachable."
    assert world.refused(put, **who, PermissionsBoundary=OWN) == ("NoSuchEntity", unknown, 404)
    odd = f"arn:aws:iam::{A}:not_a_policy/x"
    refusal = ("InvalidInput", f"ARN {odd} is not valid.", 400)
    assert world.refused(put, **who, PermissionsBoundary=odd) == refusal


def test_there_is_a_limit_to_users(world: World) -> None:
    world.stuff("users", 5000)
    refusal = ("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 5000", 409)
    assert world.refused("CreateUser", UserName="bob") == refusal


class TestAccessKeys:
    def test_the_secret_is_shown_once(self, world: World) -> None:
        made = world("CreateAccessKey", UserName="ana")["AccessKey"]
        assert made["AccessKeyId"].startswith("AKIA")
        assert made["Status"] == "Active"
        assert len(made["SecretAccessKey"]) == 40
        listed = world("ListAccessKeys", UserName="ana")["AccessKeyMetadata"]
        assert listed == [{k: v for k, v in made.items() if k != "SecretAccessKey"}]

    def test_two_keys_make_rotation_possible_three_are_too_many(self, world: World) -> None:
        old = world("CreateAccessKey", UserName="ana")["AccessKey"]["AccessKeyId"]
        world.at(NOW + timedelta(days=1))
        new = world("CreateAccessKey", UserName="ana")["AccessKey"]["AccessKeyId"]
        refusal = ("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409)
        assert world.refused("CreateAccessKey", UserName="ana") == refusal
        world("UpdateAccessKey", UserName="ana", AccessKeyId=old, Status="Inactive")
        listed = world("ListAccessKeys", UserName="ana")["AccessKeyMetadata"]
        assert [(k["AccessKeyId"], k["Status"]) for k in listed] == [
            (old, "Inactive"),
            (new, "Active"),
        ]
        world("DeleteAccessKey", UserName="ana", AccessKeyId=old)
        assert [*world.account.users["ana"].keys] == [new]

    def test_the_caller_is_the_default_user(self, world: World) -> None:
        world.as_user("ana")
        key = world("CreateAccessKey")["AccessKey"]
        assert key["UserName"] == "ana"
        world("DeleteAccessKey", AccessKeyId=key["AccessKeyId"])
        assert not world.account.users["ana"].keys

    def test_the_root_user_has_keys_of_its_own(self, world: World) -> None:
        key = world("CreateAccessKey")["AccessKey"]["AccessKeyId"]
        assert [*world.account.root_keys] == [key]
        world("UpdateAccessKey", AccessKeyId=key, Status="Inactive")
        assert world.account.root_keys[key].active is False
        world("DeleteAccessKey", AccessKeyId=key)
        assert not world.account.root_keys

    def test_an_unknown_key(self, world: World) -> None:
        key = "AKIAIOSFODNN7EXAMPLE"
        refusal = ("NoSuchEntity", f"The Access Key with id {key} cannot be found.", 404)
        given = {"UserName": "ana", "AccessKeyId": key}
        assert world.refused("UpdateAccessKey", **given, Status="Active") == refusal
        assert world.refused("DeleteAccessKey", **given) == refusal

    def test_a_key_is_only_its_owners(self, world: World) -> None:
        world("CreateUser", UserName="bob")
        key = world("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
        refused = world.refused("DeleteAccessKey", UserName="ana", AccessKeyId=key)
        assert refused[0] == "NoSuchEntity"

    def test_an_odd_status(self, world: World) -> None:
        message = (
            "1 validation error detected: Value at 'status' failed to satisfy constraint: Member "
            "must satisfy enum value set"
        )
        given = {"UserName": "ana", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Off"}
        assert world.refused("UpdateAccessKey", **given) == ("ValidationError", message, 400)

    def test_last_used(self, world: World) -> None:
        key = world("CreateAccessKey", UserName="ana")["AccessKey"]["AccessKeyId"]
        fresh = {"UserName": "ana", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}
        assert world("GetAccessKeyLastUsed", AccessKeyId=key) == fresh
        world.used_key("ana", key)
        assert world("GetAccessKeyLastUsed", AccessKeyId=key)["AccessKeyLastUsed"] == {
            "LastUsedDate": NOW,
            "ServiceName": "s3",
            "Region": "us-east-1",
        }

    def test_last_used_of_somebody_elses_key_is_denied(self, world: World) -> None:
        message = (
            f"User: arn:aws:iam::{A}:root is not authorized to perform iam:GetAccessKeyLastUsed "
            "on resource: access key AKIAIOSFODNN7EXAMPLE"
        )
        refused = world.refused("GetAccessKeyLastUsed", AccessKeyId="AKIAIOSFODNN7EXAMPLE")
        assert refused == ("AccessDenied", message, 403)
