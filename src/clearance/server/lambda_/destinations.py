"""Where the results of asynchronous calls go: destinations and dead letters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.server.lambda_.role_calls import CallFailed, RoleCalls, Runner, queue_url
from clearance.server.runtime.spec import Outcome

__all__ = ["Result", "record_of", "send_dead_letter", "send_record"]

_MESSAGE: Final = 1024


@dataclass(frozen=True, slots=True)
class Result:
    """How an asynchronous call ended; ``condition`` is Lambda's word for it."""

    condition: str
    request_id: str
    function: str
    attempts: int
    event: bytes
    outcome: Outcome | None

    @property
    def succeeded(self) -> bool:
        """True when the function took the event."""
        return self.condition == "Success"


def record_of(result: Result, now: datetime) -> dict[str, Any]:
    """The invocation record.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": result.request_id,
            "functionArn": result.function,
            "condition": result.condition,
            "approximateInvokeCount": result.attempts,
        },
        "requestPayload": _value(result.event),
    }
    outcome = result.outcome
    if outcome is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": outcome.executed_version}
        if outcome.function_error:
            context["functionError"] = outcome.function_error
        record["responseContext"] = context
        record["responsePayload"] = _value(outcome.payload)
    return record


async def send_record(
    calls: RoleCalls, who: Runner, target: str, record: dict[str, Any], *, succeeded: bool
) -> None:
    """Send an invocation record to its destination.

    Raises:
        CallFailed: the role may not, or the target is not there.
    """
    arn, text = Arn.find(target), json.dumps(record)
    service = arn.service if arn else ""
    if arn is None or service not in {"sqs", "sns", "lambda", "events"}:
        raise CallFailed("InvalidParameterValueException", f"`{target}` is no destination")
    if service == "sqs":
        given = {"QueueUrl": queue_url(arn), "MessageBody": text}
        await calls.json(who, "sqs", "SendMessage", arn.region, given)
    elif service == "sns":
        await calls.publish(who, arn.region, {"TopicArn": target, "Message": text})
    elif service == "lambda":
        await calls.invoke(who, target, text.encode())
    else:
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - "
            f"{'Success' if succeeded else 'Failure'}",
            "Resources": [target, record["requestContext"]["functionArn"]],
            "Detail": text,
            "EventBusName": target,
        }
        answer = await calls.json(who, "events", "PutEvents", arn.region, {"Entries": [entry]})
        if answer.get("FailedEntryCount"):
            raise CallFailed("InternalFailure", json.dumps(answer.get("Entries")))


async def send_dead_letter(calls: RoleCalls, who: Runner, target: str, result: Result) -> None:
    """Send the event itself to a function's dead-letter queue or topic.

    "The dead-letter queue receives the content of the event … with attributes RequestID, ErrorCode
    and ErrorMessage" (Lambda Developer Guide, Adding a dead-letter queue).

    Raises:
        CallFailed: the role may not, or the target is not there.
    """
    arn = Arn.of(target)
    said = _value(result.outcome.payload) if result.outcome else None
    words = said.get("errorMessage") if isinstance(said, dict) else None
    message = str(words or result.condition)[:_MESSAGE]
    attributes = {
        "RequestID": ("String", result.request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", message),
    }
    event = (result.event or b"{}").decode("utf-8", "replace")
    if arn.service == "sqs":
        given = {
            "QueueUrl": queue_url(arn),
            "MessageBody": event,
            "MessageAttributes": {
                name: {"DataType": kind, "StringValue": text}
                for name, (kind, text) in attributes.items()
            },
        }
        await calls.json(who, "sqs", "SendMessage", arn.region, given)
        return
    form = {"TopicArn": target, "Message": event}
    for number, (name, (kind, text)) in enumerate(attributes.items(), 1):
        entry = f"MessageAttributes.entry.{number}"
        form |= {
            f"{entry}.Name": name,
            f"{entry}.Value.DataType": kind,
            f"{entry}.Value.StringValue": text,
        }
    await calls.publish(who, arn.region, form)


def _value(payload: bytes) -> Any:  # noqa: ANN401
    try:
        return json.loads(payload or b"null")
    except ValueError:
        return payload.decode("utf-8", "replace")
