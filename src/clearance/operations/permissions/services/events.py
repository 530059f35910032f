"""EventBridge: a rule's ARN has its bus unless that is the default one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    beside,
    on,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]

_EVENTS: Final = "events.amazonaws.com"


def _bus_arn(ask: Ask, name: str | None) -> str:
    return ask.named(name or "default", "event-bus/") or ""


def _rule(ask: Ask) -> str | None:
    name = ask.text("Rule", "Name")
    if not name:
        return None
    bus = ask.text("EventBusName") or "default"
    if not bus.startswith("arn:"):
        return ask.arn(f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")
    head, _, short = bus.partition(":event-bus/")
    return f"{head}:rule/{name}" if short == "default" else f"{head}:rule/{short}/{name}"


def _targets(ask: Ask) -> Mapping[str, Value]:
    arns = tuple(str(item["Arn"]) for item in ask.items("Targets") if "Arn" in item)
    return {"events:TargetArn": arns} if arns else {}


def _putting(ask: Ask) -> Iterable[Permission]:
    """One permission for each bus the entries go to, with their sources and detail types."""
    buses: dict[str, list[Mapping[str, object]]] = {}
    for entry in ask.items("Entries"):
        name = entry.get("EventBusName")
        buses.setdefault(_bus_arn(ask, name if isinstance(name, str) else None), []).append(entry)
    for bus, entries in (buses or {_bus_arn(ask, None): []}).items():
        context: dict[str, Value] = {}
        for key, field in (("events:source", "Source"), ("events:detail-type", "DetailType")):
            found = dict.fromkeys(str(entry[field]) for entry in entries if field in entry)
            if found:
                context[key] = tuple(found)
        yield one(ask, "PutEvents", bus, context)


def _bus(ask: Ask) -> str:
    return _bus_arn(ask, ask.text("EventBusName", "Name"))


_PASS: Final = passed(lambda ask: roles_in(ask.given), _EVENTS)

TABLE: Final[Mapping[str, Row]] = {
    **same(
        "DeleteRule DescribeRule DisableRule EnableRule ListTargetsByRule RemoveTargets", on(_rule)
    ),
    "PutRule": all_of(
        on(_rule), when(request_tags, beside("events:TagResource", _rule, tagged=True)), _PASS
    ),
    "PutTargets": all_of(on(_rule, _targets), _PASS),
    "PutEvents": _putting,
    **same("DeleteEventBus DescribeEventBus UpdateEventBus", on(_bus)),
    "CreateEventBus": all_of(
        on(_bus), when(request_tags, beside("events:TagResource", _bus, tagged=True))
    ),
    **same("PutPermission RemovePermission", on(anything)),
    **same(
        "TagResource UntagResource ListTagsForResource", on(lambda ask: ask.text("ResourceARN"))
    ),
}
