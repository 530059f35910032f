"""AssumeRoot: which caller may, for which account, with which task (R99a)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.endpoints import (
    MADE,
    Credentials,
    Failure,
    Site,
    allow,
    attempt,
    credentials_of,
    key_of,
    site,
)

from clearance.model.estate import (
    Account,
    Estate,
    OrgAccount,
    Organization,
    OrgUnit,
    Resource,
    User,
)

MANAGEMENT, MEMBER, DELEGATE, STRANGER = (digit * 12 for digit in "1234")
UNLOCK = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
DENY = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*",'
LOCKED = DENY + '"Resource":["arn:aws:s3:::locked","arn:aws:s3:::locked/*"]}}'


def account(number: str) -> Account:
    names = {"1": "manager", "2": "member", "3": "delegate", "4": "stranger"}
    root, key = key_of(f"{names[number[0]]}root"), key_of(names[number[0]])
    may = {"p": allow("sts:AssumeRoot")}
    ada = User("ada", f"AIDAADA{number}", MADE, keys={key.id: key}, inline=may)
    return Account(number, root_keys={root.id: root}, users={"ada": ada})


def estate() -> Estate:
    member = account(MEMBER)
    bucket = Resource("arn:aws:s3:::locked", LOCKED)
    member = replace(member, resources={bucket.arn: bucket})
    organization = Organization(
        "o-exampleorg1",
        MANAGEMENT,
        {"r-root": OrgUnit("r-root", "Root")},
        {n: OrgAccount(n, n, "r-root") for n in (MANAGEMENT, MEMBER, DELEGATE)},
        root_features=frozenset({"RootSessions", "RootCredentialsManagement"}),
        delegated={DELEGATE: {"iam.amazonaws.com": MADE}},
        enabled=frozenset(),
        services={"iam.amazonaws.com": MADE},
    )
    others = (account(n) for n in (MANAGEMENT, DELEGATE, STRANGER))
    accounts = {a.id: a for a in (member, *others)}
    return Estate(accounts, {organization.id: organization})


@pytest.fixture(scope="module")
def organized() -> Iterator[Site]:
    with site(estate()) as found:
        yield found


MANAGER, OTHER = credentials_of(key_of("manager")), credentials_of(key_of("stranger"))


def assume(
    found: Site, who: Credentials = MANAGER, target: str = MEMBER, task: str = UNLOCK, **more: Any
) -> Any:
    return attempt(
        found.client("sts", who).assume_root,
        TargetPrincipal=target,
        TaskPolicyArn={"arn": task},
        **more,
    )


def of(answer: Any) -> Credentials:
    held = answer["Credentials"]
    return Credentials(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"])


@pytest.mark.parametrize("who", ["manager", "delegate"])
def test_the_organizations_administrators_may(organized: Site, who: str) -> None:
    answer = assume(organized, credentials_of(key_of(who)))
    told = organized.client("sts", of(answer)).get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{MEMBER}:root"


def test_the_session_can_do_its_task_and_nothing_else(organized: Site) -> None:
    who = of(assume(organized))
    s3 = organized.client("s3", who)
    assert attempt(s3.list_objects_v2, Bucket="locked").code == "AccessDenied"
    assert attempt(organized.client("iam", who).create_user, UserName="x").code == "AccessDenied"
    s3.delete_bucket_policy(Bucket="locked")
    held = organized.started.world.estate.accounts[MEMBER].resources["arn:aws:s3:::locked"]
    assert held.policy is None


@pytest.mark.parametrize(
    ("who", "target", "task", "code"),
    [
        ("stranger", MEMBER, UNLOCK, "AccessDenied"),
        ("member", DELEGATE, UNLOCK, "AccessDenied"),
        ("manager", STRANGER, UNLOCK, "AccessDenied"),
        ("manager", MANAGEMENT, UNLOCK, "AccessDenied"),
        ("managerroot", MEMBER, UNLOCK, "AccessDenied"),
        ("manager", MEMBER, "arn:aws:iam::aws:policy/AdministratorAccess", "ValidationError"),
        ("manager", "999999999999", UNLOCK, "ValidationError"),
    ],
)
def test_nobody_else_and_nothing_else(
    organized: Site, who: str, target: str, task: str, code: str
) -> None:
    answer = assume(organized, credentials_of(key_of(who)), target, task)
    assert isinstance(answer, Failure)
    assert answer.code == code, answer


def test_it_takes_a_permission_and_the_feature(organized: Site) -> None:
    iam = organized.client("iam", credentials_of(key_of("managerroot")))
    condition = {"StringEquals": {"sts:TaskPolicyArn": AUDIT}}
    narrow = allow("sts:AssumeRoot", Condition=condition)
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=narrow)
    assert assume(organized).code == "AccessDenied"
    assert "Credentials" in assume(organized, task=AUDIT)
    iam.put_user_policy(
        UserName="ada", PolicyName="p", PolicyDocument=allow(["sts:AssumeRoot", "iam:*"])
    )
    organized.client("iam", MANAGER).disable_organizations_root_sessions()
    answer = assume(organized)
    assert (answer.code, "RootSessions is not enabled" in answer.message) == ("AccessDenied", True)
