"""Event source mappings: every answer in the model's shape."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.operations.stage import A, Stage

QUEUE = f"arn:aws:sqs:us-east-1:{A}:q"
STREAM = f"arn:aws:dynamodb:us-east-1:{A}:table/t/stream/2026-01-01T00:00:00.000"


def create(one: Stage, **more: Any) -> dict[str, Any]:
    given = {"FunctionName": "f", "EventSourceArn": QUEUE, **more}
    return dict(one("CreateEventSourceMapping", **given))


def test_a_queue(one: Stage) -> None:
    made = create(
        one,
        BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
        FilterCriteria={"Filters": [{"Pattern": '{"body": ["x"]}'}]},
    )
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:{A}:function:f"
    assert (made["State"], made["StateTransitionReason"]) == ("Enabled", "USER_INITIATED")
    assert "StartingPosition" not in made
    assert one("GetEventSourceMapping", UUID=made["UUID"]) == made
    off = one("UpdateEventSourceMapping", UUID=made["UUID"], Enabled=False, FilterCriteria={})
    assert off["State"] == "Disabled"
    assert "FilterCriteria" not in off
    arn = made["EventSourceMappingArn"]
    one("TagResource", Resource=arn, Tags={"a": "1", "b": "2"})
    one("UntagResource", Resource=arn, TagKeys=["a"])
    assert one("ListTags", Resource=arn)["Tags"] == {"b": "2"}
    one("DeleteEventSourceMapping", UUID=made["UUID"])
    assert one.refused("ListTags", Resource=arn).code == "ResourceNotFoundException"


def test_a_stream(one: Stage) -> None:
    made = create(
        one,
        EventSourceArn=STREAM,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=datetime(2026, 1, 1, tzinfo=UTC),
        MaximumRetryAttempts=2,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
    )
    assert (made["BatchSize"], made["MaximumRecordAgeInSeconds"]) == (100, -1)
    assert made["DestinationConfig"] == {"OnFailure": {"Destination": QUEUE}}


def test_lists_by_function_and_by_source(one: Stage) -> None:
    create(one)
    create(one, EventSourceArn=STREAM, StartingPosition="LATEST")
    for given, found in (
        ({}, 2),
        ({"FunctionName": "f"}, 2),
        ({"FunctionName": "f:1"}, 0),
        ({"EventSourceArn": QUEUE}, 1),
    ):
        answer = one("ListEventSourceMappings", **given)
        assert len(answer["EventSourceMappings"]) == found
    first = one("ListEventSourceMappings", MaxItems=1)
    rest = one("ListEventSourceMappings", Marker=first["NextMarker"])
    assert len(rest["EventSourceMappings"]) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"BatchSize": 0}, "'batchSize'"),
        ({"BatchSize": 20}, "batch window"),
        ({"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11}, "FIFO"),
        ({"EventSourceArn": None}, "Unrecognized event source."),
        ({"EventSourceArn": STREAM}, "'startingPosition' failed"),
        ({"SelfManagedEventSource": {"Endpoints": {}}, "Topics": ["t"]}, "Clearance does not"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "[]"}]}}, "Invalid filter pattern"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}] * 6}}, "must not exceed 5"),
        ({"FunctionName": "g"}, "Function does not exist"),
    ],
)
def test_refusals(one: Stage, given: dict[str, Any], words: str) -> None:
    full = {"FunctionName": "f", "EventSourceArn": QUEUE, **given}
    assert words in one.refused("CreateEventSourceMapping", **full).message


def test_the_role_reads_the_source(one: Stage) -> None:
    """R215."""
    account = one.account
    role = replace(account.roles["exec"], attached=())
    one.estate = one.estate.with_account(replace(account, roles={**account.roles, "exec": role}))
    queue = one.refused("CreateEventSourceMapping", FunctionName="f", EventSourceArn=QUEUE)
    assert queue.message.endswith("does not have permissions to call ReceiveMessage on SQS")
    stream = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST"}
    assert (
        f"Cannot access stream {STREAM}"
        in one.refused("CreateEventSourceMapping", **stream).message
    )
