"""CloudTrail's LookupEvents over the audit trail."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clearance.operations.call import Call, Input, Output
from clearance.operations.fault import OperationError
from clearance.server.world import World
from clearance.store.audit import moment
from clearance.store.port import EventQuery

__all__ = ["lookup_events"]

_PAGE: Final = 50
_KEPT: Final = timedelta(days=90)
_SECOND: Final = timedelta(microseconds=999_999)
_FIELDS: Final[Mapping[str, str]] = {
    "EventId": "event_id",
    "EventName": "name",
    "Username": "username",
    "ResourceType": "resource_type",
    "ResourceName": "resource",
    "EventSource": "source",
    "AccessKeyId": "access_key",
}


def lookup_events(world: World, call: Call, given: Input) -> Output:
    """The management events of the caller's account and Region, newest first.

    Raises:
        OperationError: as CloudTrail words it.
    """
    size = given.get("MaxResults") or _PAGE
    began, offset = _place(given.get("NextToken"), call.now - timedelta(microseconds=1))
    # "Lookup … occurs within the last 90 days"; insight events there are none.
    if given.get("EventCategory"):
        return {"Events": []}
    query = _query(call, given, began)
    found: list[Mapping[str, Any]] = []
    token = None
    for place, event in enumerate(world.store.events(replace(query, offset=offset)), offset):
        if len(found) == size:
            token = urlsafe_b64encode(f"{began.isoformat()} {place}".encode()).decode()
            break
        if event.get("managementEvent"):
            found.append(event)
    answer: dict[str, Any] = {"Events": [_shown(event) for event in found]}
    return {**answer, **({"NextToken": token} if token else {})}


def _query(call: Call, given: Input, began: datetime) -> EventQuery:
    start, end = _time(given.get("StartTime")), _time(given.get("EndTime"))
    if start and end and start > end:
        raise OperationError(
            "InvalidTimeRangeException", "Start time must be before end time.", 400
        )
    asked: dict[str, Any] = {}
    attributes = given.get("LookupAttributes") or ()
    # "Currently the list can contain only one item" (CloudTrail API, LookupEvents).
    if len(attributes) > 1:
        raise OperationError(
            "InvalidLookupAttributesException", "You can only specify one lookup attribute.", 400
        )
    for attribute in attributes:
        key, value = attribute["AttributeKey"], attribute["AttributeValue"]
        if key == "ReadOnly":
            asked["read_only"] = value.lower() == "true"
        else:
            asked[_FIELDS[key]] = value
    return EventQuery(
        account=call.account,
        region=call.region,
        since=max(start or call.now - _KEPT, call.now - _KEPT),
        # An event's time is shown in whole seconds: the last one is included to its end.
        # Pages show the trail as it was at the first of them, or they would shift.
        until=min(end + _SECOND, began) if end else began,
        **asked,
    )


def _time(value: datetime | None) -> datetime | None:
    return value.astimezone(UTC) if value is not None else None


def _place(token: str | None, now: datetime) -> tuple[datetime, int]:
    """When the first page was asked for, and how many events came before this one."""
    if token is None:
        return now, 0
    try:
        began, number = urlsafe_b64decode(token.encode("ascii")).decode("ascii").split(" ")
        first = datetime.fromisoformat(began)
        if first.tzinfo is not None:
            return first, max(int(number), 0)
    except ValueError:
        pass
    raise OperationError("InvalidNextTokenException", "The next token is not valid.", 400)


def _shown(event: Mapping[str, Any]) -> dict[str, Any]:
    who: Mapping[str, Any] = event.get("userIdentity") or {}
    shown: dict[str, Any] = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "true" if event["readOnly"] else "false",
        "EventTime": moment(event["eventTime"]),
        "EventSource": event["eventSource"],
        "Resources": [
            {"ResourceType": r["type"], "ResourceName": r["ARN"]}
            for r in event.get("resources") or ()
            if r.get("type")
        ],
        "CloudTrailEvent": json.dumps(event),
    }
    name = who.get("userName") or str(who.get("arn") or "").rpartition("/")[2]
    if str(who.get("type")) == "Root":
        name = "root"
    if who.get("accessKeyId"):
        shown["AccessKeyId"] = who["accessKeyId"]
    return {**shown, **({"Username": name} if name else {})}
