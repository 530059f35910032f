"""Step Functions: a version or alias is authorized on its state machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed
from clearance.operations.permissions.permission import Value
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    beside,
    on,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]

_FIELDS: Final = 7  # arn:partition:states:region:account:stateMachine:name


def _given(ask: Ask) -> str | None:
    return ask.text("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn")


def _machine(ask: Ask) -> str | None:
    arn = _given(ask)
    return ":".join(arn.split(":")[:_FIELDS]) if arn else None


def _qualifier(ask: Ask) -> Mapping[str, Value]:
    parts = (_given(ask) or "").split(":")
    return {"states:StateMachineQualifier": (parts[_FIELDS],)} if len(parts) > _FIELDS else {}


def _new_machine(ask: Ask) -> str | None:
    return ask.named(ask.text("name"), "stateMachine:")


def _new_activity(ask: Ask) -> str | None:
    return ask.named(ask.text("name"), "activity:")


def _routed(ask: Ask) -> str | None:
    """A new alias belongs to the state machine of the versions it routes to."""
    routes = ask.items("routingConfiguration")
    version = routes[0].get("stateMachineVersionArn") if routes else None
    return ":".join(version.split(":")[:_FIELDS]) if isinstance(version, str) else None


def _field(name: str) -> Row:
    return on(lambda ask: ask.text(name))


_PASS: Final = passed(lambda ask: (ask.text("roleArn"),), "states.amazonaws.com")

TABLE: Final[Mapping[str, Row]] = {
    **same(
        "DeleteStateMachine DeleteStateMachineAlias DeleteStateMachineVersion "
        "DescribeStateMachine DescribeStateMachineAlias ListStateMachineAliases "
        "ListStateMachineVersions PublishStateMachineVersion StartExecution StartSyncExecution "
        "UpdateStateMachineAlias",
        on(_machine, _qualifier),
    ),
    "UpdateStateMachine": all_of(on(_machine), _PASS),
    "CreateStateMachine": all_of(
        on(_new_machine),
        when(request_tags, beside("states:TagResource", _new_machine, tagged=True)),
        _PASS,
    ),
    "CreateStateMachineAlias": on(_routed),
    "CreateActivity": all_of(
        on(_new_activity),
        when(request_tags, beside("states:TagResource", _new_activity, tagged=True)),
    ),
    **same("DeleteActivity DescribeActivity GetActivityTask", _field("activityArn")),
    **same(
        "DescribeExecution DescribeStateMachineForExecution GetExecutionHistory ListMapRuns "
        "RedriveExecution StopExecution",
        _field("executionArn"),
    ),
    "ListExecutions": when(
        lambda ask: ask.text("mapRunArn"), _field("mapRunArn"), on(_machine, _qualifier)
    ),
    **same("DescribeMapRun UpdateMapRun", _field("mapRunArn")),
    **same("TagResource UntagResource ListTagsForResource", _field("resourceArn")),
    "TestState": all_of(on(anything), _PASS),
}
