"""From what was said or recorded to the request that was denied."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.explain.estates import NOW, estate_of

from clearance.explain import explain_evidence
from clearance.explain.inputs import recognise
from clearance.explain.requests import request_of
from clearance.model.request import Request

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
ESTATE = estate_of(
    {
        "accounts": {
            "123456789012": {
                "users": {"ana": {}},
                "roles": {"app": {"path": "/team/"}},
                "functions": {"us-east-1/orders": {"aliases": ["prod"]}},
            }
        }
    }
)


def asked(given: Any) -> Request:
    (evidence,) = recognise(given)
    found = request_of(evidence, ESTATE)
    assert found is not None
    return found


def sentence(who: str, action: str, resource: str) -> str:
    return f"User: {who} is not authorized to perform: {action} on resource: {resource}"


def test_a_session_is_its_role_with_path_and_id() -> None:
    who = "arn:aws:sts::123456789012:assumed-role/app/s1"
    found = asked(sentence(who, "lambda:InvokeFunction", FUNCTION))
    assert found.principal.role_arn == "arn:aws:iam::123456789012:role/team/app"
    assert found.principal.unique_id == "AROAAPP00000000000000"


@pytest.mark.parametrize("hidden", ["************", "XXXXXXXXXXXX", "<account-id>"])
def test_a_hidden_account_is_the_one_that_has_the_user(hidden: str) -> None:
    who = f"arn:aws:iam::{hidden}:user/ana"
    resource = FUNCTION.replace("123456789012", hidden)
    found = asked(sentence(who, "lambda:InvokeFunction", resource))
    assert found.principal.arn == "arn:aws:iam::123456789012:user/ana"
    assert found.resource == FUNCTION


def test_iam_names_a_role_without_its_arn() -> None:
    who = "arn:aws:iam::123456789012:user/ana"
    found = asked(sentence(who, "iam:GetRole", "role app"))
    assert found.resource == "arn:aws:iam::123456789012:role/team/app"


def test_a_record_names_the_function_and_its_qualifier() -> None:
    record = {
        "eventSource": "lambda.amazonaws.com",
        "eventName": "Invoke",
        "awsRegion": "us-east-1",
        "errorCode": "AccessDenied",
        "errorMessage": "Access Denied",
        "sourceIPAddress": "203.0.113.9",
        "requestParameters": {"functionName": "orders", "qualifier": "prod"},
        "recipientAccountId": "123456789012",
        "userIdentity": {
            "type": "IAMUser",
            "arn": "arn:aws:iam::123456789012:user/ana",
            "sessionContext": {"attributes": {"mfaAuthenticated": "true"}},
        },
    }
    found = asked(json.dumps(record))
    assert (found.action, found.resource) == ("lambda:InvokeFunction", FUNCTION + ":prod")
    assert found.context.get("aws:SourceIp") == ("203.0.113.9",)
    assert found.principal.session is not None
    assert found.principal.session.mfa


def test_a_decoded_message_brings_every_context_key() -> None:
    decoded = {
        "allowed": False,
        "explicitDeny": False,
        "matchedStatements": {"items": []},
        "context": {
            "principal": {"id": "AIDAANA", "arn": "arn:aws:iam::123456789012:user/ana"},
            "action": "iam:PassRole",
            "resource": "arn:aws:iam::123456789012:role/team/app",
            "conditions": {
                "items": [
                    {
                        "key": "iam:PassedToService",
                        "values": {"items": [{"value": "ec2.amazonaws.com"}]},
                    }
                ]
            },
        },
    }
    (evidence,) = recognise(json.dumps(decoded))
    found = explain_evidence(ESTATE, evidence, now=NOW)
    assert found.cause is not None
    assert found.cause.id == "identity.missing"
    assert found.fix is not None
    (statement,) = json.loads(found.fix.edits[0].after)["Statement"]
    condition = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    assert statement["Condition"] == condition


def test_without_caller_and_action_the_gaps_are_named() -> None:
    (evidence,) = recognise("An error occurred (AccessDenied) when calling the X operation: no")
    found = explain_evidence(ESTATE, evidence, now=NOW)
    assert found.request is None
    assert found.exit_code == 4
    assert any("the principal" in unknown.what for unknown in found.unknowns)


def test_what_is_given_by_hand_wins() -> None:
    (evidence,) = recognise(
        sentence("arn:aws:iam::123456789012:user/bob", "lambda:InvokeFunction", FUNCTION)
    )
    found = request_of(evidence, ESTATE, principal="123456789012", resource=FUNCTION + ":prod")
    assert found is not None
    assert found.principal.arn == "arn:aws:iam::123456789012:root"
    assert found.resource == FUNCTION + ":prod"
