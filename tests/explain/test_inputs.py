"""The shapes a denial arrives in: boto3, CloudTrail, decoded messages, iam-toolbox, text."""

import json
from typing import Any

import pytest

from clearance.explain.inputs import (
    Kind,
    from_authorization_details,
    from_client_error,
    from_cloudtrail,
    from_decoded_message,
    recognise,
)
from clearance.explain.message import Effect, Form, PolicyType

USER = "arn:aws:iam::123456789012:user/ana"
ROLE = "arn:aws:iam::123456789012:role/app"
SESSION = "arn:aws:sts::123456789012:assumed-role/app/s-1"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
MESSAGE = (
    f"User: {SESSION} is not authorized to perform: lambda:InvokeFunction on resource: "
    f"{FUNCTION} because no identity-based policy allows the lambda:InvokeFunction action"
)


def client_error(code: str, message: str) -> dict[str, Any]:
    return {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": 403},
    }


def record(**members: object) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:s-1",
            "arn": SESSION,
            "accountId": "123456789012",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": ROLE},
                "attributes": {
                    "creationDate": "2026-11-23T09:00:00Z",
                    "mfaAuthenticated": "false",
                },
                "sourceIdentity": "ana",
            },
        },
        "eventTime": "2026-11-23T10:00:00Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": "Invoke",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "Boto3/1.44",
        "errorCode": "AccessDenied",
        "errorMessage": MESSAGE,
        "requestParameters": {"functionName": "orders"},
        "requestID": "r-2",
        "recipientAccountId": "123456789012",
        "tlsDetails": {"tlsVersion": "TLSv1.3"},
        **members,
    }


def test_a_client_error_names_its_operation() -> None:
    (found,) = from_client_error(client_error("AccessDeniedException", MESSAGE), "Invoke")
    assert found.kind is Kind.CLIENT_ERROR
    assert found.principal == SESSION
    assert found.action == "lambda:InvokeFunction"
    assert found.denial.policy_type is PolicyType.IDENTITY_BASED
    assert found.denial.api_operation == "Invoke"
    assert (found.denial.status_code, found.denial.request_id) == (403, "r-1")


@pytest.mark.parametrize(
    ("code", "message", "form"),
    [
        ("AccessDenied", "Access Denied", Form.S3_BARE),
        ("403", "Forbidden", Form.S3_BARE),
        ("UnauthorizedOperation", "You are not authorized to perform this operation.", Form.EC2),
        ("AccessDeniedException", "Something new", Form.BARE),
    ],
)
def test_a_denial_without_a_sentence_is_still_one(code: str, message: str, form: Form) -> None:
    (found,) = from_client_error(client_error(code, message))
    assert found.denial.form is form
    assert found.denial.error_code == code


@pytest.mark.parametrize("code", ["ExpiredToken", "ThrottlingException", "NoSuchBucket"])
def test_another_error_is_no_denial(code: str) -> None:
    assert from_client_error(client_error(code, "no")) == ()


def test_a_record_tells_the_caller_and_the_context() -> None:
    (found,) = from_cloudtrail(record())
    assert found.denial.policy_type is PolicyType.IDENTITY_BASED
    assert found.caller is not None
    assert (found.caller.issuer_arn, found.caller.mfa) == (ROLE, False)
    assert found.value_of("aws:principalarn") == (ROLE,)
    assert found.value_of("aws:SourceIp") == ("203.0.113.7",)
    assert found.value_of("aws:RequestedRegion") == ("us-east-1",)
    assert found.value_of("aws:MultiFactorAuthPresent") == ("false",)
    assert found.value_of("aws:SourceIdentity") == ("ana",)
    assert found.value_of("aws:SourceVpce") is None
    assert found.request_parameters == {"functionName": "orders"}
    assert found.owner_account == "123456789012"


