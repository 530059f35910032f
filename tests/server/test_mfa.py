"""A code in AssumeRole over the wire: right, wrong, of nobody, and where it is not asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.endpoints import (
    ACCOUNT,
    Failure,
    Site,
    attempt,
    credentials_of,
    document,
    key_of,
    site,
    small_estate,
)

from clearance.model.estate import MfaDevice, Role, Secret, TrustPolicy
from clearance.operations.sts.mfa import one_time_code

MADE = datetime(2026, 1, 1, tzinfo=UTC)
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/ana"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
CAREFUL = f"arn:aws:iam::{ACCOUNT}:role/careful"
EASY = f"arn:aws:iam::{ACCOUNT}:role/easy"


def role(name: str, condition: dict[str, dict[str, str]]) -> Role:
    """A role that user ana may assume under a condition."""
    who = {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "sts:AssumeRole"}
    text = document(who | {"Condition": condition})
    return Role(name, f"AROA{name.upper():X<17.17}", MADE, TrustPolicy(text))


@pytest.fixture(scope="module")
def asked() -> Iterator[Site]:
    estate = small_estate()
    account = estate.accounts[ACCOUNT]
    roles = (role("careful", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}), role("easy", {}))
    device = MfaDevice(SERIAL, Secret(SEED), MADE, user="ana", enabled=MADE)
    account = replace(
        account,
        roles={**account.roles, **{r.name: r for r in roles}},
        mfa_devices={SERIAL: device},
    )
    with site(estate.with_account(account)) as found:
        yield found


def assume(asked: Site, arn: str = CAREFUL, **more: str) -> object:
    sts = asked.client("sts", credentials_of(key_of("ana")))
    return attempt(sts.assume_role, RoleArn=arn, RoleSessionName="one", **more)


def wrong() -> str:
    """Six digits that no step near this one shows."""
    now = datetime.now(UTC)
    shown = {one_time_code(SEED, now, step) for step in range(-3, 4)}
    return next(code for code in (f"{n:06}" for n in range(8)) if code not in shown)


def test_a_right_code_opens_the_role(asked: Site) -> None:
    code = one_time_code(SEED, datetime.now(UTC))
    assert not isinstance(assume(asked, SerialNumber=SERIAL, TokenCode=code), Failure)


@pytest.mark.parametrize("arn", [CAREFUL, EASY])
def test_a_wrong_code_is_told_as_such(asked: Site, arn: str) -> None:
    assert assume(asked, arn, SerialNumber=SERIAL, TokenCode=wrong()) == Failure(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
        403,
    )


def test_a_device_of_nobody_is_told_as_such(asked: Site) -> None:
    found = assume(asked, SerialNumber=f"{SERIAL}2", TokenCode=wrong())
    assert isinstance(found, Failure)
    assert found.code == "AccessDenied"
    assert "unable to validate MFA code" in found.message


def test_no_code_is_the_trust_policys_affair(asked: Site) -> None:
    assert assume(asked) == Failure(
        "AccessDenied",
        f"User: {ANA} is not authorized to perform: sts:AssumeRole on resource: {CAREFUL}",
        403,
    )
    assert not isinstance(assume(asked, EASY), Failure)
