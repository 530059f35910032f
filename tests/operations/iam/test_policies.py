from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from tests.operations.iam.world import ADMIN, EC2_TRUST, A, World

from clearance.model.estate import FULL_ACCESS

OWN = f"arn:aws:iam::{A}:policy/p"
SMALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
UNKNOWN = f"arn:aws:iam::{A}:policy/unknown"
KINDS = ["User", "Group", "Role"]


def sized(characters: int) -> str:
    """A policy of that many characters, white space not counted, and much white space."""
    empty = SMALL.replace('"s3:*"', '"s3:Get"')
    return empty.replace("s3:Get", "s3:Get" + "x" * (characters - len(empty))) + " \n" * 5000


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana")
    world("CreateGroup", GroupName="ana")
    world("CreateRole", RoleName="ana", AssumeRolePolicyDocument=EC2_TRUST)
    world("CreatePolicy", PolicyName="p", PolicyDocument=FULL_ACCESS, Description="mine")
    return world


class TestPolicies:
    def test_what_creating_answers(self, world: World) -> None:
        tags = [{"Key": "b", "Value": ""}, {"Key": "B", "Value": "2"}]
        made = world(
            "CreatePolicy",
            PolicyName="q",
            Path="/x/",
            PolicyDocument=SMALL,
            Description="d",
            Tags=tags,
        )["Policy"]
        assert made["Arn"] == f"arn:aws:iam::{A}:policy/x/q"
        assert made["PolicyId"].startswith("ANPA")
        assert made["DefaultVersionId"] == "v1"
        assert (made["AttachmentCount"], made["PermissionsBoundaryUsageCount"]) == (0, 0)
        assert made["Tags"] == [{"Key": "B", "Value": "2"}, {"Key": "b", "Value": ""}]
        assert "Description" not in made  # observed: only GetPolicy tells it
        full = world("GetPolicy", PolicyArn=made["Arn"])["Policy"]
        assert full["Description"] == "d"

    def test_get_always_has_tags(self, world: World) -> None:
        assert world("GetPolicy", PolicyArn=OWN)["Policy"]["Tags"] == []

    def test_names_are_unique_across_paths_in_any_case(self, world: World) -> None:
        message = "A policy called P already exists. Duplicate names are not allowed."
        given = {"PolicyName": "P", "Path": "/x/", "PolicyDocument": SMALL}
        refusal = ("EntityAlreadyExists", message, 409)
        assert world.refused("CreatePolicy", **given) == refusal

    def test_size(self, world: World) -> None:
        world("CreatePolicy", PolicyName="just", PolicyDocument=sized(6144))
        refusal = ("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409)
        given = {"PolicyName": "over", "PolicyDocument": sized(6145)}
        assert world.refused("CreatePolicy", **given) == refusal

    def test_there_is_a_limit_to_policies(self, world: World) -> None:
        world.stuff("policies", 1500)
        refusal = ("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1500", 409)
        given = {"PolicyName": "over", "PolicyDocument": SMALL}
        assert world.refused("CreatePolicy", **given) == refusal

    @pytest.mark.parametrize(
        "operation",
        ["GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy"],
    )
    def test_an_unknown_policy(self, world: World, operation: str) -> None:
        refusal = ("NoSuchEntity", f"Policy {UNKNOWN} was not found.", 404)
        assert world.refused(operation, PolicyArn=UNKNOWN) == refusal

    def test_a_name_is_no_arn(self, world: World) -> None:
        given = {"UserName": "ana", "PolicyArn": "longpolicynamebutnoarn"}
        refusal = ("ValidationError", "ARN longpolicynamebutnoarn is not valid.", 400)
        assert world.refused("AttachUserPolicy", **given) == refusal

    def test_aws_managed_policies_can_be_read(self, world: World) -> None:
        policy = world("GetPolicy", PolicyArn=ADMIN)["Policy"]
        assert policy["PolicyName"] == "AdministratorAccess"
        version = world("GetPolicyVersion", PolicyArn=ADMIN, VersionId="v1")["PolicyVersion"]
        assert unquote(version["Document"]) == FULL_ACCESS

    def test_but_not_changed(self, world: World) -> None:
        assert world.refused("DeletePolicy", PolicyArn=ADMIN)[0] == "NoSuchEntity"
        given = {"PolicyArn": ADMIN, "PolicyDocument": SMALL}
        assert world.refused("CreatePolicyVersion", **given)[0] == "NoSuchEntity"

    def test_lists(self, world: World) -> None:
        world("CreatePolicy", PolicyName="q", Path="/x/", PolicyDocument=SMALL)
        world("AttachUserPolicy", UserName="ana", PolicyArn=OWN)
        world("PutRolePermissionsBoundary", RoleName="ana", PermissionsBoundary=ADMIN)

        def names(**given: Any) -> list[str]:
            return [policy["PolicyName"] for policy in world("ListPolicies", **given)["Policies"]]

        assert names() == ["AdministratorAccess", "p", "q"]
        assert names(Scope="Local") == ["p", "q"]
        assert names(Scope="AWS") == ["AdministratorAccess"]
        assert names(PathPrefix="/x/") == ["q"]
        assert names(OnlyAttached=True) == ["p"]
        assert names(PolicyUsageFilter="PermissionsBoundary") == ["AdministratorAccess"]

    def test_a_policy_in_use_is_not_deleted(self, world: World) -> None:
        refusal = ("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
        world("AttachGroupPolicy", GroupName="ana", PolicyArn=OWN)
        assert world.refused("DeletePolicy", PolicyArn=OWN) == refusal
        world("DetachGroupPolicy", GroupName="ana", PolicyArn=OWN)
        world("PutUserPermissionsBoundary", UserName="ana", PermissionsBoundary=OWN)
        assert world.refused("DeletePolicy", PolicyArn=OWN) == refusal
        world("DeleteUserPermissionsBoundary", UserName="ana")
        world("DeletePolicy", PolicyArn=OWN)
        assert not world.account.policies


class TestVersions:
    def test_a_new_version_counts_only_once_it_is_default(self, world: World) -> None:
        made = world("CreatePolicyVersion", PolicyArn=OWN, PolicyDocument=SMALL)["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", False)
        assert "Document" not in made
        assert world.account.policies[OWN].text == FULL_ACCESS
        world("SetDefaultPolicyVersion", PolicyArn=OWN, VersionId="v2")
        assert world.account.policies[OWN].text == SMALL

    def test_newest_first_and_numbers_are_not_used_again(self, world: World) -> None:
        for _ in range(2):
            given = {"PolicyArn": OWN, "PolicyDocument": SMALL, "SetAsDefault": True}
            world("CreatePolicyVersion", **given)
        world("DeletePolicyVersion", PolicyArn=OWN, VersionId="v2")
        world("CreatePolicyVersion", PolicyArn=OWN, PolicyDocument=SMALL)
        versions = world("ListPolicyVersions", PolicyArn=OWN)["Versions"]
        shown = [(v["VersionId"], v["IsDefaultVersion"]) for v in versions]
        assert shown == [("v4", False), ("v3", True), ("v1", False)]

    def test_five_are_the_limit(self, world: World) -> None:
        given = {"PolicyArn": OWN, "PolicyDocument": SMALL}
        for _ in range(4):
            world("CreatePolicyVersion", **given)
        message = (
            "A managed policy can have up to 5 versions. Before you create a new version, you must "
            "delete an existing version."
        )
        assert world.refused("CreatePolicyVersion", **given) == ("LimitExceeded", message, 409)

    def test_the_version_in_force_stays(self, world: World) -> None:
        refusal = ("DeleteConflict", "Cannot delete the default version of a policy.", 409)
        assert world.refused("DeletePolicyVersion", PolicyArn=OWN, VersionId="v1") == refusal

    def test_a_policy_with_versions_is_not_deleted(self, world: World) -> None:
        world("CreatePolicyVersion", PolicyArn=OWN, PolicyDocument=SMALL)
        message = (
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy."
        )
        assert world.refused("DeletePolicy", PolicyArn=OWN) == ("DeleteConflict", message, 409)

    @pytest.mark.parametrize(
        "operation", ["GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"]
    )
    @pytest.mark.parametrize(("arn", "version"), [(OWN, "v9"), (UNKNOWN, "v1")])
    def test_an_unknown_version(self, world: World, operation: str, arn: str, version: str) -> None:
        message = f"Policy {arn} version {version} does not exist or is not attachable."
        refused = world.refused(operation, PolicyArn=arn, VersionId=version)
        assert refused == ("NoSuchEntity", message, 404)

    def test_an_odd_version(self, world: World) -> None:
        message = (
            "1 validation error detected: Value at 'versionId' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"
        )
        refused = world.refused("GetPolicyVersion", PolicyArn=OWN, VersionId="1")
        assert refused == ("ValidationError", message, 400)


@pytest.mark.parametrize("kind", KINDS)
class TestAttachments:
    def test_attaching_twice_is_once(self, world: World, kind: str) -> None:
        who = {f"{kind}Name": "ana"}
        for arn in (OWN, ADMIN, OWN):
            world(f"Attach{kind}Policy", **who, PolicyArn=arn)
        attached = world(f"ListAttached{kind}Policies", **who)
        assert attached == {
            "AttachedPolicies": [
                {"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN},
                {"PolicyName": "p", "PolicyArn": OWN},
            ],
            "IsTruncated": False,
        }
        assert world("GetPolicy", PolicyArn=OWN)["Policy"]["AttachmentCount"] == 1
        world(f"Detach{kind}Policy", **who, PolicyArn=OWN)
        world(f"Detach{kind}Policy", **who, PolicyArn=ADMIN)
        assert world(f"ListAttached{kind}Policies", **who)["AttachedPolicies"] == []

    @pytest.mark.parametrize(
        "arn", [UNKNOWN, "arn:aws:iam::aws:policy/Unknown", "arn:aws:iam::444455556666:policy/p"]
    )
    def test_unknown_policies(self, world: World, kind: str, arn: str) -> None:
        message = f"Policy {arn} does not exist or is not attachable."
        refused = world.refused(f"Attach{kind}Policy", **{f"{kind}Name": "ana"}, PolicyArn=arn)
        assert refused == ("NoSuchEntity", message, 404)

    def test_what_is_not_attached(self, world: World, kind: str) -> None:
        message = f"Policy {OWN} was not found."
        refused = world.refused(f"Detach{kind}Policy", **{f"{kind}Name": "ana"}, PolicyArn=OWN)
        assert refused == ("NoSuchEntity", message, 404)

    def test_ten_are_the_limit(self, world: World, kind: str) -> None:
        who = {f"{kind}Name": "ana"}
        for number in range(10):
            world("CreatePolicy", PolicyName=f"p{number}", PolicyDocument=SMALL)
            world(f"Attach{kind}Policy", **who, PolicyArn=f"{OWN}{number}")
        refusal = ("LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind}: 10", 409)
        assert world.refused(f"Attach{kind}Policy", **who, PolicyArn=OWN) == refusal


class TestEntities:
    @pytest.fixture
    def used(self, world: World) -> World:
        for kind in KINDS:
            world(f"Attach{kind}Policy", **{f"{kind}Name": "ana"}, PolicyArn=OWN)
        world("CreateUser", UserName="bob", Path="/x/", PermissionsBoundary=OWN)
        return world

    @pytest.mark.parametrize(
        ("given", "users", "groups", "roles"),
        [
            ({}, ["ana", "bob"], ["ana"], ["ana"]),
            ({"EntityFilter": "User"}, ["ana", "bob"], [], []),
            ({"PathPrefix": "/x/"}, ["bob"], [], []),
            ({"PolicyUsageFilter": "PermissionsBoundary"}, ["bob"], [], []),
            ({"PolicyUsageFilter": "PermissionsPolicy"}, ["ana"], ["ana"], ["ana"]),
        ],
    )
    def test_who_has_it(
        self,
        used: World,
        given: dict[str, str],
        users: list[str],
        groups: list[str],
        roles: list[str],
    ) -> None:
        output = used("ListEntitiesForPolicy", PolicyArn=OWN, **given)
        assert [user["UserName"] for user in output["PolicyUsers"]] == users
        assert [group["GroupName"] for group in output["PolicyGroups"]] == groups
        assert [role["RoleName"] for role in output["PolicyRoles"]] == roles

    def test_pages_span_the_lists(self, used: World) -> None:
        found: list[str] = []
        rest: dict[str, str] = {}
        while True:
            output = used("ListEntitiesForPolicy", PolicyArn=OWN, MaxItems=1, **rest)
            found += [
                f"{kind} {entity[f'{kind}Name']}"
                for kind in KINDS
                for entity in output[f"Policy{kind}s"]
            ]
            if not output["IsTruncated"]:
                break
            rest = {"Marker": output["Marker"]}
        assert found == ["Group ana", "Role ana", "User ana", "User bob"]


@pytest.mark.parametrize(("kind", "limit"), [("User", 2048), ("Group", 5120), ("Role", 10240)])
class TestInline:
    def test_put_get_list_delete(self, world: World, kind: str, limit: int) -> None:  # noqa: ARG002
        who = {f"{kind}Name": "ana"}
        for name in ("b", "a", "b"):
            world(f"Put{kind}Policy", **who, PolicyName=name, PolicyDocument=SMALL)
        assert world(f"List{kind}Policies", **who)["PolicyNames"] == ["a", "b"]
        shown = world(f"Get{kind}Policy", **who, PolicyName="a")
        assert shown.keys() == {f"{kind}Name", "PolicyName", "PolicyDocument"}
        assert unquote(shown["PolicyDocument"]) == SMALL
        world(f"Delete{kind}Policy", **who, PolicyName="a")
        assert world(f"List{kind}Policies", **who)["PolicyNames"] == ["b"]

    def test_an_unknown_name(self, world: World, kind: str, limit: int) -> None:  # noqa: ARG002
        message = f"The {kind.lower()} policy with name a cannot be found."
        for operation in (f"Get{kind}Policy", f"Delete{kind}Policy"):
            refused = world.refused(operation, **{f"{kind}Name": "ana"}, PolicyName="a")
            assert refused == ("NoSuchEntity", message, 404)

    def test_the_aggregate_size(self, world: World, kind: str, limit: int) -> None:
        """R11: the sum of all inline policies, white space not counted."""
        who = {f"{kind}Name": "ana"}
        put = f"Put{kind}Policy"
        world(put, **who, PolicyName="a", PolicyDocument=sized(1000))
        world(put, **who, PolicyName="b", PolicyDocument=sized(limit - 1000))
        message = f"Maximum policy size of {limit} bytes exceeded for {kind.lower()} ana"
        refused = world.refused(put, **who, PolicyName="a", PolicyDocument=sized(1001))
        assert refused == ("LimitExceeded", message, 409)
