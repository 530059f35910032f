"""All layers of one caller, and whole estates."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.prove.build import allow, deny, text

from clearance.decide import PolicySet
from clearance.decide.attach import attach
from clearance.decide.identify import identify
from clearance.model.estate import (
    FULL_ACCESS,
    Account,
    Estate,
    Group,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    Resource,
    Role,
    TrustPolicy,
    User,
)
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.prove import Verdict, World, estate_diff, newly_granted, within_granted

WORLD = World(strict=True)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANA = identify("arn:aws:iam::111122223333:user/ana")


def one(kind: PolicyType, *statements: dict[str, object]) -> tuple[AttachedPolicy, ...]:
    return (attach(text(*statements), kind, kind.value),)


IDENTITY = one(PolicyType.IDENTITY, allow(["s3:*", "ec2:*"]))


def test_a_boundary_hides_what_an_identity_policy_adds() -> None:
    bounded = PolicySet(identity=IDENTITY, boundary=one(PolicyType.BOUNDARY, allow("s3:*")))
    wider = replace(bounded, identity=one(PolicyType.IDENTITY, allow("*")))
    assert within_granted(ANA, bounded, wider, WORLD).proven
    free = replace(wider, boundary=None)
    assert within_granted(ANA, bounded, free, WORLD).verdict is Verdict.REFUTED


def test_a_deny_in_any_layer_takes_away() -> None:
    before = PolicySet(identity=IDENTITY)
    after = replace(before, scps=(one(PolicyType.SCP, allow("*"), deny("s3:Delete*")),))
    assert within_granted(ANA, before, after, WORLD).proven
    lost = newly_granted(ANA, after, before, WORLD)
    assert [row.actions for row in lost.rows] == [("s3:Delete*",)] or lost.rows
    assert all(row.witness.action.lower().startswith("s3:delete") for row in lost.rows)


def test_across_accounts_both_sides_must_allow() -> None:
    """R70."""
    grants = one(PolicyType.RESOURCE, allow("s3:GetObject", Principal={"AWS": ANA.arn}))
    alone = PolicySet(resource=grants)
    both = PolicySet(identity=IDENTITY, resource=grants)
    assert within_granted(ANA, PolicySet(), alone, WORLD, same_account=False).proven
    assert not within_granted(ANA, PolicySet(), alone, WORLD).proven
    found = newly_granted(ANA, PolicySet(), both, WORLD, same_account=False)
    assert {row.witness.action for row in found.rows} == {"s3:GetObject"}


def test_what_a_caller_is_called_is_known() -> None:
    own = PolicySet(
        identity=one(PolicyType.IDENTITY, allow("s3:*", "arn:aws:s3:::b/${aws:username}/*"))
    )
    named = PolicySet(identity=one(PolicyType.IDENTITY, allow("s3:*", "arn:aws:s3:::b/ana/*")))
    assert within_granted(ANA, named, own, WORLD).proven
    assert within_granted(ANA, own, named, WORLD).proven
    tagged = {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}
    never = PolicySet(identity=one(PolicyType.IDENTITY, allow("s3:*", "*", tagged)))
    assert within_granted(ANA, PolicySet(), never, WORLD).proven


def test_keys_need_the_key_policy() -> None:
    """R100."""
    mine = PolicySet(identity=one(PolicyType.IDENTITY, allow("kms:*", "arn:aws:kms:*:*:key/*")))
    assert within_granted(ANA, PolicySet(), mine, WORLD).proven
    delegated = replace(
        mine,
        resource=one(PolicyType.RESOURCE, allow("kms:*", Principal={"AWS": "111122223333"})),
    )
    assert within_granted(ANA, PolicySet(), delegated, WORLD).verdict is Verdict.REFUTED


@pytest.mark.parametrize("action", ["sts:GetCallerIdentity", "sts:GetSessionToken"])
def test_what_needs_no_permission_never_changes(action: str) -> None:
    """R98."""
    denied = PolicySet(identity=one(PolicyType.IDENTITY, deny(action)))
    assert within_granted(ANA, denied, PolicySet(), WORLD).proven


def estate(
    *statements: dict[str, object], scp: str = FULL_ACCESS, bucket: str | None = None
) -> Estate:
    users = {
        name: User(name, f"AIDA{name.upper():A<16}", NOW, inline={"own": text(*statements)})
        for name in ("ana", "bob")
    }
    roles = {
        "app": Role("app", "AROAEXAMPLEEXAMPLE", NOW, TrustPolicy(text()), inline={}),
    }
    held = {"arn:aws:s3:::b": Resource("arn:aws:s3:::b", bucket)}
    account = Account("111122223333", users=users, roles=roles, resources=held)
    policies = {"p-1": OrgPolicy("p-1", "scp", "SERVICE_CONTROL_POLICY", scp)}
    organization = Organization(
        "o-1",
        "999988887777",
        {"r-1": OrgUnit("r-1", "Root")},
        {account.id: OrgAccount(account.id, "a", "r-1")},
        policies,
        {"r-1": ("p-1",), account.id: ("p-1",)},
        frozenset({"SERVICE_CONTROL_POLICY"}),
    )
    return Estate({account.id: account}, {"o-1": organization})


READ = allow("s3:GetObject", "arn:aws:s3:::b/*")


def test_an_estate_that_stays_changes_nothing() -> None:
    assert estate_diff(estate(READ), estate(READ), WORLD).verdict is Verdict.PROVEN


def test_every_principal_says_what_it_gains() -> None:
    found = estate_diff(estate(READ), estate(READ, allow("s3:PutObject")), WORLD)
    assert [one.principal.rsplit("/", 1)[-1] for one in found.principals] == ["ana", "bob"]
    for change in found.principals:
        assert [row.actions for row in change.gains.rows] == [("s3:PutObject",)]
        assert change.losses.answer.proven
        assert change.gains.rows[0].witness.principal.arn == change.principal
    assert found.to_json()["nothing"] == "refuted"


def test_a_service_control_policy_takes_from_everyone() -> None:
    scp = text(allow("*"), deny("s3:GetObject"))
    found = estate_diff(estate(READ), estate(READ, scp=scp), WORLD)
    assert len(found.principals) == 2
    assert all(one.gains.answer.proven and one.losses.rows for one in found.principals)


def _changes(start: Estate) -> Iterator[Estate]:
    """Estates one step from this one, that share with it what stayed."""
    (account,) = start.accounts.values()
    ana, more = account.users["ana"], text(allow("s3:PutObject"))
    grown = replace(ana, inline={**ana.inline, "more": more})
    yield start.with_account(replace(account, users={**account.users, "ana": grown}))
    yield start.with_account(replace(account, users={"bob": account.users["bob"]}))
    app = replace(account.roles["app"], inline={"more": more})
    yield start.with_account(replace(account, roles={"app": app}))
    everybody = Group("all", "AGPAEXAMPLE", NOW, inline={"more": more})
    yield start.with_account(replace(account, groups={"all": everybody}))
    scp = estate(READ, scp=text(deny("s3:GetObject"))).organizations
    yield replace(start, organizations=scp)
    yield Estate()


@pytest.mark.parametrize("step", range(6))
def test_what_two_estates_share_is_only_a_shorter_way(step: int) -> None:
    """A journal's estates share objects; the answer is that for estates that share none."""
    start = estate(READ)
    (account,) = start.accounts.values()
    members = {n: replace(u, groups=("all",)) for n, u in account.users.items()}
    silent = Group("all", "AGPAEXAMPLE", NOW)
    start = start.with_account(replace(account, users=members, groups={"all": silent}))
    after = list(_changes(start))[step]
    shared, apart = estate_diff(start, after, WORLD), estate_diff(start, deepcopy(after), WORLD)
    assert shared.principals
    assert shared.to_json() == apart.to_json()


def test_a_resource_policy_says_whom_it_lets_in() -> None:
    bucket = text(allow("s3:GetObject", "arn:aws:s3:::b/*", Principal={"AWS": "444455556666"}))
    found = estate_diff(estate(READ), estate(READ, bucket=bucket), WORLD)
    assert [one.resource for one in found.resources] == ["arn:aws:s3:::b"]
    (row, *_) = found.resources[0].comparison.newly_allowed.rows
    assert row.witness.principal.account == "444455556666"
