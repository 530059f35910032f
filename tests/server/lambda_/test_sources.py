"""Event source mappings: what they ask of the role, and queues and streams being read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Failure,
    Site,
    allow,
    attempt,
    site,
    small_estate,
    zipped,
)

from clearance.model.event_source import EventSourceMapping
from clearance.server.lambda_.pace import Pace
from clearance.server.lambda_.sources import StreamSource

T = TypeVar("T")
QUICK = Pace(poll=0.05, failed=0.1)
READ = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
STREAM = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
# Writes down each batch; takes what says so, and reports or raises for the rest.
TAKES = """
import json, os
def handler(event, context):
    bodies = [r.get("body") or r["dynamodb"]["NewImage"]["id"]["S"] for r in event["Records"]]
    with open(os.environ["NOTES"], "a") as file:
        file.write(json.dumps(bodies) + "\\n")
    if any("raise" in body for body in bodies):
        raise ValueError("no")
    names = [r.get("messageId") or r["dynamodb"]["SequenceNumber"] for r in event["Records"]]
    failed = [n for n, body in zip(names, bodies) if "fail" in body]
    return {"batchItemFailures": [{"itemIdentifier": n} for n in failed]}
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


class Stage:
    """A queue, a function and the notes it takes."""

    def __init__(self, here: Site, name: str, notes: Path, *policies: str, **queue: str) -> None:
        self.client, self.sqs = here.client("lambda"), here.client("sqs")
        self.name, self.notes = name, notes
        self.url = self.sqs.create_queue(QueueName=name, Attributes=queue)["QueueUrl"]
        self.queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        role = here.role(f"{name}-role", LAMBDA_TRUST, *policies)
        environment = {"Variables": {"NOTES": str(notes)}}
        here.function(name, TAKES, Role=role, Environment=environment)

    def map(self, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=self.queue, **more
        )
        return answer

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def batches(self) -> list[list[str]]:
        text = self.notes.read_text() if self.notes.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def bodies(self) -> list[str]:
        return sorted(body for batch in self.batches() for body in batch)

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)


def test_the_role_is_asked_before_and_the_mapping_is_kept(here: Site, tmp_path: Path) -> None:
    """R215: poll-based sources are read with the execution role."""
    stage = Stage(here, "asked", tmp_path / "notes")
    client = stage.client
    assert attempt(stage.map) == Failure(
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call ReceiveMessage on SQS",
        400,
    )
    here.client("iam").put_role_policy(
        RoleName="asked-role", PolicyName="p", PolicyDocument=allow(READ, stage.queue)
    )
    made = stage.map(Enabled=False, Tags={"team": "red"})
    assert (made["State"], made["BatchSize"]) == ("Disabled", 10)
    assert client.list_tags(Resource=made["EventSourceMappingArn"])["Tags"] == {"team": "red"}
    again = attempt(stage.map)
    assert (again.code, again.status) == ("ResourceConflictException", 409)
    assert again.message.endswith(f"mapping with UUID {made['UUID']}")
    for wrong, words in (
        ({"BatchSize": 11}, "batch window"),
        ({"StartingPosition": "LATEST"}, "StartingPosition"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "x"}]}}, "filter pattern"),
        ({"FunctionName": "nobody"}, "Function does not exist"),
        ({"EventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/x/y"}, "kafka"),
    ):
        given = {"FunctionName": "asked", "EventSourceArn": stage.queue, **wrong}
        assert words in attempt(client.create_event_source_mapping, **given).message
    updated = client.update_event_source_mapping(UUID=made["UUID"], BatchSize=3)
    assert updated["BatchSize"] == 3
    listed = client.list_event_source_mappings(FunctionName="asked")["EventSourceMappings"]
    assert [each["UUID"] for each in listed] == [made["UUID"]]
    assert client.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
    gone = attempt(client.get_event_source_mapping, UUID=made["UUID"])
    assert gone.code == "ResourceNotFoundException"


def test_messages_of_a_queue_reach_the_function(here: Site, tmp_path: Path) -> None:
    stage = Stage(here, "reads", tmp_path / "notes", allow(READ))
    made = stage.map(BatchSize=2)
    stage.send("a", "b", "c")
    until(lambda: stage.bodies() == ["a", "b", "c"])
    assert max(map(len, stage.batches())) <= 2
    until(lambda: stage.left() == 0)
    found = stage.client.get_event_source_mapping(UUID=made["UUID"])
    assert (found["State"], found["LastProcessingResult"]) == ("Enabled", "OK")
    read = [
        e
        for e in here.events(eventName="ReceiveMessage")
        if e["userIdentity"]["arn"].endswith("assumed-role/reads-role/reads")
    ]
    assert len(read) < 20  # an empty queue is not asked again and again
    stage.client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    stage.send("d")
    time.sleep(0.3)
    assert stage.left() == 1


def test_what_a_function_fails_on_goes_the_queue_s_way(here: Site, tmp_path: Path) -> None:
    sqs = here.client("sqs")
    dead = sqs.create_queue(QueueName="redriven")["QueueUrl"]
    target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:redriven"
    redrive = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
    stage = Stage(
        here,
        "partial",
        tmp_path / "notes",
        allow(READ),
        RedrivePolicy=redrive,
        VisibilityTimeout="0",
    )
    stage.send("a", "fail", "b")
    stage.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    message = until(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))
    assert message[0]["Body"] == "fail"
    until(lambda: stage.left() == 0)
    assert {"a", "b", "fail"} == set(stage.bodies())


