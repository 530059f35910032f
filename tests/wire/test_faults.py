"""Modelled faults, as botocore reads them."""

import pytest
from tests.wire.values import model, parsed

from clearance.facts.services import service
from clearance.wire.faults import Fault, modelled, render
from clearance.wire.shapes import Protocol


@pytest.mark.parametrize(
    ("name", "error", "code", "status"),
    [
        ("iam", "NoSuchEntityException", "NoSuchEntity", 404),
        ("iam", "NoSuchEntity", "NoSuchEntity", 404),
        ("iam", "DeleteConflict", "DeleteConflict", 409),
        ("iam", "MalformedPolicyDocument", "MalformedPolicyDocument", 400),
        ("sts", "RegionDisabledException", "RegionDisabledException", 403),
        ("lambda", "ResourceNotFoundException", "ResourceNotFoundException", 404),
        ("lambda", "KMSAccessDeniedException", "KMSAccessDeniedException", 502),
        ("lambda", "ResourceConflictException", "ResourceConflictException", 409),
        ("organizations", "PolicyNotFoundException", "PolicyNotFoundException", 400),
        ("accessanalyzer", "ValidationException", "ValidationException", 400),
        ("dynamodb", "ResourceInUseException", "ResourceInUseException", 400),
        ("sns", "NotFoundException", "NotFound", 404),
        ("s3", "NoSuchBucket", "NoSuchBucket", 404),
        ("iam", "SomethingElse", "SomethingElse", 400),
    ],
)
def test_a_modelled_fault_has_the_models_code_and_status(
    name: str, error: str, code: str, status: int
) -> None:
    found = service(name)
    status_given = 404 if name == "s3" else None
    fault = modelled(found, error, "what <happened>", status=status_given)
    answer = render(fault, found, "an-id")
    read = parsed(answer, None, found.protocol)
    assert answer.status == status
    assert read["Error"]["Code"] == code
    assert read["Error"]["Message"] == "what <happened>"


def test_a_modelled_fault_fills_its_shape() -> None:
    found = service("lambda")
    fault = modelled(found, "ResourceNotFoundException", "Function not found: f")
    answer = render(fault, found, "an-id")
    assert answer.body == b'{"Message":"Function not found: f","Type":"User"}'
    shape = model("lambda").shape_for("ResourceNotFoundException")
    assert parsed(answer, shape, "rest-json")["Message"] == "Function not found: f"


def test_lambda_blames_the_user_for_what_the_user_configured() -> None:
    found = service("lambda")
    answer = render(modelled(found, "KMSAccessDeniedException", "no key"), found, "an-id")
    assert answer.body == b'{"Message":"no key","Type":"User"}'
    answer = render(modelled(found, "ServiceException", "sorry"), found, "an-id")
    assert answer.body == b'{"Message":"sorry","Type":"Service"}'


def test_members_of_an_error_shape_travel_where_the_model_says() -> None:
    found = service("lambda")
    fault = modelled(found, "TooManyRequestsException", "slow", retryAfterSeconds="3", Reason="R")
    answer = render(fault, found, "an-id")
    assert ("Retry-After", "3") in answer.headers
    assert answer.body == b'{"message":"slow","Type":"User","Reason":"R"}'


def test_a_receivers_fault_says_so() -> None:
    found = service("iam")
    answer = render(modelled(found, "ServiceFailure", "broken"), found, "an-id")
    assert answer.status == 500
    assert b"<Type>Receiver</Type>" in answer.body


def test_head_has_no_body() -> None:
    found = service("s3")
    answer = render(Fault("NoSuchKey", "x", 404), found, "an-id", head=True)
    assert answer.body == b""
    assert answer.status == 404


def test_a_fault_without_a_service_is_rest_json() -> None:
    answer = render(Fault("UnknownOperationException", "", 404), None, "an-id")
    assert ("x-amzn-ErrorType", "UnknownOperationException") in answer.headers


def test_query_compatible_faults_name_the_query_code() -> None:
    found = service("sqs")
    fault = Fault("QueueDoesNotExist", "gone", query_code="AWS.SimpleQueueService.Gone")
    answer = render(fault, found, "an-id")
    assert ("x-amzn-query-error", "AWS.SimpleQueueService.Gone;Sender") in answer.headers
    assert b"com.amazonaws.sqs#QueueDoesNotExist" in answer.body
    plain = render(fault, found, "an-id", protocol=Protocol.QUERY)
    assert b"<Code>QueueDoesNotExist</Code>" in plain.body


def test_text_that_xml_cannot_carry_is_replaced() -> None:
    answer = render(Fault("X", "a\x00b\r\n", 400), service("iam"), "an-id")
    assert b"<Message>a?b&#xD;\n</Message>" in answer.body
