"""Whatever comes off the wire ends in a value or in a fault, never in a traceback."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clearance.facts.services import service
from clearance.wire import protocols, sigv4
from clearance.wire.faults import FaultError
from clearance.wire.message import Message
from clearance.wire.route import Route, route
from clearance.wire.shapes import Location
from clearance.wire.sigv4 import AuthenticationError
from clearance.wire.validation import validate

NAMES = ("iam", "sts", "lambda", "s3", "dynamodb", "sqs", "ec2", "organizations", "iam-toolbox")
LATIN = st.text(st.characters(max_codepoint=0xFF), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Key", "Item", "S", "L", "M", "N", "Tags"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
    target=LATIN,
    headers=st.dictionaries(
        st.sampled_from(["authorization", "x-amz-date", "content-type", "x-amz-target", "range"]),
        LATIN | st.sampled_from(["application/x-www-form-urlencoded", "AWS4-HMAC-SHA256 a=b"]),
    ),
    body=st.binary(max_size=60) | st.just(b"Action=ListUsers&MaxItems=x&A.B.1.2=3"),
)
def test_any_request_ends_in_an_operation_or_a_fault(
    name: str, method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    message = Message.of(method, f"/{target}", [("host", "x"), *headers.items()], body)
    with suppress(FaultError, AuthenticationError):
        claim = sigv4.read_claim(message)
        if claim is not None:
            sigv4.verify(claim, message, "secret", datetime(2026, 1, 1, tzinfo=UTC))
        found = route([service(name)], message)
        validate(protocols.parse(found, message), found.service, found.operation)


@settings(max_examples=150, deadline=None)
@given(
    target=st.sampled_from(
        ["DynamoDB_20120810.PutItem", "DynamoDB_20120810.Query", "DynamoDB_20120810.TagResource"]
    ),
    document=JSON,
)
@example("DynamoDB_20120810.Query", {"Limit": 1e999})
@example("DynamoDB_20120810.Query", {"Limit": 10**400})
def test_any_json_ends_in_an_input_or_a_fault(target: str, document: object) -> None:
    body = json.dumps(document).encode()
    message = Message.of("POST", "/", [("x-amz-target", target)], body)
    found = route([service("dynamodb")], message)
    with suppress(FaultError):
        validate(protocols.parse(found, message), found.service, found.operation)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "Could not parse"),
        (b"[1]", "Start of list"),
        (b'{"Limit": NaN}', "Could not parse"),
        (b"[" * 100_000, "Could not parse"),
        (b'{"Limit": "1"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"TableName": 1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"TableName": false}', "FALSE_VALUE can not be converted to a String"),
        (b'{"TableName": {}}', "Start of structure or map found where not expected."),
        (b'{"Select": [1]}', "Start of structure or map found where not expected."),
    ],
)
def test_json_of_the_wrong_kind_is_named(body: bytes, words: str) -> None:
    dynamodb = service("dynamodb")
    found = Route(dynamodb, dynamodb.operations["Query"], dynamodb.protocol)
    with pytest.raises(FaultError, match="SerializationException") as caught:
        protocols.parse(found, Message.of("POST", "/", [], body))
    assert words in caught.value.fault.message


@pytest.mark.parametrize(
    "form",
    [
        "Action=ListUsers&Version=2010-05-08&MaxItems=x",
        "Action=ListUsers&Version=2010-05-08&MaxItems=" + "9" * 5000,
        "Action=ListUsers&Version=2010-05-08&" + "a." * 40 + "=1",
    ],
)
def test_form_parameters_of_the_wrong_kind_are_refused(form: str) -> None:
    headers = [("content-type", "application/x-www-form-urlencoded")]
    message = Message.of("POST", "/", headers, form.encode())
    with pytest.raises(FaultError, match="MalformedInput"):
        protocols.parse(route([service("iam")], message), message)


def test_huge_list_numbers_are_ignored() -> None:
    form = "Action=UntagUser&UserName=u&TagKeys.member.2=b&TagKeys.member.1=a"
    form += f"&TagKeys.member.{'9' * 5000}=c"
    headers = [("content-type", "application/x-www-form-urlencoded")]
    message = Message.of("POST", "/", headers, form.encode())
    found = protocols.parse(route([service("iam")], message), message)
    assert found == {"UserName": "u", "TagKeys": ["a", "b"]}


def test_the_first_of_a_repeated_parameter_counts() -> None:
    message = Message.of(
        "POST",
        "/?Action=DeleteUser",
        [("content-type", "application/x-www-form-urlencoded")],
        b"Action=GetUser&UserName=a&UserName=b",
    )
    found = route([service("iam")], message)
    assert found.operation.name == "GetUser"
    assert protocols.parse(found, message) == {"UserName": "a"}


def test_s3_refuses_what_is_not_its_xml() -> None:
    message = Message.of("PUT", "/b?tagging", [], b"<!DOCTYPE a><a/>")
    with pytest.raises(FaultError, match="MalformedXML"):
        protocols.parse(route([service("s3")], message), message)


def test_a_header_cannot_be_smuggled_into_an_answer() -> None:
    s3 = service("s3")
    operation = s3.operations["HeadObject"]
    answer = protocols.serialize({"ContentType": "a\r\nSet-Cookie: x"}, s3, operation, "id")
    assert all("\r" not in value and "\n" not in value for _, value in answer.headers)
    assert s3.shapes["HeadObjectOutput"].members["ContentType"].location is Location.HEADER


def test_sqs_query_parameters_have_their_documented_names() -> None:
    # docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    sqs = service("sqs")
    form = (
        "Action=SendMessage&Version=2012-11-05&MessageBody=hi&QueueUrl=http%3A%2F%2Fq"
        "&MessageAttribute.1.Name=n&MessageAttribute.1.Value.StringValue=v"
        "&MessageAttribute.1.Value.DataType=String"
    )
    headers = [("content-type", "application/x-www-form-urlencoded")]
    message = Message.of("POST", "/", headers, form.encode())
    assert protocols.parse(route([sqs], message), message) == {
        "QueueUrl": "http://q",
        "MessageBody": "hi",
        "MessageAttributes": {"n": {"StringValue": "v", "DataType": "String"}},
    }
    form = (
        "Action=CreateQueue&QueueName=q&Attribute.1.Name=Policy&Attribute.1.Value=%7B%7D"
        "&Tag.1.Key=k&Tag.1.Value=v"
    )
    message = Message.of("POST", "/", headers, form.encode())
    assert protocols.parse(route([sqs], message), message) == {
        "QueueName": "q",
        "Attributes": {"Policy": "{}"},
        "tags": {"k": "v"},
    }
