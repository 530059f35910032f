"""SNS: a message goes to a topic, to an endpoint or to a telephone number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.encryption import key_of, via
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    beside,
    member,
    on,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]


def _topic(ask: Ask) -> str | None:
    return ask.text("TopicArn", "ResourceArn")


def _target(ask: Ask) -> str | None:
    # A number is a resource of its own: "SNS:Publish on resource: +1..."; only `*` covers it.
    return ask.text("TopicArn", "TargetArn", "PhoneNumber")


def _subscribed(ask: Ask) -> str | None:
    """A subscription's ARN is its topic's, a colon and an id."""
    arn = ask.text("SubscriptionArn")
    return arn.rpartition(":")[0] if arn and arn.count(":") > 5 else arn  # noqa: PLR2004


def _named(ask: Ask) -> str | None:
    name = ask.text("Name")
    return name and ask.arn(name)


def _kms(ask: Ask) -> Iterable[Permission]:
    topic = ask.text("TopicArn")
    if topic is not None:
        key = key_of(ask, topic)
        yield from via(ask, "sns", key, "GenerateDataKey Decrypt", {"aws:sns:topicArn": topic})


_PASS: Final = passed(lambda ask: roles_in({"role": ask.text("AttributeValue")}),
                      "sns.amazonaws.com")  # fmt: skip

TABLE: Final[Mapping[str, Row]] = {
    **same(
        "AddPermission ConfirmSubscription DeleteTopic GetDataProtectionPolicy "
        "GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource PutDataProtectionPolicy "
        "RemovePermission TagResource UntagResource",
        on(_topic),
    ),
    "SetTopicAttributes": all_of(on(_topic), _PASS),
    **same("Publish PublishBatch", all_of(on(_target, action="sns:Publish"), _kms)),
    "Subscribe": all_of(
        on(_topic, member("sns:Endpoint", "Endpoint"), member("sns:Protocol", "Protocol")),
        passed(lambda ask: (ask.text("Attributes.SubscriptionRoleArn"),), "sns.amazonaws.com"),
    ),
    **same("GetSubscriptionAttributes Unsubscribe", on(_subscribed)),
    "SetSubscriptionAttributes": all_of(on(_subscribed), _PASS),
    "CreateTopic": all_of(
        on(_named), when(request_tags, beside("sns:TagResource", _named, tagged=True))
    ),
}
