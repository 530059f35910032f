"""Where moto would act by itself: it must ask us instead.

moto delivers an S3 event into a queue, or a message into another account's queue, without asking
any policy, and it reads bucket policies its own way (it does not compare the principal). While a
call of ours runs, these places put a `Delivery` aside or stay silent; for everybody else in the
process moto is as it was.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from typing import Any, Final

__all__ = ["OUTBOX", "Delivery", "install"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something a service wants to hand to another resource, on its own behalf.

    ``service`` is the principal's name (``s3``, ``sns``, ``events``), ``source`` the ARN it acts
    for. ``body`` is the text for a queue or a topic, and the payload of a function. ``options``
    are further members of SendMessage.
    """

    service: str
    source: str
    account: str
    target: str
    body: str
    options: dict[str, Any] = field(default_factory=dict)


OUTBOX: Final[ContextVar[list[Delivery] | None]] = ContextVar("clearance_outbox", default=None)
_PATCHED: Final = "__clearance__"


def install() -> None:
    """Put the hooks in place; a second time changes nothing."""
    notifications = import_module("moto.s3.notifications")
    s3, sns = import_module("moto.s3.models"), import_module("moto.sns.models")
    events: Any = import_module("moto.events.models")
    sqs: Any = import_module("moto.sqs.models")
    _patch(notifications, "send_event", _s3_event)
    _patch(notifications, "send_test_event", _nothing)
    _patch(s3.FakeBucket, "get_permission", _neutral)
    _patch(sns.Subscription, "publish", _sns_publish)
    _patch(events.Rule, "send_to_targets", _rule_targets)
    _patch(sqs.Queue, "_set_attributes", _keep_policy)
    sqs.unix_time_millis = _milliseconds


def _milliseconds(moment: Any = None) -> float:  # noqa: ANN401
    """The time as moto's queues ask for it, twice for each message they hold at each send.

    moto goes over several datetimes; a queue of a thousand messages then takes 30 ms for a send.
    """
    if moment is not None:
        return float(import_module("moto.core.utils").unix_time_millis(moment))
    return time.time() * 1000  # noqa: TID251 (moto has a clock of its own)


