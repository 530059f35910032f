"""What services send on their own: only where the target's policy lets them in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.endpoints import ACCOUNT, LAMBDA_TRUST, REGION, Site, allow, attempt, document

WRITER = """\
import json, pathlib, uuid
def handler(event, context):
    folder = pathlib.Path({folder!r})
    (folder / uuid.uuid4().hex).write_text(json.dumps(event))
    print("seen", len(json.dumps(event)))
    return "ok"
"""
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"


def until(found: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true answer; fails when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.fixture(scope="module")
def inbox(served: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the function `write` leaves what it was given."""
    folder = tmp_path_factory.mktemp("inbox")
    role = served.role("writer", LAMBDA_TRUST, allow("logs:*"))
    served.function("write", WRITER.format(folder=str(folder)), Role=role)
    return folder


def letters(inbox: Path, word: str) -> list[Any]:
    found = (json.loads(text) for path in inbox.iterdir() if (text := path.read_text()))
    return [letter for letter in found if word in json.dumps(letter)]


def let_in(served: Site, label: str, principal: str, source: str) -> None:
    served.client("lambda").add_permission(
        FunctionName="write", StatementId=label, Action="lambda:InvokeFunction",
        Principal=principal, SourceArn=source, SourceAccount=ACCOUNT,
    )  # fmt: skip


def arn_of(served: Site) -> str:
    return str(
        served.client("lambda").get_function(FunctionName="write")["Configuration"]["FunctionArn"]
    )


def queue(served: Site, name: str, service: str | None = None, source: str = "") -> str:
    sqs = served.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    if service is not None:
        condition = {"ArnEquals": {"aws:SourceArn": source}}
        text = document(
            {
                "Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage",
                "Resource": f"{QUEUE}{name}", "Condition": condition,
            }
        )  # fmt: skip
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
    return str(url)


def messages(served: Site, url: str) -> list[str]:
    found = served.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [m["Body"] for m in found.get("Messages", ())]


def test_s3_calls_a_function_that_lets_it_in(served: Site, inbox: Path) -> None:
    s3 = served.client("s3")
    s3.create_bucket(Bucket="uploads")
    wanted = {
        "LambdaFunctionConfigurations": [
            {"LambdaFunctionArn": arn_of(served), "Events": ["s3:ObjectCreated:*"]}
        ]
    }
    put = {"Bucket": "uploads", "NotificationConfiguration": wanted}
    answer = attempt(s3.put_bucket_notification_configuration, **put)
    assert (answer.code, answer.message) == (
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    )
    let_in(served, "s3", "s3.amazonaws.com", "arn:aws:s3:::uploads")
    s3.put_bucket_notification_configuration(**put)
    s3.put_object(Bucket="uploads", Key="a b.jpg", Body=b"x")
    (letter,) = until(lambda: letters(inbox, "a+b.jpg"))
    record = letter["Records"][0]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    event = until(lambda: served.events(eventName="Invoke"))[-1]
    assert event["userIdentity"]["arn"] == "s3.amazonaws.com"
    assert event["additionalEventData"]["sourceArn"] == "arn:aws:s3:::uploads"
    # Permission taken away: the upload still works, the call is denied and recorded.
    served.client("lambda").remove_permission(FunctionName="write", StatementId="s3")
    s3.put_object(Bucket="uploads", Key="later.jpg", Body=b"x")
    denied = until(lambda: served.events(eventName="Invoke", errorCode="AccessDenied"))[-1]
    assert (
        "s3.amazonaws.com is not authorized to perform: lambda:InvokeFunction"
        in (denied["errorMessage"])
    )
    assert letters(inbox, "later.jpg") == []


def test_sns_reaches_queues_and_functions(served: Site, inbox: Path) -> None:
    sns = served.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    open_queue = queue(served, "open", "sns.amazonaws.com", topic)
    closed_queue = queue(served, "closed")
    elsewhere = queue(served, "elsewhere", "sns.amazonaws.com", f"{TOPIC}other")
    let_in(served, "sns", "sns.amazonaws.com", topic)
    for protocol, endpoint in (
        ("sqs", f"{QUEUE}open"),
        ("sqs", f"{QUEUE}closed"),
        ("sqs", f"{QUEUE}elsewhere"),
        ("lambda", arn_of(served)),
    ):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    sns.publish(TopicArn=topic, Message="headline", Subject="s")
    (body,) = until(lambda: messages(served, open_queue))
    assert json.loads(body)["Message"] == "headline"
    (letter,) = until(lambda: letters(inbox, "headline"))
    assert letter["Records"][0]["Sns"]["TopicArn"] == topic
    until(lambda: len(served.events(eventName="SendMessage", errorCode="AccessDenied")) == 2)
    assert messages(served, closed_queue) == messages(served, elsewhere) == []


