"""AssumeRole: a session of a role."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.stage import NOW, A, B, Stage

from clearance.model.estate import ManagedPolicy, MfaDevice, PolicyVersion, Secret
from clearance.model.principal import PrincipalKind
from clearance.operations.sts import OPERATIONS
from clearance.operations.sts.mfa import one_time_code

DEPLOY = f"arn:aws:iam::{A}:role/team/deploy"
READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
SERIAL = f"arn:aws:iam::{A}:mfa/ana"


@pytest.fixture
def sts() -> Stage:
    return Stage("sts", OPERATIONS)


def test_the_session_is_the_role(sts: Stage) -> None:
    answer = sts("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one")
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"AROADEPLOY{A}:one",
        "Arn": f"arn:aws:sts::{A}:assumed-role/deploy/one",
    }
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=1)
    assert "PackedPolicySize" not in answer
    who = sts.opened(answer)
    assert who.kind is PrincipalKind.ROLE_SESSION
    assert who.role_arn == DEPLOY, "with the path"
    assert who.tags == {"team": "red"}
    assert who.access_key == answer["Credentials"]["AccessKeyId"]
    assert who.session is not None
    assert not who.session.chained


def test_roles_of_other_accounts(sts: Stage) -> None:
    arn = f"arn:aws:iam::{B}:role/team/deploy"
    who = sts.opened(sts("AssumeRole", RoleArn=arn, RoleSessionName="one"))
    assert who.account == B


@pytest.mark.parametrize(
    "arn", [f"arn:aws:iam::{A}:role/none", f"arn:aws:iam::{A}:role/deploy", "arn:aws:s3:::a-bucket"]
)
def test_a_role_that_is_not_there(sts: Stage, arn: str) -> None:
    error = sts.refused("AssumeRole", RoleArn=arn, RoleSessionName="one")
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == (
        f"User: arn:aws:iam::{A}:user/ana is not authorized to perform: sts:AssumeRole on"
        f" resource: {arn}"
    )


def test_root_assumes_nothing(sts: Stage) -> None:
    sts.acts(sts.root())
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one")
    assert (error.code, error.message) == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"RoleSessionName": "a b"}, r"pattern: [\w+=,.@-]*"),
        ({"RoleSessionName": None}, "Value null at 'roleSessionName'"),
        ({"DurationSeconds": 899}, "greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "less than or equal to 43200"),
        ({"SourceIdentity": "aws:ana"}, "'sourceIdentity' failed to satisfy"),
        ({"ExternalId": "x"}, "'externalId' failed to satisfy"),
        ({"RoleArn": "not-an-arn-at-all-really"}, "not-an-arn-at-all-really is invalid"),
        ({"Policy": "x" * 2049}, "less than or equal to 2048"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/X"}] * 11}, "less than or equal to 10"),
        ({"Tags": [{"Key": str(i), "Value": ""} for i in range(51)]}, "less than or equal to 50"),
        ({"Tags": [{"Key": "a*", "Value": ""}]}, "'tags.1.member.key' failed to satisfy"),
        ({"PolicyArns": [{"arn": f"arn:aws:iam::{A}:policy/none"}]}, "does not exist"),
    ],
)
def test_bad_input(sts: Stage, given: dict[str, object], words: str) -> None:
    error = sts.refused("AssumeRole", **{"RoleArn": DEPLOY, "RoleSessionName": "one", **given})
    assert (error.code, error.status) == ("ValidationError", 400)
    assert words in error.message


def test_the_role_limits_the_duration(sts: Stage) -> None:
    answer = sts("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", DurationSeconds=7200)
    assert answer["Credentials"]["Expiration"] == NOW + timedelta(hours=2)
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", DurationSeconds=7201)
    assert error.message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )


def test_chaining_lasts_an_hour(sts: Stage) -> None:  # R99
    sts.acts(sts.session())
    who = sts.opened(sts("AssumeRole", RoleArn=DEPLOY, RoleSessionName="two"))
    assert who.session is not None
    assert who.session.chained
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="two", DurationSeconds=3601)
    assert error.message == (
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role"
        " chaining"
    )


def test_session_policies(sts: Stage) -> None:
    arn = f"arn:aws:iam::{A}:policy/read"
    policy = ManagedPolicy("read", "ANPA1", NOW, NOW, {"v1": PolicyVersion("v1", READ, NOW)})
    sts.estate = sts.estate.with_account(replace(sts.account, policies={arn: policy}))
    answer = sts(
        "AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", Policy=READ, PolicyArns=[{"arn": arn}]
    )
    assert 0 < answer["PackedPolicySize"] <= 100
    session = sts.opened(answer).session
    assert session is not None
    assert session.limited
    assert session.policies == (READ, READ)
    assert session.policy_arns == (arn,)


def test_a_policy_of_another_account_is_none(sts: Stage) -> None:
    arn = f"arn:aws:iam::{B}:policy/read"
    policy = ManagedPolicy("read", "ANPA1", NOW, NOW, {"v1": PolicyVersion("v1", READ, NOW)})
    other = replace(sts.estate.accounts[B], policies={arn: policy})
    sts.estate = sts.estate.with_account(other)
    given = {"RoleArn": DEPLOY, "RoleSessionName": "one", "PolicyArns": [{"arn": arn}]}
    assert sts.refused("AssumeRole", **given).code == "ValidationError"


@pytest.mark.parametrize("text", ["{", '{"Version":"2012-10-17"}', "[]"])
def test_malformed_policies(sts: Stage, text: str) -> None:
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", Policy=text)
    assert (error.code, error.status) == ("MalformedPolicyDocument", 400)


def test_too_many_tags_to_pack(sts: Stage) -> None:
    tags = [{"Key": f"T{i}", "Value": "a" * 250} for i in range(9)]
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", Tags=tags)
    assert error.code == "PackedPolicyTooLarge"
    assert error.message == "Packed size of session tags consumes 498% of allotted space."


def test_session_tags(sts: Stage) -> None:  # R97
    answer = sts(
        "AssumeRole",
        RoleArn=DEPLOY,
        RoleSessionName="one",
        Tags=[{"Key": "Team", "Value": "blue"}, {"Key": "cost", "Value": "7"}],
        TransitiveTagKeys=["team"],
    )
    session = sts.opened(answer).session
    assert session is not None
    assert session.tags == {"Team": "blue", "cost": "7"}
    assert session.transitive_tags == {"Team"}
    assert answer["PackedPolicySize"] > 0


def test_transitive_tags_live_on(sts: Stage) -> None:  # R97
    sts.acts(sts.session(tags={"Team": "blue", "cost": "7"}, transitive_tags=frozenset({"Team"})))
    tags = [{"Key": "stage", "Value": "x"}]
    session = sts.opened(
        sts("AssumeRole", RoleArn=DEPLOY, RoleSessionName="two", Tags=tags)
    ).session
    assert session is not None
    assert session.tags == {"Team": "blue", "stage": "x"}
    assert session.transitive_tags == {"Team"}


CONFLICT = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive"
    " tag key from the calling session."
)
NO_DEVICE = (
    ", unable to validate MFA code.  Please verify your MFA serial number is valid and associated"
    " with this user."
)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            {"TransitiveTagKeys": ["a"]},
            "The specified transitive tag key must be included in the requested tags.",
        ),
        ({"Tags": [{"Key": "team", "Value": ""}]}, CONFLICT),
    ],
)
def test_wrong_tags(sts: Stage, given: dict[str, object], words: str) -> None:
    sts.acts(sts.session(tags={"Team": "blue"}, transitive_tags=frozenset({"Team"})))
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", **given)
    assert (error.code, error.message) == ("InvalidParameterValue", words)


def test_source_identity_stays(sts: Stage) -> None:  # R96
    first = sts("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", SourceIdentity="ana")
    assert first["SourceIdentity"] == "ana"
    sts.acts(sts.opened(first))
    assert sts("AssumeRole", RoleArn=DEPLOY, RoleSessionName="two")["SourceIdentity"] == "ana"
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="two", SourceIdentity="bob")
    assert (error.code, error.status) == ("AccessDenied", 403)


def with_device(sts: Stage) -> None:
    device = MfaDevice(SERIAL, Secret(SEED), NOW, user="ana", enabled=NOW)
    sts.estate = sts.estate.with_account(replace(sts.account, mfa_devices={SERIAL: device}))


def test_one_time_codes(sts: Stage) -> None:
    with_device(sts)
    for step in (-1, 0, 1):
        code = one_time_code(SEED, NOW, step)
        given = {"RoleArn": DEPLOY, "RoleSessionName": "one", "TokenCode": code}
        session = sts.opened(sts("AssumeRole", **given, SerialNumber=SERIAL)).session
        assert session is not None
        assert session.mfa is False, "AssumeRole credentials carry no MFA"


@pytest.mark.parametrize(
    ("serial", "code", "words"),
    [
        (SERIAL, "000000", " with invalid MFA one time pass code. "),
        (SERIAL, None, ", must provide both MFA serial number and one time pass code."),
        (f"{SERIAL}2", "000000", NO_DEVICE),
    ],
)
def test_wrong_codes(sts: Stage, serial: str, code: str | None, words: str) -> None:
    with_device(sts)
    given = {"SerialNumber": serial, "TokenCode": code}
    error = sts.refused("AssumeRole", RoleArn=DEPLOY, RoleSessionName="one", **given)
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == f"MultiFactorAuthentication failed{words}"