def _patch(owner: Any, name: str, ours: Callable[..., Any]) -> None:  # noqa: ANN401
    theirs = getattr(owner, name)
    if hasattr(theirs, _PATCHED):
        return

    @wraps(theirs)
    def either(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        outbox = OUTBOX.get()
        if outbox is None:
            return theirs(*given, **named)
        return ours(outbox, theirs, *given, **named)

    setattr(either, _PATCHED, True)
    setattr(owner, name, either)


def _nothing(*_: Any, **__: Any) -> None:  # noqa: ANN401
    """S3's test event goes to destinations that were checked already."""


def _neutral(*_: Any) -> Any:  # noqa: ANN401
    return import_module("moto.iam.access_control").PermissionResult.NEUTRAL


def _keep_policy(
    _: list[Delivery],
    theirs: Callable[..., None],
    queue: Any,  # noqa: ANN401
    attributes: dict[str, Any],
    now: float | None = None,
) -> None:
    """SetQueueAttributes changes what it names; moto would drop the policy."""
    if "Policy" not in attributes and hasattr(queue, "_policy_json"):
        attributes = {**attributes, "Policy": queue.policy}
    theirs(queue, attributes, now)


def _s3_event(
    outbox: list[Delivery],
    theirs: Callable[..., None],
    account_id: str,
    event_name: str,
    bucket: Any,  # noqa: ANN401
    key: Any,  # noqa: ANN401
) -> None:
    """An event of a bucket, to functions, queues, topics and EventBridge."""
    del theirs
    wanted = bucket.notification_configuration
    if wanted is None:
        return
    notifications = import_module("moto.s3.notifications")
    for kind in ("cloud_function", "queue", "topic"):
        for notification in getattr(wanted, kind):
            if notification.matches(event_name, key.name):
                body = notifications._get_s3_event(event_name, bucket, key, notification.id)  # noqa: SLF001
                outbox.append(
                    Delivery("s3", bucket.arn, account_id, notification.arn, json.dumps(body))
                )
    if wanted.event_bridge is not None:
        notifications._send_event_bridge_message(account_id, bucket, event_name, key)  # noqa: SLF001


def _sns_publish(  # noqa: PLR0913, PLR0917 (moto's own signature)
    outbox: list[Delivery],
    theirs: Callable[..., None],
    subscription: Any,  # noqa: ANN401
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: dict[str, Any] | None = None,
    group_id: str | None = None,
    deduplication_id: str | None = None,
    message_structure: str | None = None,
) -> None:
    """One subscription's copy of a message. Only functions and queues are served."""
    del theirs
    matcher = subscription._filter_policy_matcher  # noqa: SLF001
    if subscription.protocol not in {"lambda", "sqs"} or (
        matcher is not None and not matcher.matches(message_attributes, message)
    ):
        return
    if message_structure == "json":
        message = subscription._parse_message_structure(message, subscription.protocol)  # noqa: SLF001
    topic = subscription.topic
    options: dict[str, Any] = {}
    if subscription.protocol == "lambda":
        data = subscription.get_post_data(message, message_id, subject, message_attributes)
        record = {
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "EventSource": "aws:sns",
            "Sns": {"Subject": subject, "MessageAttributes": message_attributes or {}, **data},
        }
        body = json.dumps({"Records": [record]})
    else:
        raw = str(subscription.attributes.get("RawMessageDelivery", "")).lower() == "true"
        data = subscription.get_post_data(message, message_id, subject, message_attributes)
        body = message if raw else json.dumps(data)
        options = {"group_id": group_id, "deduplication_id": deduplication_id}
        if raw:
            options["message_attributes"] = _raw_attributes(message_attributes or {})
    outbox.append(
        Delivery("sns", topic.arn, topic.account_id, subscription.endpoint, body, options)
    )


def _raw_attributes(given: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        member = "BinaryValue" if value["Type"].startswith("Binary") else "StringValue"
        found[name] = {"DataType": value["Type"], member: value["Value"]}
    return found


def _rule_targets(
    outbox: list[Delivery],
    theirs: Callable[..., None],
    rule: Any,  # noqa: ANN401
    original: dict[str, Any],
    transform_input: bool = True,  # noqa: FBT001, FBT002 (moto's own signature)
) -> None:
    """The targets of an EventBridge rule, each with its own input."""
    del theirs, transform_input
    if rule.state == "DISABLED" or not rule.event_pattern.matches_event(original):
        return
    parser = import_module("moto.events.models").EventTemplateParser
    event = copy.deepcopy(original)
    event.pop("ingestion-time", None)
    event.pop("replay-name", None)
    if isinstance(event.get("time"), int | float):
        utils = import_module("moto.core.utils")
        event["time"] = utils.iso_8601_datetime_without_milliseconds(
            utils.utcfromtimestamp(float(event["time"]))
        )
    for target in rule.targets:
        if target["Arn"].endswith(":::"):  # a rule that moto made for an archive
            _archive(rule, target, original)
            continue
        body: Any = event
        if "Input" in target:
            body = json.loads(target["Input"])
        elif path := target.get("InputPath"):
            body = _at(event, path)
        elif transformer := target.get("InputTransformer"):
            body = parser.parse(
                input_template=transformer.get("InputTemplate"),
                input_paths_map=transformer.get("InputPathsMap", {}),
                event={"ingestion-time": original.get("ingestion-time"), **event},
            )
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        options = {"group_id": group} if group else {}
        account = rule.arn.split(":")[4]
        outbox.append(
            Delivery("events", rule.arn, account, target["Arn"], json.dumps(body), options)
        )


def _archive(rule: Any, target: dict[str, Any], original: dict[str, Any]) -> None:  # noqa: ANN401
    """Put an event into the archive whose rule this is."""
    utils = import_module("moto.events.models")
    template = target["InputTransformer"]["InputTemplate"]
    arn = template.partition('"archive-arn": "')[2].partition('"')[0]
    rule._send_to_events_archive(utils.parse_arn(arn).resource_id, original)  # noqa: SLF001


def _at(event: Any, path: str) -> Any:  # noqa: ANN401
    """What a path such as ``$.detail.name`` leads to."""
    for step in path.removeprefix("$").strip(".").split("."):
        if step and isinstance(event, dict):
            event = event.get(step)
    return event