def test_through_a_vpc_endpoint_the_address_is_not_the_source_ip() -> None:
    (found,) = from_cloudtrail(record(vpcEndpointId="vpce-1", sourceIPAddress="10.0.0.7"))
    assert found.vpc_endpoint_id == "vpce-1"
    assert found.value_of("aws:SourceVpce") == ("vpce-1",)
    assert found.value_of("aws:VpcSourceIp") == ("10.0.0.7",)
    assert found.value_of("aws:SourceIp") is None


@pytest.mark.parametrize(
    ("identity", "arn"),
    [
        ({"type": "Root", "arn": "arn:aws:iam::1:root", "accountId": "1"}, "arn:aws:iam::1:root"),
        ({"type": "IAMUser", "arn": USER, "userName": "ana"}, USER),
        ({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/b"}, None),
        ({"type": "AWSAccount", "accountId": "210987654321", "principalId": "AIDA"}, None),
        ({"type": "AWSAccount", "accountId": "anonymous"}, "anonymous"),
        ({"type": "AWSService", "invokedBy": "events.amazonaws.com"}, "events.amazonaws.com"),
        ({"type": "WebIdentityUser", "identityProvider": "idp", "userName": "u"}, None),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u"}}, None),
        ({"type": "Unknown"}, None),
        ({}, None),
    ],
)
def test_every_type_of_user_identity_is_read(identity: dict[str, Any], arn: str | None) -> None:
    (found,) = from_cloudtrail(record(userIdentity=identity, errorMessage="Access Denied"))
    assert found.caller is not None
    assert found.caller.type == identity.get("type")
    assert found.principal == (arn or identity.get("arn"))


def test_a_silent_record_implies_its_action_and_resource() -> None:
    (found,) = from_cloudtrail(
        record(
            eventSource="s3.amazonaws.com",
            eventName="ListObjectsV2",
            errorMessage="Access Denied",
            resources=[{"ARN": "arn:aws:s3:::photos", "type": "AWS::S3::Bucket"}],
        )
    )
    assert (found.action, found.resource) == ("s3:ListBucket", "arn:aws:s3:::photos")
    assert found.denial.action is None


def test_lambda_puts_a_version_on_its_event_names() -> None:
    (found,) = from_cloudtrail(record(eventName="UpdateFunctionCode20150331v2", errorMessage=""))
    assert found.action == "lambda:UpdateFunctionCode"


def test_a_message_of_full_length_was_cut() -> None:
    text = "You are not authorized to perform this operation. Encoded authorization failure "
    message = f"{text}message: ".ljust(1024, "x")
    (found,) = from_cloudtrail(
        record(errorCode="Client.UnauthorizedOperation", errorMessage=message)
    )
    assert found.denial.truncated
    assert found.denial.form is Form.EC2


@pytest.mark.parametrize(
    "value",
    [
        [record()],
        {"Records": [record(), record(errorCode=None, errorMessage=None)]},
        {"Events": [{"EventId": "e", "CloudTrailEvent": json.dumps(record())}]},
        {"detail-type": "AWS API Call via CloudTrail", "detail": record()},
    ],
    ids=["list", "file", "LookupEvents", "EventBridge"],
)
def test_records_are_found_in_whatever_carries_them(value: object) -> None:
    (found,) = recognise(value)
    assert found.kind is Kind.CLOUDTRAIL
    assert recognise(json.dumps(value)) == (found,)


DECODED: dict[str, Any] = {
    "allowed": False,
    "explicitDeny": True,
    "matchedStatements": {"items": [{"statementId": "DenyAll", "effect": "DENY"}]},
    "failures": {"items": []},
    "context": {
        "principal": {"id": "AIDAEXAMPLE", "name": "ana", "arn": USER},
        "action": "iam:PassRole",
        "resource": ROLE,
        "conditions": {
            "items": [
                {"key": "aws:Region", "values": {"items": [{"value": "us-east-1"}]}},
                {"key": "aws:TagKeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}},
            ]
        },
    },
}


@pytest.mark.parametrize("value", [DECODED, {"DecodedMessage": json.dumps(DECODED)}])
def test_a_decoded_message_tells_the_whole_context(value: object) -> None:
    (found,) = recognise(value)
    assert found.kind is Kind.DECODED
    assert (found.principal, found.action, found.resource) == (USER, "iam:PassRole", ROLE)
    assert found.denial.effect is Effect.EXPLICIT
    assert found.value_of("aws:TagKeys") == ("a", "b")
    assert found.matched_statements[0]["statementId"] == "DenyAll"


def test_a_decoded_message_that_allows_is_no_denial() -> None:
    assert from_decoded_message({**DECODED, "allowed": True}) == ()


DETAILS: dict[str, Any] = {
    "requestContext": {"aws:PrincipalArn": USER, "aws:MultiFactorAuthPresent": False},
    "evaluations": [
        {"action": "iam:GetRole", "resource": ROLE, "evaluatedEffect": "ALLOW", "checks": []},
        {
            "action": "iam:DeleteRole",
            "resource": ROLE,
            "context": {"iam:ResourceTag/team": ["a"]},
            "evaluatedEffect": "EXPLICIT_DENY",
            "checks": [
                {"checkType": "RESOURCE_CONTROL_POLICY", "evaluatedEffect": "NO_IMPACT"},
                {
                    "checkType": "SERVICE_CONTROL_POLICY",
                    "evaluatedEffect": "EXPLICIT_DENY",
                    "matchedPolicies": [{"uri": "policy/1"}],
                },
                {"checkType": "PRINCIPAL", "evaluatedEffect": "IMPLICIT_DENY"},
            ],
        },
    ],
    "policies": [
        {
            "type": "SERVICE_CONTROL_POLICY",
            "uri": "policy/1",
            "policySource": {"arn": "arn:aws:organizations::1:policy/o-a/x/p-b"},
        }
    ],
}


def test_authorization_details_name_the_check_that_denied() -> None:
    (found,) = from_authorization_details(DETAILS, "abc")
    assert (found.principal, found.action, found.resource) == (USER, "iam:DeleteRole", ROLE)
    assert found.denial.policy_type is PolicyType.SERVICE_CONTROL
    assert found.denial.policy_arn == "arn:aws:organizations::1:policy/o-a/x/p-b"
    assert found.denial.authorization_id == "abc"
    assert found.value_of("aws:MultiFactorAuthPresent") == ("false",)
    assert found.value_of("iam:ResourceTag/team") == ("a",)
    assert len(found.evaluations) == 2


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (MESSAGE, Kind.TEXT),
        (json.dumps({"Message": MESSAGE}), Kind.TEXT),
        (f"[ERROR] {MESSAGE}", Kind.TEXT),
        (json.dumps(client_error("AccessDenied", MESSAGE)), Kind.CLIENT_ERROR),
        (client_error("AccessDenied", MESSAGE), Kind.CLIENT_ERROR),
        (json.dumps(record()), Kind.CLOUDTRAIL),
        (json.dumps(DECODED), Kind.DECODED),
        (json.dumps(DETAILS), Kind.AUTHORIZATION_DETAILS),
        ("\ufeff  " + json.dumps(record()), Kind.CLOUDTRAIL),
    ],
)
def test_the_kind_is_recognised(given: object, kind: Kind) -> None:
    (found,) = recognise(given)
    assert found.kind is kind


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{",
        "[" * 5000,
        None,
        17,
        [],
        {},
        {"Error": {}},
        {"Error": "no"},
        {"evaluations": "no"},
        {"evaluations": [1, {"evaluatedEffect": 7, "checks": {}}]},
        {"DecodedMessage": "no"},
        {"context": 1, "matchedStatements": 2},
        {"Records": [None, 1, {"eventName": 1, "eventSource": 2, "errorCode": 3}]},
        {"Events": [{"CloudTrailEvent": "{"}]},
        {"key": object()},
    ],
)
def test_what_is_no_evidence_gives_none(given: object) -> None:
    assert recognise(given) == ()
