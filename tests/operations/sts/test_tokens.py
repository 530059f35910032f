"""Tokens of users and root, who the caller is, and what sessions may not call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.stage import NOW, A, Stage

from clearance.model.estate import AccessKey, MfaDevice, Secret
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.operations.fault import OperationError
from clearance.operations.sts import OPERATIONS, execution_session, refuse_restricted
from clearance.operations.sts.mfa import one_time_code

ANA = f"arn:aws:iam::{A}:user/ana"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SERIAL = f"arn:aws:iam::{A}:mfa/ana"


@pytest.fixture
def sts() -> Stage:
    return Stage("sts", OPERATIONS)


def test_every_kind_of_caller_is_told_who_it_is(sts: Stage) -> None:
    expected = {
        ANA: f"AIDAANA{A}",
        f"arn:aws:iam::{A}:root": A,
        f"arn:aws:sts::{A}:assumed-role/deploy/one": f"AROADEPLOY{A}:one",
    }
    for principal in (sts.user(A), sts.root(), sts.session()):
        sts.acts(principal)
        answer = sts("GetCallerIdentity")
        assert answer == {
            "Arn": principal.arn,
            "UserId": expected[principal.arn],
            "Account": A,
        }


def test_federated_users_too(sts: Stage) -> None:
    answer = sts("GetFederationToken", Name="bob")
    sts.acts(sts.opened(answer))
    assert sts("GetCallerIdentity") == {
        "Arn": f"arn:aws:sts::{A}:federated-user/bob",
        "UserId": f"{A}:bob",
        "Account": A,
    }


def test_session_tokens_are_the_user(sts: Stage) -> None:
    answer = sts("GetSessionToken")
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=12)
    who = sts.opened(answer)
    assert (who.kind, who.arn) == (PrincipalKind.USER, ANA)
    assert who.session is not None
    assert who.session.mfa is False


def test_session_tokens_with_mfa(sts: Stage) -> None:
    device = MfaDevice(SERIAL, Secret(SEED), NOW, user="ana", enabled=NOW)
    sts.estate = sts.estate.with_account(replace(sts.account, mfa_devices={SERIAL: device}))
    code = one_time_code(SEED, NOW)
    session = sts.opened(sts("GetSessionToken", SerialNumber=SERIAL, TokenCode=code)).session
    assert session is not None
    assert session.mfa
    assert session.mfa_age_from == NOW


def test_an_unreadable_seed_fails_closed(sts: Stage) -> None:
    device = MfaDevice(SERIAL, Secret("not base32!"), NOW, user="ana", enabled=NOW)
    sts.estate = sts.estate.with_account(replace(sts.account, mfa_devices={SERIAL: device}))
    error = sts.refused("GetSessionToken", SerialNumber=SERIAL, TokenCode="123456")
    assert error.code == "AccessDenied"


def test_root_gets_an_hour(sts: Stage) -> None:
    sts.acts(sts.root())
    for operation, given in (("GetSessionToken", {}), ("GetFederationToken", {"Name": "bob"})):
        answer = sts(operation, **given, DurationSeconds=129600)
        assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=1)


@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
def test_sessions_get_no_tokens(sts: Stage, operation: str) -> None:  # R99
    sts.acts(sts.session())
    error = sts.refused(operation, Name="bob") if "Fed" in operation else sts.refused(operation)
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == f"Cannot call {operation} with session credentials"


def test_federation_passes_policies_and_tags(sts: Stage) -> None:
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
    tags = [{"Key": "team", "Value": "x"}]
    answer = sts("GetFederationToken", Name="bob", Policy=policy, Tags=tags)
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{A}:bob",
        "Arn": f"arn:aws:sts::{A}:federated-user/bob",
    }
    who = sts.opened(answer)
    assert who.parent_arn == ANA
    assert who.session is not None
    assert who.session.policies == (policy,)
    assert who.session.tags == {"team": "x"}


@pytest.mark.parametrize(
    "given",
    [{"Name": "b"}, {"Name": "a b"}, {"Name": "b" * 33}, {"Name": "bob", "DurationSeconds": 1}, {}],
)
def test_bad_federation(sts: Stage, given: dict[str, object]) -> None:
    assert sts.refused("GetFederationToken", **given).code == "ValidationError"


def test_access_keys_tell_their_account(sts: Stage) -> None:
    key = AccessKey("AKIAIOSFODNN7EXAMPLE", Secret("x"), NOW)
    user = replace(sts.account.users["ana"], keys={key.id: key})
    sts.estate = sts.estate.with_account(replace(sts.account, users={"ana": user}))
    assert sts("GetAccessKeyInfo", AccessKeyId=key.id) == {"Account": A}
    assert sts.refused("GetAccessKeyInfo", AccessKeyId="AKIAXXXXXXXXXXXXXXXX").status == 400
    assert "greater than or equal to 16" in sts.refused("GetAccessKeyInfo", AccessKeyId="A").message


USER = Principal(PrincipalKind.USER, ANA, A, session=Session())
MFA_USER = replace(USER, session=Session(mfa=True))
FEDERATED = Principal(PrincipalKind.FEDERATED_USER, "x", A, session=Session())
ROLE = Principal(PrincipalKind.ROLE_SESSION, "x", A, session=Session())


@pytest.mark.parametrize(
    ("principal", "call", "code"),
    [
        (USER, "iam:ListUsers", "InvalidClientTokenId"),
        (MFA_USER, "iam:ListUsers", None),
        (FEDERATED, "iam:ListUsers", "InvalidClientTokenId"),
        (ROLE, "iam:ListUsers", None),
        (replace(USER, session=None), "iam:ListUsers", None),
        (USER, "sts:AssumeRole", None),
        (USER, "sts:GetSessionToken", "AccessDenied"),
        (USER, "sts:DecodeAuthorizationMessage", "AccessDenied"),
        (FEDERATED, "sts:AssumeRole", "AccessDenied"),
        (FEDERATED, "sts:GetCallerIdentity", None),
        (ROLE, "sts:AssumeRole", None),
        (ROLE, "sts:GetFederationToken", "AccessDenied"),
        (FEDERATED, "s3:GetObject", None),
        (Principal(PrincipalKind.ROOT, "x", A), "sts:AssumeRole", "AccessDenied"),
        (Principal(PrincipalKind.ROOT, "x", A), "sts:GetSessionToken", None),
    ],
)
def test_what_sessions_may_never_call(principal: Principal, call: str, code: str | None) -> None:
    service, operation = call.split(":")
    if code is None:
        refuse_restricted(principal, service, operation)
        return
    with pytest.raises(OperationError) as caught:  # R99
        refuse_restricted(principal, service, operation)
    assert (caught.value.code, caught.value.status) == (code, 403)


def test_functions_run_as_their_role(sts: Stage) -> None:  # R214
    arn = f"arn:aws:lambda:us-east-1:{A}:function:f"
    role = f"arn:aws:iam::{A}:role/exec"
    credentials = execution_session(sts.estate, role, arn, ports=sts.ports, now=NOW)
    who = sts.ports.open(credentials.session_token).principal
    assert who == credentials.principal
    assert who.arn == f"arn:aws:sts::{A}:assumed-role/exec/f"
    assert who.session is not None
    assert who.session.source_function_arn == arn
    assert credentials.expiration > NOW
    assert credentials.secret_access_key not in repr(credentials)
    with pytest.raises(OperationError, match="cannot be assumed by Lambda"):
        execution_session(sts.estate, f"{role}2", arn, ports=sts.ports, now=NOW)
