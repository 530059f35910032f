"""When uses are written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.endpoints import ACCOUNT, MADE, key_of, small_estate

from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.server.usage import Usage

KEY = key_of("ana").id


def ana(estate: Estate) -> Principal:
    user = estate.accounts[ACCOUNT].users["ana"]
    return Principal(
        PrincipalKind.USER, f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT, unique_id=user.id,
        access_key=KEY,
    )  # fmt: skip


def used(usage: Usage, estate: Estate, minutes: float, action: str = "iam:GetUser") -> None:
    when = MADE + timedelta(minutes=minutes)
    usage.mark(ana(estate), "iam", "us-east-1", when)
    usage.mark_actions(ana(estate), [action], "us-east-1", when)


def test_a_use_that_is_little_newer_waits() -> None:
    estate, usage = small_estate(), Usage()
    used(usage, estate, 0)
    first = usage.kept(estate, exact=False)
    assert first is not estate
    used(usage, first, 5)
    assert usage.kept(first, exact=False) is first
    assert usage.waiting
    asked = usage.kept(first)
    key = asked.accounts[ACCOUNT].users["ana"].keys[KEY]
    assert key.last_used == MADE + timedelta(minutes=5)
    assert not usage.waiting
    used(usage, asked, 21)
    later = usage.kept(asked, exact=False)
    (accessed,) = later.accounts[ACCOUNT].accessed.values()
    assert accessed.actions["iam:GetUser"].when == MADE + timedelta(minutes=21)


def test_a_new_action_does_not_wait() -> None:
    estate, usage = small_estate(), Usage()
    used(usage, estate, 0)
    first = usage.kept(estate, exact=False)
    used(usage, first, 1, "iam:ListUsers")
    second = usage.kept(first, exact=False)
    (accessed,) = second.accounts[ACCOUNT].accessed.values()
    assert set(accessed.actions) == {"iam:GetUser", "iam:ListUsers"}
    assert set(accessed.services) == {"iam"}


def test_who_is_gone_is_forgotten() -> None:
    estate, usage = small_estate(), Usage()
    who = ana(estate)
    used(usage, estate, 0)
    first = usage.kept(estate)
    account = first.accounts[ACCOUNT]
    left = {name: user for name, user in account.users.items() if name != "ana"}
    without = first.with_account(replace(account, users=left))
    usage.mark_actions(who, ["iam:GetUser"], "us-east-1", MADE)
    assert usage.kept(without).accounts[ACCOUNT].accessed == {}
