"""A member account acting for the organization by its resource policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoints import ACCOUNT, Credentials, Failure, Site, attempt, site, small_estate


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with site(small_estate()) as found:
        found.client("organizations").create_organization()
        yield found


def policy(member: str, *actions: str, effect: str = "Allow") -> str:
    statement = {
        "Effect": effect,
        "Principal": {"AWS": f"arn:aws:iam::{member}:root"},
        "Action": list(actions),
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def member(served: Site) -> tuple[str, Credentials]:
    """A new member account and an administrator in it."""
    org = served.client("organizations")
    made = org.create_account(Email=f"m{id(org)}@example.com", AccountName="m")
    number = made["CreateAccountStatus"]["AccountId"]
    role = f"arn:aws:iam::{number}:role/OrganizationAccountAccessRole"
    who = served.user("assumer", json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}]}))  # fmt: skip
    found = served.client("sts", who).assume_role(RoleArn=role, RoleSessionName="session")[
        "Credentials"
    ]
    return number, Credentials(
        found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
    )


def test_what_the_policy_delegates_and_nothing_else(served: Site) -> None:
    org = served.client("organizations")
    number, who = member(served)
    theirs: Any = served.client("organizations", who)
    (root,) = org.list_roots()["Roots"]
    assert attempt(org.describe_resource_policy).code == "ResourcePolicyNotFoundException"
    assert attempt(theirs.list_accounts).code == "AccessDeniedException"
    assert attempt(theirs.list_policies, Filter="TAG_POLICY").code == "AccessDeniedException"

    made = org.put_resource_policy(
        Content=policy(
            number, "organizations:ListAccounts", "organizations:CreatePolicy",
            "organizations:ListPoliciesForTarget", "organizations:PutResourcePolicy",
        ),
        Tags=[{"Key": "a", "Value": "b"}],
    )["ResourcePolicy"]["ResourcePolicySummary"]  # fmt: skip
    assert made["Arn"].startswith(f"arn:aws:organizations::{ACCOUNT}:resourcepolicy/o-")
    assert org.list_tags_for_resource(ResourceId=made["Id"])["Tags"] == [{"Key": "a", "Value": "b"}]
    assert {a["Id"] for a in theirs.list_accounts()["Accounts"]} == {ACCOUNT, number}
    given = {"TargetId": root["Id"], "Filter": "SERVICE_CONTROL_POLICY"}
    assert theirs.list_policies_for_target(**given)["Policies"] == []
    tags = json.dumps({"tags": {"a": {"tag_key": {"@@assign": "A"}}}})
    created = theirs.create_policy(Name="t", Description="", Type="TAG_POLICY", Content=tags)
    name = created["Policy"]["PolicySummary"]["Id"]
    assert org.describe_policy(PolicyId=name)["Policy"]["Content"] == tags
    # Not in the policy, and the policy itself, stay the management account's.
    for refused in (
        attempt(theirs.describe_policy, PolicyId=name),
        attempt(theirs.delete_policy, PolicyId=name),
        attempt(theirs.put_resource_policy, Content=policy(number, "*")),
        attempt(theirs.list_roots),
    ):
        assert isinstance(refused, Failure)
        assert refused.code == "AccessDeniedException"

    org.put_resource_policy(Content=policy(number, "organizations:ListRoots"))
    assert attempt(theirs.list_accounts).code == "AccessDeniedException"
    assert theirs.list_roots()["Roots"]
    org.delete_resource_policy()
    assert attempt(theirs.list_roots).code == "AccessDeniedException"


def test_what_is_no_policy(served: Site) -> None:
    org = served.client("organizations")
    for content in ("{", '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'):
        assert attempt(org.put_resource_policy, Content=content).code == "InvalidInputException"
