from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from tests.operations.iam.world import ADMIN, EC2_TRUST, A, World

from clearance.model.estate import FULL_ACCESS

OWN = f"arn:aws:iam::{A}:policy/p"
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@pytest.fixture
def world() -> World:
    world = World()
    inline = {"PolicyName": "in", "PolicyDocument": FULL_ACCESS}
    world("CreatePolicy", PolicyName="p", PolicyDocument=FULL_ACCESS, Description="d")
    world("CreateUser", UserName="ana", PermissionsBoundary=ADMIN)
    world("CreateGroup", GroupName="devs")
    world("AddUserToGroup", GroupName="devs", UserName="ana")
    world("CreateRole", RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
    for kind, name in (("User", "ana"), ("Group", "devs"), ("Role", "app")):
        world(f"Put{kind}Policy", **{f"{kind}Name": name}, **inline)
        world(f"Attach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=OWN)
    world("CreateInstanceProfile", InstanceProfileName="web")
    world("AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="app")
    return world


def test_everything_is_told(world: World) -> None:
    output = world("GetAccountAuthorizationDetails")
    user, group, role = (output[name][0] for name in LISTS[:3])
    assert user["GroupList"] == ["devs"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMIN
    assert group["GroupName"] == "devs"
    assert role["InstanceProfileList"][0]["InstanceProfileName"] == "web"
    assert role["RoleLastUsed"] == {}
    for owner, inline in ((user, "User"), (group, "Group"), (role, "Role")):
        assert unquote(owner[f"{inline}PolicyList"][0]["PolicyDocument"]) == FULL_ACCESS
        attached = [{"PolicyName": "p", "PolicyArn": OWN}]
        assert owner["AttachedManagedPolicies"] == attached
    policies = {policy["Arn"]: policy for policy in output["Policies"]}
    assert policies.keys() == {OWN, ADMIN}
    assert policies[OWN]["AttachmentCount"] == 3
    assert policies[ADMIN]["PermissionsBoundaryUsageCount"] == 1
    assert unquote(policies[OWN]["PolicyVersionList"][0]["Document"]) == FULL_ACCESS


@pytest.mark.parametrize(
    ("wanted", "counts"),
    [
        (["User"], (1, 0, 0, 0)),
        (["Group"], (0, 1, 0, 0)),
        (["Role"], (0, 0, 1, 0)),
        (["LocalManagedPolicy"], (0, 0, 0, 1)),
        (["AWSManagedPolicy"], (0, 0, 0, 1)),
        (["User", "Role", "AWSManagedPolicy"], (1, 0, 1, 1)),
        ([], (1, 1, 1, 2)),
    ],
)
def test_filters(world: World, wanted: list[str], counts: tuple[int, ...]) -> None:
    output = world("GetAccountAuthorizationDetails", Filter=wanted)
    assert tuple(len(output[name]) for name in LISTS) == counts


def test_pages_span_the_lists(world: World) -> None:
    whole: Any = world("GetAccountAuthorizationDetails")
    found: dict[str, list[Any]] = {name: [] for name in LISTS}
    rest: dict[str, str] = {}
    while True:
        output = world("GetAccountAuthorizationDetails", MaxItems=2, **rest)
        assert sum(len(output[name]) for name in LISTS) <= 2
        for name in LISTS:
            found[name] += output[name]
        if not output["IsTruncated"]:
            break
        rest = {"Marker": output["Marker"]}
    assert found == {name: whole[name] for name in LISTS}


def test_an_unknown_filter(world: World) -> None:
    assert world.refused("GetAccountAuthorizationDetails", Filter=["Key"])[0] == "ValidationError"


def test_a_policy_of_aws_whose_text_is_not_known_is_left_out(world: World) -> None:
    world("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
    output = world("GetAccountAuthorizationDetails", Filter=["AWSManagedPolicy"])
    assert [policy["Arn"] for policy in output["Policies"]] == [ADMIN]


def allowing(action: str, element: str = "Action") -> str:
    return (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*",'
        f'"{element}":"{action}"}}}}'
    )


class TestGrants:
    @pytest.mark.parametrize(
        ("document", "grants"),
        [
            (allowing("s3:GetObject"), True),
            (allowing("S3:*"), True),
            (allowing("*"), True),
            (allowing("s*:Get*"), True),
            (allowing("iam:*"), False),
            (allowing("iam:*", "NotAction"), True),
            (allowing("s3:*", "NotAction"), False),
            (allowing("s3:*").replace("Allow", "Deny"), False),
        ],
    )
    def test_which_policies_grant(self, document: str, grants: bool) -> None:  # noqa: FBT001
        world = World()
        world("CreateRole", RoleName="app", AssumeRolePolicyDocument=EC2_TRUST)
        world("PutRolePolicy", RoleName="app", PolicyName="in", PolicyDocument=document)
        output = world(
            "ListPoliciesGrantingServiceAccess",
            Arn=f"arn:aws:iam::{A}:role/app",
            ServiceNamespaces=["s3"],
        )
        granting = {
            "PolicyName": "in",
            "PolicyType": "INLINE",
            "EntityType": "ROLE",
            "EntityName": "app",
        }
        entry = {"ServiceNamespace": "s3", "Policies": [granting] if grants else []}
        assert output["PoliciesGrantingServiceAccess"] == [entry]

    def test_a_users_groups_count(self, world: World) -> None:
        given = {"Arn": f"arn:aws:iam::{A}:user/ana", "ServiceNamespaces": ["s3", "iam"]}
        entries = world("ListPoliciesGrantingServiceAccess", **given)
        s3, _ = entries["PoliciesGrantingServiceAccess"]
        shown = [(p["PolicyName"], p.get("EntityName"), p.get("PolicyArn")) for p in s3["Policies"]]
        assert shown == [
            ("in", "ana", None),
            ("p", None, OWN),
            ("in", "devs", None),
            ("p", None, OWN),
        ]

    @pytest.mark.parametrize(
        ("arn", "code"),
        [
            (f"arn:aws:iam::{A}:user/eve", "NoSuchEntity"),
            (f"arn:aws:iam::{A}:user/x/ana", "NoSuchEntity"),
            (f"arn:aws:iam::{A}:policy/p", "InvalidInput"),
            ("ana is not an ARN at all", "InvalidInput"),
        ],
    )
    def test_odd_identities(self, world: World, arn: str, code: str) -> None:
        given = {"Arn": arn, "ServiceNamespaces": ["s3"]}
        assert world.refused("ListPoliciesGrantingServiceAccess", **given)[0] == code
