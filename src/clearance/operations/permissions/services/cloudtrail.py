"""CloudTrail: trails, stores, channels and dashboards go by name, id or ARN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.rows import (
    Row,
    Target,
    all_of,
    anything,
    beside,
    on,
    on_each,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE"]


def _by(before: str, *fields: str) -> Target:
    return lambda ask: ask.named(ask.text(*fields), before)


def _trail_or_store(ask: Ask) -> str | None:
    return _trail(ask) or _store(ask)


def _listed(ask: Ask) -> Iterable[str]:
    return ask.texts("ResourceIdList")


_trail: Final = _by("trail/", "Name", "TrailName")
_store: Final = _by("eventdatastore/", "EventDataStore")
_channel: Final = _by("channel/", "Channel")
_dashboard: Final = _by("dashboard/", "DashboardId")
_PASS: Final = passed(lambda ask: roles_in(ask.given), "cloudtrail.amazonaws.com")


def _new(kind: str) -> Target:
    # The id of a store or channel does not exist yet.
    return lambda ask: ask.arn(f"{kind}/*")


def _creating(target: Target) -> Row:
    return all_of(
        on(target),
        when(request_tags, beside("cloudtrail:AddTags", target, tagged=True)),
        _PASS,
    )


TABLE: Final[Mapping[str, Row]] = {
    **same(
        "DeleteTrail GetEventSelectors GetTrail GetTrailStatus PutEventSelectors StartLogging "
        "StopLogging",
        on(_trail),
    ),
    # "you must have permissions to perform the cloudtrail:LookupEvents and
    # cloudtrail:ListInsightsData action on the specific trail" (ListInsightsMetricData).
    "ListInsightsMetricData": all_of(
        on(anything, action="cloudtrail:LookupEvents"),
        beside("cloudtrail:ListInsightsData", _trail),
    ),
    "UpdateTrail": all_of(on(_trail), _PASS),
    "CreateTrail": _creating(_trail),
    "CreateEventDataStore": _creating(_new("eventdatastore")),
    "CreateChannel": _creating(_new("channel")),
    "CreateDashboard": _creating(_by("dashboard/", "Name")),
    **same(
        "CancelQuery DeleteEventDataStore DescribeQuery DisableFederation GetEventDataStore "
        "GetQueryResults ListQueries RestoreEventDataStore StartEventDataStoreIngestion "
        "StopEventDataStoreIngestion UpdateEventDataStore",
        on(_store),
    ),
    "EnableFederation": all_of(on(_store), _PASS),
    **same("DeleteChannel GetChannel UpdateChannel", on(_channel)),
    **same("DeleteDashboard GetDashboard StartDashboardRefresh UpdateDashboard", on(_dashboard)),
    **same(
        "GetEventConfiguration GetInsightSelectors PutEventConfiguration PutInsightSelectors",
        on(_trail_or_store),
    ),
    **same("AddTags RemoveTags", on(lambda ask: ask.text("ResourceId"))),
    "ListTags": on_each(_listed),
    **same(
        "DeleteResourcePolicy GetResourcePolicy PutResourcePolicy",
        on(lambda ask: ask.text("ResourceArn")),
    ),
}
