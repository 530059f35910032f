"""Every row of the tables of refusals, as botocore reads it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.wire.values import parsed

from clearance.facts.services import service
from clearance.wire.faults import render
from clearance.wire.refusals import authentication_fault, denied, denied_fault
from clearance.wire.shapes import Protocol
from clearance.wire.sigv4 import AuthenticationError, AuthFailure

VECTORS = Path("tests/vectors/wire")
DENIED = json.loads((VECTORS / "denied.json").read_text())["cases"]
UNKNOWN_CALLERS = json.loads((VECTORS / "authentication.json").read_text())["cases"]
SENTENCE = 'User: arn:aws:iam::123456789012:user/é is not authorized to perform: x on "<r>"'


@pytest.mark.parametrize("case", DENIED, ids=lambda case: case["service"])
def test_a_denial_reads_as_from_aws(case: dict[str, Any]) -> None:
    found = service(case["service"])
    answer = render(denied_fault(found, SENTENCE), found, "an-id", host_id="a-host")
    read = parsed(answer, None, found.protocol)
    assert answer.status == case["status"]
    assert read["Error"]["Code"] == case["code"]
    assert (read["Error"].get("Message") or read["Error"]["message"]) == SENTENCE
    assert read["ResponseMetadata"]["RequestId"] == "an-id"
    assert case["contains"] in answer.body.decode()


@pytest.mark.parametrize("case", UNKNOWN_CALLERS, ids=lambda c: f"{c['service']}-{c['failure']}")
def test_an_unknown_caller_reads_as_from_aws(case: dict[str, Any]) -> None:
    found = service(case["service"])
    error = AuthenticationError(AuthFailure[case["failure"]], "own words")
    answer = render(authentication_fault(error, found), found, "an-id")
    read = parsed(answer, None, found.protocol)
    assert answer.status == case["status"]
    assert read["Error"]["Code"] == case["code"]
    assert read["Error"]["Message"] == (case["message"] or "own words")


@pytest.mark.parametrize("failure", AuthFailure)
@pytest.mark.parametrize("name", ["iam", "lambda", "kms", "s3", "ec2", "sqs", "route53"])
def test_every_failure_has_an_answer(name: str, failure: AuthFailure) -> None:
    found = service(name)
    fault = authentication_fault(AuthenticationError(failure), found)
    answer = render(fault, found, "an-id")
    assert 400 <= answer.status <= 403
    assert parsed(answer, None, found.protocol)["Error"]["Code"]


def test_sqs_denies_in_the_protocol_that_was_spoken() -> None:
    sqs = service("sqs")
    assert denied(sqs, Protocol.QUERY).code == "AccessDenied"
    answer = render(
        denied_fault(sqs, SENTENCE, Protocol.QUERY), sqs, "an-id", protocol=Protocol.QUERY
    )
    assert parsed(answer, None, "query")["Error"]["Code"] == "AccessDenied"


def test_s3_prints_the_details_of_a_skewed_clock() -> None:
    error = AuthenticationError(AuthFailure.SKEWED, RequestTime="x", ServerTime="y")
    answer = render(authentication_fault(error, service("s3")), service("s3"), "an-id")
    assert b"<RequestTime>x</RequestTime><ServerTime>y</ServerTime>" in answer.body
