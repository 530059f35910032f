"""Where a bucket's notifications go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["destinations"]

_KINDS: Final = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}


def destinations(given: Mapping[str, Any]) -> Iterator[str]:
    """The ARNs in the input of PutBucketNotificationConfiguration."""
    wanted = given.get("NotificationConfiguration")
    if not isinstance(wanted, Mapping) or given.get("SkipDestinationValidation") is True:
        return
    for kind, member in _KINDS.items():
        for item in wanted.get(kind) or ():
            if isinstance(item, Mapping) and isinstance(item.get(member), str):
                yield item[member]
