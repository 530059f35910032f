"""Records to requests: action, resource, caller and keys; what is not told stays unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.batch.events import HOME, event, record, rows_of, session, user
from tests.estates import estate

from clearance import wiring
from clearance.batch.requests import Call, Mapper, Outcome, Row, Skipped
from clearance.model.estate import Estate
from clearance.model.principal import PrincipalKind
from clearance.model.request import KeyState, Request

CASES = json.loads((Path(__file__).parents[1] / "vectors/cloudtrail/requests.json").read_text())
AWAY = "222222222222"


class Everything:
    """Policies that speak of every key."""

    def __contains__(self, key: object) -> bool:
        return True


class Nothing:
    """Policies without conditions."""

    def __contains__(self, key: object) -> bool:
        return False


def mapper(world: Estate | None = None, spoken: Any = None) -> Mapper:
    return Mapper(world or Estate(), wiring.catalog(), spoken or Everything())


def call(given: dict[str, Any], folder: Path, world: Estate | None = None) -> Call:
    made = mapper(world).call(row(given, folder))
    assert isinstance(made, Call), made
    return made


def row(given: dict[str, Any], folder: Path) -> Row:
    (made,) = rows_of([record(given, folder)])
    return made


def first(given: dict[str, Any], folder: Path, world: Estate | None = None) -> Request:
    return call(given, folder, world).requests[0]


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_what_was_asked(case: dict[str, Any], tmp_path: Path) -> None:
    given = event(session("app"), case["source"], case["event"], case.get("parameters"))
    made = call({**given, **case.get("more", {})}, tmp_path)
    assert [[r.action, r.resource] for r in made.requests] == case["asks"]
    assert bool(made.gaps) == case.get("gap", False), made.gaps
    if "owner" in case:
        assert made.requests[0].resource_account == case["owner"]
    for key, value in case.get("keys", {}).items():
        assert made.requests[0].context.get(key) == (value,)


RAW = {"accounts": {AWAY: {"users": {"bob": {}}, "roles": {"app": {"path": "/team/"}}}}}


def test_who_called(tmp_path: Path) -> None:
    world = estate(RAW)
    bob = world.accounts[AWAY].users["bob"].id
    role = world.accounts[AWAY].roles["app"].id
    root = {"type": "Root", "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}
    told = {
        "root": root,
        "user": user(),
        "session": session("app", path="/team/"),
        "service": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
        "anonymous": {"type": "AWSAccount", "accountId": "anonymous", "principalId": ""},
        "nobody": {"type": "Unknown", "accountId": "anonymous", "principalId": ""},
        "other user": {"type": "AWSAccount", "accountId": AWAY, "principalId": bob},
        "other role": {"type": "AWSAccount", "accountId": AWAY, "principalId": f"{role}:s9"},
        "web": {"type": "WebIdentityUser", "identityProvider": "accounts.google.com"},
    }
    found = {
        name: first(event(who, "sts", "GetCallerIdentity"), tmp_path, world).principal
        for name, who in told.items()
    }
    assert {name: (p.kind.name, p.arn) for name, p in found.items()} == {
        "root": ("ROOT", f"arn:aws:iam::{HOME}:root"),
        "user": ("USER", f"arn:aws:iam::{HOME}:user/ana"),
        "session": ("ROLE_SESSION", f"arn:aws:sts::{HOME}:assumed-role/app/s1"),
        "service": ("SERVICE", "ec2.amazonaws.com"),
        "anonymous": ("ANONYMOUS", ""),
        "nobody": ("ANONYMOUS", ""),
        "other user": ("USER", f"arn:aws:iam::{AWAY}:user/bob"),
        "other role": ("ROLE_SESSION", f"arn:aws:sts::{AWAY}:assumed-role/app/s9"),
        "web": ("WEB_IDENTITY", "accounts.google.com"),
    }
    assert found["session"].role_arn == f"arn:aws:iam::{HOME}:role/team/app"
    assert found["session"].session is not None
    assert found["session"].session.mfa is False
    assert found["user"].session is None


def test_saml_names_its_provider_in_the_parameters(tmp_path: Path) -> None:
    provider = f"arn:aws:iam::{HOME}:saml-provider/idp"
    parameters = {"principalArn": provider, "roleArn": f"arn:aws:iam::{HOME}:role/app"}
    given = event({"type": "SAMLUser", "userName": "a"}, "sts", "AssumeRoleWithSAML", parameters)
    principal = first(given, tmp_path).principal
    assert (principal.kind, principal.arn) == (PrincipalKind.SAML_IDENTITY, provider)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (event(user(), "signin", "ConsoleLogin", eventType="AwsConsoleSignIn"), "SignIn events"),
        (event({"type": "Directory"}, "ds", "DescribeDirectories"), "type Directory"),
        (event({"type": "IAMUser"}, "s3", "ListBuckets"), "without an ARN"),
        (event({"type": "IAMUser", "arn": "what"}, "s3", "ListBuckets"), "without an ARN"),
        (event(None, "s3", "ListBuckets"), "type Unknown"),
        (
            event({"type": "AWSAccount", "accountId": AWAY, "principalId": "AIDAX"}, "s3", "X"),
            "type AWSAccount",
        ),
        (
            event(
                {"type": "FederatedUser", "arn": f"arn:aws:sts::{HOME}:federated-user/f"},
                "s3", "ListBuckets",
            ),
            "session policies",
        ),
    ],
)  # fmt: skip
def test_records_that_are_no_request(given: dict[str, Any], reason: str, tmp_path: Path) -> None:
    made = mapper().call(row(given, tmp_path))
    assert isinstance(made, Skipped)
    assert reason in made.reason


def test_the_circumstances_of_a_call(tmp_path: Path) -> None:
    given = event(
        user(), "iam", "CreateUser", {"userName": "x", "tags": [{"key": "team", "value": "a"}]},
        tlsDetails={"tlsVersion": "TLSv1.3"}, userAgent="[aws-cli/2]", awsRegion="eu-west-1",
    )  # fmt: skip
    context = first(given, tmp_path).context
    told = {key: value.values for key, value in context.values.items()}
    assert told["aws:sourceip"] == ("203.0.113.7",)
    assert told["aws:useragent"] == ("aws-cli/2",)
    assert told["aws:securetransport"] == ("true",)
    assert told["aws:requestedregion"] == ("us-east-1",)  # IAM's one endpoint (R151)
    assert told["aws:currenttime"] == ("2026-03-01T12:00:00Z",)
    assert told["aws:epochtime"] == ("1772366400",)
    assert told["aws:requesttag/team"] == ("a",)
    assert context.state("aws:RequestTag/other") is KeyState.ABSENT


def test_what_is_not_told_is_unknown(tmp_path: Path) -> None:
    given = event(user(), "s3", "ListBuckets", None, userAgent="AWS Internal")
    given["sourceIPAddress"] = "AWS Internal"
    context = first(given, tmp_path).context
    for key in ("aws:SourceIp", "aws:UserAgent", "aws:SecureTransport", "aws:RequestTag/a"):
        assert context.state(key) is KeyState.UNKNOWN, key


def test_a_vpc_endpoint_hides_the_address(tmp_path: Path) -> None:
    given = event(user(), "s3", "ListBuckets", vpcEndpointId="vpce-1", sourceIPAddress="10.0.0.9")
    context = first(given, tmp_path).context
    assert context.get("aws:SourceVpce") == ("vpce-1",)
    assert context.get("aws:VpcSourceIp") == ("10.0.0.9",)
    assert context.get("aws:SourceIp") is None


def test_forward_access_sessions(tmp_path: Path) -> None:
    service = "cloudformation.amazonaws.com"
    given = event({**user(), "invokedBy": service}, "s3", "ListBuckets", sourceIPAddress=service)
    context = first(given, tmp_path).context
    assert context.get("aws:ViaAWSService") == ("true",)
    assert context.get("aws:CalledViaLast") == (service,)
    assert context.state("aws:CalledVia") is KeyState.UNKNOWN
    unclear = {**session("app"), "invokedBy": service}
    context = first(event(unclear, "s3", "ListBuckets"), tmp_path).context
    assert context.state("aws:ViaAWSService") is KeyState.UNKNOWN
    assert context.get("aws:SourceIp") is None
    linked = {**session("L", path="/aws-service-role/x.amazonaws.com/"), "invokedBy": service}
    assert first(event(linked, "s3", "ListBuckets"), tmp_path).principal.is_service_linked


def test_codes_for_mfa_are_hidden_so_their_truth_is_unknown(tmp_path: Path) -> None:
    parameters = {"roleArn": f"arn:aws:iam::{HOME}:role/app", "serialNumber": "arn:x"}
    parameters["tokenCode"] = "HIDDEN_DUE_TO_SECURITY_REASONS"
    context = first(event(user(), "sts", "AssumeRole", parameters), tmp_path).context
    assert context.state("aws:MultiFactorAuthPresent") is KeyState.UNKNOWN


def test_calls_alike_are_one_unless_a_policy_can_tell_them_apart(tmp_path: Path) -> None:
    given = [
        event(user(), "s3", "ListBuckets", eventTime=f"2026-03-01T12:00:0{n}Z", userAgent=str(n))
        for n in range(3)
    ]
    given.append(event(user("ben"), "s3", "ListBuckets"))
    for spoken, kinds in ((Nothing(), 2), (Everything(), 4)):
        made = mapper(spoken=spoken)
        found = {made.call(row(each, tmp_path)) for each in given for _ in range(2)}
        assert len(found) == kinds


def test_sessions_fold_unless_their_age_is_asked_for(tmp_path: Path) -> None:
    given = [
        event(session("app", creationDate=f"2026-03-01T0{n}:00:00Z"), "s3", "ListBuckets")
        for n in range(3)
    ]
    for spoken, kinds in ((Nothing(), 1), (Everything(), 3)):
        made = mapper(spoken=spoken)
        assert len({made.call(row(each, tmp_path)) for each in given}) == kinds


def test_callers_alike_in_name_but_not_in_circumstances_are_two(tmp_path: Path) -> None:
    made = mapper(spoken=Nothing())
    via = {**user(), "invokedBy": "athena.amazonaws.com"}
    given = [event(who, "s3", "ListBuckets") for who in (user(), via)]
    assert len({made.call(row(each, tmp_path)) for each in given}) == 2


def test_what_aws_did(tmp_path: Path) -> None:
    codes = {
        None: Outcome.ALLOWED,
        "AccessDenied": Outcome.DENIED,
        "Client.UnauthorizedOperation": Outcome.DENIED,
        "AuthorizationErrorException": Outcome.DENIED,
        "NoSuchEntityException": Outcome.FAILED,
    }
    for code, outcome in codes.items():
        given = event(user(), "s3", "ListBuckets", errorCode=code)
        assert Outcome.of(row(given, tmp_path).error) == outcome


@pytest.mark.parametrize("odd", [3, [], "x", {"bucketName": 3}, {"bucketName": {"a": []}}, [{}]])
def test_odd_parameters_are_never_fatal(odd: Any, tmp_path: Path) -> None:
    for source, name in (("s3", "GetObject"), ("lambda", "Invoke"), ("none", "Such")):
        assert call(event(user(), source, name, odd), tmp_path).gaps
