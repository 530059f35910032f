"""What was authorized is what moto does: two readings of a request cannot differ."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tests.endpoints import ACCOUNT, REGION, Answer, Site, host_of, message, send

from clearance.facts import services
from clearance.server.services.behind import backend
from clearance.server.services.rewrite import rewritten
from clearance.wire import protocols
from clearance.wire.message import Message
from clearance.wire.route import Route, route
from clearance.wire.shapes import Protocol
from clearance.wire.sigv4 import sign

KEYS = (
    "plain",
    "a/b c.txt",
    "private%2Fsecret",
    "%252e",
    "/leading",
    "trailing/",
    "a//b",
    "a/../b",
    "./x",
    "plus+and&=?#",
    "ü/日本",
    "semi;colon:at@",
    "tilde~'()*!",
)


def ask(
    found: Site, service: str, method: str, target: str, body: bytes = b"", **more: str
) -> Answer:
    made = message(method, target, body, host=host_of(found.url), **more)
    now = datetime.now(UTC)
    signed = sign(made, found.root.key, found.root.secret, now, region=REGION, service=service)
    return send(found.url, signed)


def test_a_key_is_the_same_key_to_both(served: Site) -> None:
    served.client("s3").create_bucket(Bucket="odd-keys")
    held = backend("s3", ACCOUNT, REGION).buckets["odd-keys"]
    for key in KEYS:
        answer = ask(served, "s3", "PUT", f"/odd-keys/{quote(key, safe='/')}", key.encode())
        assert answer.status == 200, (key, answer)
        event = served.events(eventName="PutObject")[-1]
        assert event["resources"][0]["ARN"] == f"arn:aws:s3:::odd-keys/{key}"
        assert key in held.keys
        got = ask(served, "s3", "GET", f"/odd-keys/{quote(key, safe='/')}")
        assert got.body == key.encode()
    assert set(held.keys) == set(KEYS)


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "given"),
    [
        ("s3", "GetObject", "rest-xml", {"Bucket": "b", "Key": "a%2Fb c/é", "Range": "bytes=0-1"}),
        ("s3", "PutObject", "rest-xml",
         {"Bucket": "b", "Key": "k", "Body": b"\0\xff", "Metadata": {"a-b": "c"},
          "Tagging": "a=b", "ContentType": "text/plain"}),
        ("s3", "PutBucketPolicy", "rest-xml", {"Bucket": "b", "Policy": '{"a":"<&>"}'}),
        ("s3", "CopyObject", "rest-xml", {"Bucket": "b", "Key": "k", "CopySource": "a/b%20c"}),
        ("s3", "ListObjectsV2", "rest-xml", {"Bucket": "b", "Prefix": "a b&c", "MaxKeys": 3}),
        ("s3", "PutBucketTagging", "rest-xml",
         {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "k", "Value": "<v>"}]}}),
        ("sqs", "SendMessage", "json",
         {"QueueUrl": "http://x/1/q", "MessageBody": "é\n", "DelaySeconds": 2}),
        ("sns", "Publish", "query",
         {"TopicArn": "arn:t", "Message": "m",
          "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}}}),
        ("kms", "Decrypt", "json", {"CiphertextBlob": b"\0\1", "EncryptionContext": {"a": "b"}}),
        ("dynamodb", "GetItem", "json", {"TableName": "t", "Key": {"id": {"S": "x"}}}),
        ("apigateway", "GetRestApi", "rest-json", {"restApiId": "abc"}),
        ("logs", "PutLogEvents", "json",
         {"logGroupName": "g", "logStreamName": "s",
          "logEvents": [{"timestamp": 1, "message": "m"}]}),
    ],
)  # fmt: skip
def test_the_new_request_reads_as_the_old_one(
    service: str, operation: str, protocol: str, given: dict[str, Any]
) -> None:
    model = services.service(service)
    found = Route(model, model.operations[operation], Protocol(protocol))
    made = rewritten(found, given, message("GET", "/other?Action=Else", host="x"))
    again = route((model,), made)
    assert again.operation.name == operation
    assert protocols.parse(again, made) == given


def test_a_header_or_parameter_of_the_client_does_not_come_along() -> None:
    model = services.service("s3")
    found = Route(model, model.operations["GetObject"], Protocol("rest-xml"))
    original = Message.of(
        "GET",
        "/b/k?versionId=1&acl",
        [("host", "x"), ("x-moto-account-id", "1"), ("x-amz-copy-source", "c/d")],
    )
    made = rewritten(found, {"Bucket": "b", "Key": "k"}, original)
    assert (made.path, made.query, set(made.headers)) == ("/b/k", "", {"host"})


def test_of_a_parameter_sent_twice_one_is_decided_on_and_done(served: Site) -> None:
    sqs = served.client("sqs")
    for name in ("twice-a", "twice-b"):
        sqs.create_queue(QueueName=name)
    url = f"{served.url}/{ACCOUNT}/"
    form = [
        ("Action", "SendMessage"),
        ("Version", "2012-11-05"),
        ("QueueUrl", f"{url}twice-a"),
        ("QueueUrl", f"{url}twice-b"),
        ("MessageBody", "hello"),
    ]
    kind = "application/x-www-form-urlencoded"
    answer = ask(served, "sqs", "POST", "/", urlencode(form).encode(), content_type=kind)
    if answer.status == 200:
        (decided,) = served.events(eventName="SendMessage")[-1]["resources"]
        name = decided["ARN"].rsplit(":", 1)[1]
        other = {"twice-a": "twice-b", "twice-b": "twice-a"}[name]
        assert sqs.receive_message(QueueUrl=f"{url}{name}")["Messages"][0]["Body"] == "hello"
        assert "Messages" not in sqs.receive_message(QueueUrl=f"{url}{other}")
    else:
        assert answer.status == 400


def test_sqs_still_speaks_the_query_protocol(served: Site) -> None:
    kind = "application/x-www-form-urlencoded"

    def query(**parameters: str) -> Answer:
        form = urlencode({"Version": "2012-11-05", **parameters}).encode()
        return ask(served, "sqs", "POST", "/", form, content_type=kind)

    made = query(
        Action="CreateQueue",
        QueueName="old",
        **{"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"},
    )
    url = f"{served.url}/{ACCOUNT}/old"
    assert f"<QueueUrl>{url}</QueueUrl>" in made.text
    sent = query(Action="SendMessage", QueueUrl=url, MessageBody="a&b")
    assert "<MessageId>" in sent.text
    got = query(Action="ReceiveMessage", QueueUrl=url)
    assert "<Body>a&amp;b</Body>" in got.text
    gone = query(Action="PurgeQueue", QueueUrl=f"{url}er")
    assert (gone.status, "AWS.SimpleQueueService.NonExistentQueue" in gone.text) == (400, True)


def test_what_is_stored_is_not_in_the_audit_trail(served: Site) -> None:
    served.client("ssm").put_parameter(Name="pw", Value="hunter2", Type="SecureString")
    sqs = served.client("sqs")
    url = sqs.create_queue(QueueName="quiet")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hunter2")
    served.client("secretsmanager").create_secret(Name="quiet", SecretString="hunter2")
    assert "hunter2" not in str(served.events())
    assert "hunter2" not in str(list(served.started.store.history()))