def test_a_rule_calls_functions_and_queues(served: Site, inbox: Path) -> None:
    events = served.client("events")
    rule = events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))["RuleArn"]
    let_in(served, "rule", "events.amazonaws.com", rule)
    url = queue(served, "orders", "events.amazonaws.com", rule)
    events.put_targets(
        Rule="orders",
        Targets=[
            {"Id": "f", "Arn": arn_of(served)},
            {"Id": "q", "Arn": f"{QUEUE}orders", "InputPath": "$.detail"},
        ],
    )
    entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps({"id": "order-77"})}
    events.put_events(Entries=[entry, {**entry, "Source": "elsewhere"}])
    (letter,) = until(lambda: letters(inbox, "order-77"))
    assert (letter["source"], letter["detail-type"]) == ("shop", "order")
    assert [json.loads(m) for m in until(lambda: messages(served, url))] == [{"id": "order-77"}]
    events.disable_rule(Name="orders")
    events.put_events(Entries=[{**entry, "Detail": json.dumps({"id": "order-78"})}])
    assert messages(served, url) == []


def test_s3_reaches_a_topic_and_what_listens_to_it(served: Site) -> None:
    s3, sns = served.client("s3"), served.client("sns")
    s3.create_bucket(Bucket="to-topic")
    topic = sns.create_topic(Name="uploads")["TopicArn"]
    condition = {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::to-topic"}}
    text = document(
        {
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sns:Publish", "Resource": topic, "Condition": condition,
        }
    )  # fmt: skip
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    url = queue(served, "behind-topic", "sns.amazonaws.com", topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{QUEUE}behind-topic")
    s3.put_bucket_notification_configuration(
        Bucket="to-topic",
        NotificationConfiguration={
            "TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}]
        },
    )
    s3.put_object(Bucket="to-topic", Key="k", Body=b"")
    s3.delete_object(Bucket="to-topic", Key="k")
    (body,) = until(lambda: messages(served, url))
    record = json.loads(json.loads(body)["Message"])["Records"][0]
    assert record["eventName"] == "ObjectRemoved:Delete"


def test_what_a_function_prints_is_in_its_log_group_if_its_role_may(
    served: Site, inbox: Path
) -> None:
    del inbox
    functions, logs = served.client("lambda"), served.client("logs")
    silent = served.function("silent", "def handler(e, c):\n    print('hidden')\n")
    assert silent
    functions.invoke(FunctionName="silent", Payload=b"{}")
    functions.invoke(FunctionName="write", Payload=b'{"log": 1}')

    def lines() -> list[str]:
        found = attempt(logs.filter_log_events, logGroupName="/aws/lambda/write")
        return [] if not isinstance(found, dict) else [e["message"] for e in found["events"]]

    until(lambda: any("seen" in line for line in lines()))
    assert any(line.startswith("REPORT RequestId:") for line in lines())
    groups = {g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]}
    assert "/aws/lambda/write" in groups
    assert "/aws/lambda/silent" not in groups
    kept = served.started.world.estate.accounts[ACCOUNT].resources
    assert f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/write" in kept


def test_case_39_a_function_may_what_its_role_may(served: Site) -> None:
    code = (
        "import boto3, botocore.exceptions\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        got = boto3.client('s3').get_object(Bucket='for-functions', Key='k')\n"
        "        return got['Body'].read().decode()\n"
        "    except botocore.exceptions.ClientError as error:\n"
        "        return error.response['Error']['Code']\n"
    )
    s3 = served.client("s3")
    s3.create_bucket(Bucket="for-functions")
    s3.put_object(Bucket="for-functions", Key="k", Body=b"picture")
    served.function("reader", code, Timeout=30)
    run = served.client("lambda").invoke
    assert json.loads(run(FunctionName="reader")["Payload"].read()) == "AccessDenied"
    served.client("iam").put_role_policy(
        RoleName="reader-role", PolicyName="s3", PolicyDocument=allow("s3:GetObject")
    )
    assert json.loads(run(FunctionName="reader")["Payload"].read()) == "picture"
