"""Asynchronous and streamed invocations: retries, destinations, dead letters, restarts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Site,
    allow,
    attempt,
    site,
    small_estate,
)

from clearance.server.lambda_.pace import Pace

T = TypeVar("T")
QUICK = Pace(retries=(0.01, 0.01), throttled=0.01, throttled_most=0.05, poll=0.05, failed=0.05)
# Leaves a line for each attempt and fails as often as it is told.
COUNTS = """
import pathlib
def handler(event, context):
    path = pathlib.Path(event["path"])
    with path.open("a") as file:
        file.write(context.aws_request_id + "\\n")
    if len(path.read_text().splitlines()) <= event["failures"]:
        raise ValueError("not yet")
    return {"took": event["failures"]}
"""


@pytest.fixture(scope="module")
def here() -> Iterator[Site]:
    pytest.importorskip("moto")
    with site(small_estate(), pace=QUICK) as found:
        yield found


def until(found: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + 20
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline
        time.sleep(0.02)


def queue(here: Site, name: str) -> tuple[str, Callable[[], dict[str, Any] | None]]:
    """A queue: its ARN, and a way to take its next message."""
    sqs = here.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]

    def take() -> dict[str, Any] | None:
        found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        messages: list[dict[str, Any]] = found.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages[0] if messages else None

    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", take


def start(here: Site, name: str, path: Path, failures: int) -> dict[str, Any]:
    event = json.dumps({"path": str(path), "failures": failures}).encode()
    client = here.client("lambda")
    answer: dict[str, Any] = client.invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert answer["StatusCode"] == 202
    return answer


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_failed_event_is_tried_twice_more_and_then_told(here: Site, tmp_path: Path) -> None:
    good, taken = queue(here, "good")
    bad, failed = queue(here, "bad")
    role = here.role("tells-role", LAMBDA_TRUST, allow("sqs:SendMessage", [good, bad]))
    arn = here.function("tells", COUNTS, Role=role)
    client = here.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName="tells",
        DestinationConfig={"OnSuccess": {"Destination": good}, "OnFailure": {"Destination": bad}},
    )
    start(here, "tells", tmp_path / "one", 2)
    record = json.loads(until(taken)["Body"])
    assert len(lines(tmp_path / "one")) == 3
    assert len(set(lines(tmp_path / "one"))) == 1  # "the same request ID" (invocation-async)
    assert record["requestContext"] == {
        "requestId": lines(tmp_path / "one")[0],
        "functionArn": f"{arn}:$LATEST",
        "condition": "Success",
        "approximateInvokeCount": 3,
    }
    assert record["responsePayload"] == {"took": 2}
    assert record["requestPayload"]["failures"] == 2

    start(here, "tells", tmp_path / "two", 9)
    record = json.loads(until(failed)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "not yet"

    client.update_function_event_invoke_config(FunctionName="tells", MaximumRetryAttempts=0)
    start(here, "tells", tmp_path / "three", 1)
    until(failed)
    assert len(lines(tmp_path / "three")) == 1
    sent = [e for e in here.events(eventName="SendMessage") if "errorCode" not in e]
    assert {e["userIdentity"]["arn"] for e in sent} == {
        f"arn:aws:sts::{ACCOUNT}:assumed-role/tells-role/tells"
    }
    assert not any(here.data.glob("lambda-events/*"))


def test_the_execution_role_must_be_allowed_to_send(here: Site, tmp_path: Path) -> None:
    arn, taken = queue(here, "closed")
    here.function("quiet", COUNTS)
    here.client("lambda").put_function_event_invoke_config(
        FunctionName="quiet", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    start(here, "quiet", tmp_path / "quiet", 0)
    denied = until(
        lambda: [
            e
            for e in here.events(eventName="SendMessage", errorCode="AccessDenied")
            if "quiet-role" in e["errorMessage"]
        ]
    )
    assert denied[0]["sourceIPAddress"] == "lambda.amazonaws.com"
    assert taken() is None


def test_other_destinations(here: Site, tmp_path: Path) -> None:
    """A topic, an event bus, another function; each reaches what listens there."""
    arn, taken = queue(here, "listens")
    sqs, sns, events = here.client("sqs"), here.client("sns"), here.client("events")
    url = sqs.get_queue_url(QueueName="listens")["QueueUrl"]
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = sns.create_topic(Name="results")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    events.put_rule(Name="results", EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="results", Targets=[{"Id": "1", "Arn": arn}])
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    writes = (
        "import sys\ndef handler(e, c):\n    open(e['requestPayload']['path'] + '.next', 'w')\n"
    )
    follower = here.function("follower", writes)
    allowed = allow(["sns:Publish", "events:PutEvents", "lambda:InvokeFunction"])
    role = here.role("sends-role", LAMBDA_TRUST, allowed)
    here.function("sends", COUNTS, Role=role)
    client = here.client("lambda")

    def send_to(target: str, name: str) -> None:
        client.put_function_event_invoke_config(
            FunctionName="sends", DestinationConfig={"OnSuccess": {"Destination": target}}
        )
        start(here, "sends", tmp_path / name, 0)

    send_to(topic, "topic")
    told = json.loads(json.loads(until(taken)["Body"])["Message"])
    assert told["requestContext"]["condition"] == "Success"
    send_to(bus, "bus")
    event = json.loads(until(taken)["Body"])
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["detail"]["responsePayload"] == {"took": 0}
    send_to(follower, "function")
    until((tmp_path / "function.next").exists)


def test_dead_letters_carry_the_event(here: Site, tmp_path: Path) -> None:
    arn, taken = queue(here, "dead")
    role = here.role("dead-role", LAMBDA_TRUST)
    given: dict[str, Any] = {"Role": role, "DeadLetterConfig": {"TargetArn": arn}}
    refused = attempt(here.function, name="dies", code=COUNTS, **given)
    assert refused.message == (
        "The provided execution role does not have permissions to call SendMessage on SQS"
    )
    here.client("iam").put_role_policy(
        RoleName="dead-role", PolicyName="p", PolicyDocument=allow("sqs:SendMessage", arn)
    )
    here.function("dies", COUNTS, **given)
    start(here, "dies", tmp_path / "dies", 3)
    message = until(taken)
    assert json.loads(message["Body"])["failures"] == 3
    found = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert found == {
        "RequestID": lines(tmp_path / "dies")[0],
        "ErrorCode": "200",
        "ErrorMessage": "not yet",
    }


def test_throttled_events_wait(here: Site, tmp_path: Path) -> None:
    here.function("waits", COUNTS)
    client = here.client("lambda")
    client.put_function_concurrency(FunctionName="waits", ReservedConcurrentExecutions=1)
    for n in range(4):
        start(here, "waits", tmp_path / str(n), 0)
    until(lambda: all((tmp_path / str(n)).exists() for n in range(4)))


def test_the_old_way_to_invoke(here: Site, tmp_path: Path) -> None:
    here.function("old", COUNTS)
    event = json.dumps({"path": str(tmp_path / "old"), "failures": 0})
    answer = here.client("lambda").invoke_async(FunctionName="old", InvokeArgs=event)
    assert answer["Status"] == 202
    until((tmp_path / "old").exists)


def test_a_streamed_answer_is_read_by_boto3(here: Site) -> None:
    here.function("streams", "def handler(e, c):\n    return 'x' * e if e else 1 / e\n")
    client = here.client("lambda")

    def stream(payload: bytes) -> list[dict[str, Any]]:
        answer = client.invoke_with_response_stream(
            FunctionName="streams", Payload=payload, LogType="Tail"
        )
        assert answer["ExecutedVersion"] == "$LATEST"
        return list(answer["EventStream"])

    *chunks, end = stream(b"100000")
    assert len(chunks) == 2
    whole = b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks)
    assert json.loads(whole) == "x" * 100000
    assert "ErrorCode" not in end["InvokeComplete"]
    assert end["InvokeComplete"]["LogResult"]
    *_, failed = stream(b"0")
    assert failed["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert "ZeroDivisionError" in failed["InvokeComplete"]["ErrorDetails"]
    denied = attempt(
        here.client("lambda", here.user("reader")).invoke_with_response_stream,
        FunctionName="streams",
    )
    assert "lambda:InvokeFunction on resource" in denied.message


def test_an_accepted_event_survives_a_restart(tmp_path: Path) -> None:
    path, data = tmp_path / "done", tmp_path / "data"
    slow = Pace(retries=(600.0,))
    with site(small_estate(), data, pace=slow) as first:
        first.function("later", COUNTS)
        start(first, "later", path, 1)
        until(lambda: lines(path))
        until(lambda: list(data.glob("lambda-events/*.event")))
        kept = next(data.glob("lambda-events/*.event")).read_text()
        assert str(path) not in kept  # sealed
    assert len(lines(path)) == 1
    with site(None, data, pace=QUICK) as second:
        until(lambda: len(lines(path)) == 2)
        until(lambda: not list(data.glob("lambda-events/*.event")))
        assert second.url