def test_filters_drop_what_is_not_wanted(here: Site, tmp_path: Path) -> None:
    stage = Stage(here, "filters", tmp_path / "notes", allow(READ))
    pattern = json.dumps({"body": {"size": [{"numeric": [">", 5]}]}})
    stage.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    stage.send('{"size": 3}', '{"size": 7}', "text")
    until(lambda: stage.bodies() == ['{"size": 7}'])
    until(lambda: stage.left() == 0)


def test_a_role_that_lost_its_permission_is_told(here: Site, tmp_path: Path) -> None:
    stage = Stage(here, "loses", tmp_path / "notes", allow(READ))
    made = stage.map()
    here.client("iam").delete_role_policy(RoleName="loses-role", PolicyName="p0")
    stage.send("a")

    def result() -> str | None:
        found = stage.client.get_event_source_mapping(UUID=made["UUID"])
        said: str = found["LastProcessingResult"]
        return said if "PROBLEM" in said else None

    assert "is not authorized to perform: sqs:receivemessage" in until(result)  # SQS's own spelling
    assert stage.left() == 1


def test_records_of_a_stream_reach_the_function_in_order(here: Site, tmp_path: Path) -> None:
    dynamodb, notes = here.client("dynamodb"), tmp_path / "notes"
    failed = here.client("sqs").create_queue(QueueName="discarded")["QueueUrl"]
    table = dynamodb.create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    stage = Stage(here, "streams", notes, allow([*STREAM, "sqs:SendMessage"]))
    stage.queue = table["LatestStreamArn"]
    assert "startingPosition" in attempt(stage.map).message
    stage.map(
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=1,
        DestinationConfig={
            "OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:discarded"}
        },
    )
    for name in ("a", "b"):
        dynamodb.put_item(TableName="items", Item={"id": {"S": name}})
    until(lambda: [body for batch in stage.batches() for body in batch] == ["a", "b"])
    dynamodb.put_item(TableName="items", Item={"id": {"S": "raise"}})
    message = until(lambda: here.client("sqs").receive_message(QueueUrl=failed).get("Messages"))
    record = json.loads(message[0]["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    assert [batch for batch in stage.batches() if batch == ["raise"]] == [["raise"]] * 2
    dynamodb.put_item(TableName="items", Item={"id": {"S": "c"}})
    until(lambda: ["c"] in stage.batches())


def test_old_records_are_passed_over(here: Site) -> None:
    started = here.started
    now = started.world.now()
    mapping = EventSourceMapping("u", REGION, "s", "f", now, maximum_record_age=60)
    functions = started.functions
    for made, age, takes in ((30, 60, True), (61, 60, False), (10**6, -1, True)):
        source = StreamSource(
            started.world,
            functions.calls,
            functions.poller.run,
            replace(mapping, maximum_record_age=age),
            functions.poller.length,
        )
        created = now.timestamp() - made
        record = {"dynamodb": {"ApproximateCreationDateTime": created}}
        assert source.takes(record) is takes
        assert source.takes({"dynamodb": {}})


def test_what_is_not_read_here_says_so(here: Site, tmp_path: Path) -> None:
    stage = Stage(here, "kinesis", tmp_path / "notes", allow("kinesis:*"))
    stage.queue = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    made = stage.map(StartingPosition="LATEST")
    assert made["State"] == "Enabled"

    def result() -> bool:
        found = stage.client.get_event_source_mapping(UUID=made["UUID"])
        return "reads events only from sqs, dynamodb" in str(found["LastProcessingResult"])

    until(result)


def test_code_may_lie_in_a_bucket(here: Site) -> None:

    s3, client = here.client("s3"), here.client("lambda")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="f.zip", Body=zipped("def handler(e, c): return 'S3'\n"))
    given = {
        "FunctionName": "stored",
        "Role": here.role("stored-role", LAMBDA_TRUST),
        "Runtime": "python3.11",
        "Handler": "app.handler",
    }
    missing = attempt(client.create_function, **given, Code={"S3Bucket": "code", "S3Key": "x"})
    assert "S3 Error Code: NoSuchKey" in missing.message
    none = attempt(client.create_function, **given, Code={"S3Bucket": "nothing", "S3Key": "x"})
    assert "NoSuchBucket" in none.message
    client.create_function(**given, Code={"S3Bucket": "code", "S3Key": "f.zip"})
    assert json.loads(client.invoke(FunctionName="stored")["Payload"].read()) == "S3"
    layer = {"LayerName": "stored", "Content": {"S3Bucket": "code", "S3Key": "f.zip"}}
    assert client.publish_layer_version(**layer)["Version"] == 1
    deployer = here.user("deployer", allow(["lambda:*", "iam:PassRole"]))
    update = {"FunctionName": "stored", "S3Bucket": "code", "S3Key": "f.zip"}
    denied = attempt(here.client("lambda", deployer).update_function_code, **update)
    assert "s3:GetObject" in denied.message
