"""A role that wants MFA: the code in AssumeRole counts before the trust policy is asked (R99c)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.operations.stage import NOW, A, Stage

from clearance.decide import authorize
from clearance.facts.catalog import load_catalog
from clearance.facts.services import service
from clearance.model.estate import MfaDevice, Role, Secret, TrustPolicy
from clearance.model.request import Context, Request
from clearance.operations.permissions.required import required
from clearance.operations.sts import OPERATIONS
from clearance.operations.sts.mfa import one_time_code

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SERIAL = f"arn:aws:iam::{A}:mfa/ana"
CAREFUL = f"arn:aws:iam::{A}:role/careful"
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'
    f"arn:aws:iam::{A}:user/ana"
    '"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},'
    '"NumericLessThan":{"aws:MultiFactorAuthAge":"60"}}}]}'
)


@pytest.fixture
def sts() -> Stage:
    stage = Stage("sts", OPERATIONS)
    role = Role("careful", "AROACAREFUL", NOW, TrustPolicy(TRUST))
    device = MfaDevice(SERIAL, Secret(SEED), NOW, user="ana", enabled=NOW)
    account = replace(
        stage.account,
        roles={**stage.account.roles, role.name: role},
        mfa_devices={SERIAL: device},
    )
    stage.estate = stage.estate.with_account(account)
    return stage


def allowed(sts: Stage, **given: str) -> bool:
    whole = {"RoleArn": CAREFUL, "RoleSessionName": "one", **given}
    model = service("sts")
    asked = required(sts.estate, sts.call, "sts", "AssumeRole", whole, load_catalog(), model=model)
    return all(
        authorize(
            sts.estate,
            Request(sts.call.principal, p.action, p.resource, Context.of(p.context)),
            now=NOW,
        ).allowed
        for p in asked
    )


def test_with_a_code(sts: Stage) -> None:
    code = one_time_code(SEED, NOW)
    assert allowed(sts, SerialNumber=SERIAL, TokenCode=code)
    sts(
        "AssumeRole",
        RoleArn=CAREFUL,
        RoleSessionName="one",
        SerialNumber=SERIAL,
        TokenCode=code,
    )


def test_without_one(sts: Stage) -> None:
    assert not allowed(sts)


def test_with_a_wrong_one(sts: Stage) -> None:
    assert not allowed(sts, SerialNumber=SERIAL, TokenCode="000000")
    assert not allowed(sts, SerialNumber=SERIAL)


def test_somebody_elses_device(sts: Stage) -> None:
    users = {**sts.account.users, "bob": replace(sts.account.users["ana"], name="bob")}
    sts.estate = sts.estate.with_account(replace(sts.account, users=users))
    code = one_time_code(SEED, NOW)
    sts.acts(sts.user(A, "bob"))
    assert not allowed(sts, SerialNumber=SERIAL, TokenCode=code)
    given = {"SerialNumber": SERIAL, "TokenCode": code}
    error = sts.refused("GetSessionToken", **given)
    assert "is valid and associated with this user" in error.message


def test_a_device_that_is_not_enabled(sts: Stage) -> None:
    device = replace(sts.account.mfa_devices[SERIAL], enabled=None)
    sts.estate = sts.estate.with_account(replace(sts.account, mfa_devices={SERIAL: device}))
    given = {"SerialNumber": SERIAL, "TokenCode": one_time_code(SEED, NOW)}
    assert sts.refused("GetSessionToken", **given).code == "AccessDenied"
