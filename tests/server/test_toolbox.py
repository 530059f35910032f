"""The details of a denial: found by its id, with the policies as they were, a day later too."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.endpoints import (
    ACCOUNT,
    REGION,
    Credentials,
    Failure,
    Site,
    allow,
    attempt,
    credentials_of,
    document,
    key_of,
    site,
    small_estate,
)

from clearance.server.denials import authorization_id, event_id
from clearance.server.manner import Manner

ANA = credentials_of(key_of("ana"))
ANA_ARN = f"arn:aws:iam::{ACCOUNT}:user/ana"
HINT = re.compile(
    r"(.*)\. Go to https://us-east-1\.console\.aws\.amazon\.com/iam/home\?region=us-east-1"
    r"#/authorization-details/([0-9a-z]+) for complete details, or call the "
    r"GetRequestAuthorizationDetails API with the following authorization id: ([0-9a-z]+)"
)


def denied(site: Site) -> Failure:
    answer = attempt(site.client("iam", ANA).list_users)
    assert isinstance(answer, Failure)
    return answer


def test_a_denial_with_console_hints_leads_to_its_details() -> None:
    manner = Manner(console_hints=True)
    with site(small_estate(), manner=manner) as found:
        iam = found.client("iam")
        first = document({"Sid": "No", "Effect": "Deny", "Action": "iam:*", "Resource": "*"})
        iam.put_user_policy(UserName="ana", PolicyName="stop", PolicyDocument=first)
        told = HINT.fullmatch(denied(found).message)
        assert told
        assert told[1].endswith("with an explicit deny in an identity-based policy")
        assert told[2] == told[3]
        iam.delete_user_policy(UserName="ana", PolicyName="stop")
        toolbox = found.client("iam-toolbox")
        details = toolbox.get_request_authorization_details(authorizationId=told[2])
        (evaluation,) = details["evaluations"]
        assert evaluation["action"] == "iam:ListUsers"
        assert evaluation["evaluatedEffect"] == "EXPLICIT_DENY"
        assert evaluation["context"]["aws:username"] == ["ana"]
        check = next(c for c in evaluation["checks"] if c["checkType"] == "PRINCIPAL")
        assert check["evaluatedEffect"] == "EXPLICIT_DENY"
        uri = f"{ANA_ARN}#stop"
        assert check["matchedPolicies"] == [
            {"uri": uri, "matchedStatements": [{"sid": "No", "evaluatedEffect": "DENY"}]}
        ]
        assert {p["uri"] for p in details["policies"]} == {uri}
        policy = toolbox.get_request_authorization_policy(authorizationId=told[2], policyUri=uri)
        assert policy["policyDocument"] == json.loads(first)


def test_details_are_for_those_who_may_and_for_their_own_account(endpoint: Site) -> None:
    denied(endpoint)
    event = endpoint.events(eventName="ListUsers")[-1]
    identity = event["additionalEventData"]["authorizationId"]
    mine = endpoint.client("iam-toolbox", ANA)
    answer = attempt(mine.get_request_authorization_details, authorizationId=identity)
    assert answer.code == "AccessDeniedException"
    toolbox = endpoint.client("iam-toolbox")
    for wrong in ("0", "nothing", "z" * 80, authorization_id(event["requestID"])):
        answer = attempt(toolbox.get_request_authorization_details, authorizationId=wrong)
        assert (answer.code, answer.status) == ("ResourceNotFoundException", 404)
    answer = attempt(
        toolbox.get_request_authorization_policy, authorizationId=identity, policyUri="x"
    )
    assert (answer.code, answer.status) == ("ResourceNotFoundException", 404)


def test_ids_and_events_name_each_other() -> None:
    for text in ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"):
        assert event_id(authorization_id(text)) == text
        assert re.fullmatch("[0-9a-z]{1,25}", authorization_id(text))


def test_policy_arns_can_be_left_out() -> None:
    with site(small_estate(), manner=Manner(policy_arns=False)) as found:
        iam = found.client("iam")
        text = document({"Effect": "Deny", "Action": "iam:*", "Resource": "*"})
        arn = iam.create_policy(PolicyName="stop", PolicyDocument=text)["Policy"]["Arn"]
        iam.attach_user_policy(UserName="ana", PolicyArn=arn)
        assert denied(found).message.endswith("with an explicit deny in an identity-based policy")


def test_an_encoded_message_can_be_decoded_by_who_may(endpoint: Site) -> None:
    ec2 = endpoint.client("ec2", ANA)
    answer = attempt(ec2.terminate_instances, InstanceIds=["i-0123456789abcdef0"])
    assert answer.code == "UnauthorizedOperation"
    encoded = answer.message.rsplit(": ", 1)[1]
    assert re.fullmatch(r"[A-Za-z0-9_-]+", encoded)
    decode = endpoint.client("sts").decode_authorization_message
    decoded = json.loads(decode(EncodedMessage=encoded)["DecodedMessage"])
    assert decoded["allowed"] is False
    assert decoded["explicitDeny"] is False
    assert decoded["context"]["principal"]["arn"] == ANA_ARN
    assert decoded["context"]["action"] == "ec2:TerminateInstances"
    conditions = {c["key"] for c in decoded["context"]["conditions"]["items"]}
    assert {"aws:username", "aws:SourceIp"} <= conditions
    for wrong in (encoded[:-4], encoded[:-1] + ("A" if encoded[-1] != "A" else "B"), "x", "é"):
        answer = attempt(decode, EncodedMessage=wrong)
        assert (answer.code, answer.status) == ("InvalidAuthorizationMessageException", 400)
    sealed = endpoint.started.store.sealer.seal(b"some secret")
    assert attempt(decode, EncodedMessage=sealed).code == "InvalidAuthorizationMessageException"
    mine = endpoint.client("sts", ANA).decode_authorization_message
    assert attempt(mine, EncodedMessage=encoded).code == "AccessDenied"


def test_audit_mode_lets_through_and_writes_down() -> None:
    with site(small_estate(), manner=Manner(audit_only=True)) as found:
        assert "Users" in found.client("iam", ANA).list_users()
        event = found.events(eventName="ListUsers")[-1]
        assert "errorCode" not in event
        assert event["additionalEventData"]["wouldBeDenied"].startswith(f"User: {ANA_ARN} is not")
        # Who cannot say who he is stays outside.
        wrong = credentials_of(key_of("nobody"))
        answer = attempt(found.client("iam", wrong).list_users)
        assert answer.code == "InvalidClientTokenId"


# --- LookupEvents ---------------------------------------------------------------------------------


def lookup(site: Site, **given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.client("cloudtrail").lookup_events(**given)["Events"]
    return found


def test_lookup_events() -> None:
    with site(small_estate()) as found:
        iam = found.client("iam")
        for name in ("u1", "u2", "u3"):
            iam.create_user(UserName=name)
        denied(found)
        found.function("f")
        found.client("lambda").invoke(FunctionName="f", InvocationType="DryRun")
        events = lookup(found)
        names = [e["EventName"] for e in events]
        # Newest first; Invoke is a data event, which LookupEvents does not show.
        assert names[:2] == ["CreateFunction", "CreateRole"]
        assert names[2:] == ["ListUsers", "CreateUser", "CreateUser", "CreateUser"]
        created = next(e for e in events if e["EventName"] == "CreateUser")
        assert created["Username"] == "root"
        assert created["ReadOnly"] == "false"
        assert created["EventSource"] == "iam.amazonaws.com"
        assert created["Resources"] == [
            {"ResourceType": "AWS::IAM::User", "ResourceName": f"arn:aws:iam::{ACCOUNT}:user/u3"}
        ]
        whole = json.loads(created["CloudTrailEvent"])
        assert whole["requestParameters"] == {"userName": "u3"}

        def by(key: str, value: str) -> list[str]:
            attributes = [{"AttributeKey": key, "AttributeValue": value}]
            return [e["EventName"] for e in lookup(found, LookupAttributes=attributes)]

        assert by("EventName", "CreateUser") == ["CreateUser"] * 3
        assert by("Username", "ana") == ["ListUsers"]
        assert by("AccessKeyId", ANA.key) == ["ListUsers"]
        assert by("ResourceName", "u2") == ["CreateUser"]
        assert by("ResourceType", "AWS::Lambda::Function") == ["CreateFunction"]
        assert by("EventId", created["EventId"]) == ["CreateUser"]
        assert by("EventSource", "lambda.amazonaws.com") == ["CreateFunction"]
        assert "ListUsers" in by("ReadOnly", "true")

        soon = datetime.now(UTC) + timedelta(minutes=1)
        assert lookup(found, StartTime=soon) == []
        assert len(lookup(found, EndTime=soon)) >= 6
        pages = (
            found.client("cloudtrail")
            .get_paginator("lookup_events")
            .paginate(PaginationConfig={"PageSize": 2}, EndTime=created["EventTime"])
        )
        paged = [e["EventId"] for page in pages for e in page["Events"]]
        assert len(paged) == len(set(paged))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"NextToken": "x"}, "InvalidNextTokenException"),
        (
            {"StartTime": datetime(2026, 1, 2, tzinfo=UTC), "EndTime": datetime(2026, 1, 1)},  # noqa: DTZ001
            "InvalidTimeRangeException",
        ),
        (
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2},
            "InvalidLookupAttributesException",
        ),
        ({"MaxResults": 51}, "ValidationException"),
    ],
)
def test_lookups_that_cannot_be(endpoint: Site, given: dict[str, Any], code: str) -> None:
    answer = attempt(endpoint.client("cloudtrail").lookup_events, **given)
    assert (answer.code, answer.status) == (code, 400), answer


# --- last used ------------------------------------------------------------------------------------


def test_when_keys_and_roles_were_last_used() -> None:
    with site(small_estate()) as found:
        iam = found.client("iam")
        rows = len(list(found.started.store.history()))
        key = iam.get_access_key_last_used(AccessKeyId=ANA.key)["AccessKeyLastUsed"]
        assert key["ServiceName"] == "N/A"
        for _ in range(20):
            found.client("sts", ANA).get_caller_identity()
        attempt(found.client("lambda", ANA).list_functions)
        key = iam.get_access_key_last_used(AccessKeyId=ANA.key)["AccessKeyLastUsed"]
        assert (key["ServiceName"], key["Region"]) == ("lambda", REGION)
        assert datetime.now(UTC) - key["LastUsedDate"] < timedelta(minutes=1)
        # Twenty-one calls are no twenty-one rows.
        assert len(list(found.started.store.history())) - rows <= 3
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=allow("sts:*"))
        made = found.client("sts", ANA).assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app", RoleSessionName="s1"
        )["Credentials"]
        who = Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        assert not iam.get_role(RoleName="app")["Role"].get("RoleLastUsed")
        found.client("sts", who).get_caller_identity()
        assert iam.get_role(RoleName="app")["Role"]["RoleLastUsed"]["Region"] == REGION


def test_details_of_a_session_survive_a_restart_and_what_changed_since(tmp_path: Path) -> None:
    data = tmp_path / "data"
    session_policy = allow("s3:*")
    with site(small_estate(), data) as found:
        iam = found.client("iam")
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=allow("sts:*"))
        iam.put_role_policy(RoleName="app", PolicyName="all", PolicyDocument=allow("*"))
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": ANA_ARN},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
        iam.update_assume_role_policy(RoleName="app", PolicyDocument=document(statement))
        made = found.client("sts", ANA).assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app",
            RoleSessionName="s1",
            Policy=session_policy,
            Tags=[{"Key": "team", "Value": "red"}],
        )
        assert made
    with site(None, data) as found:
        given = made["Credentials"]
        who = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        answer = attempt(found.client("iam", who).list_users)
        assert answer.message.endswith("because no session policy allows the iam:ListUsers action")
        event = found.events(eventName="ListUsers")[-1]
        found.client("iam").delete_role_policy(RoleName="app", PolicyName="all")
    with site(None, data) as found:
        details = found.client("iam-toolbox").get_request_authorization_details(
            authorizationId=event["additionalEventData"]["authorizationId"]
        )
        (evaluation,) = details["evaluations"]
        effects = {c["checkType"]: c["evaluatedEffect"] for c in evaluation["checks"]}
        assert effects["SESSION"] == "IMPLICIT_DENY"
        assert effects["PRINCIPAL"] == "ALLOW"
        assert evaluation["context"]["aws:PrincipalTag/team"] == ["red"]
        kinds = {p["type"] for p in details["policies"]}
        assert kinds == {"IDENTITY_BASED_POLICY", "SESSION_POLICY"}
