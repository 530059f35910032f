"""CloudWatch Logs: most actions see a log group as ``log-group:NAME:log-stream:STREAM``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.rows import (
    Row,
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


def _plain_arn(ask: Ask, name: str | None) -> str | None:
    """A group's ARN without a tail: what the tag actions are authorized on."""
    arn = ask.named(name, "log-group:")
    return arn and arn.removesuffix(":*")


def _group_arn(ask: Ask, name: str | None) -> str | None:
    # "arn:...:log-group:log_group_name:* ... Use this version ... when specifying permissions in
    # IAM policies for all other API actions" (CloudWatch Logs User Guide, iam-access-control).
    # So a policy for `log-group:NAME` alone does not match; the denial shows `:log-stream:`.
    arn = _plain_arn(ask, name)
    return arn and f"{arn}:log-stream:"


def _name(ask: Ask) -> str | None:
    return ask.text("logGroupName", "logGroupIdentifier", "resourceIdentifier")


def _group(ask: Ask) -> str | None:
    return _group_arn(ask, _name(ask))


def _stream(ask: Ask) -> str | None:
    group, stream = _group(ask), ask.text("logStreamName")
    return f"{group}{stream}" if group and stream else None


def _groups(ask: Ask) -> Iterable[str]:
    names = (
        *ask.texts("logGroupNames"),
        *ask.texts("logGroupIdentifiers"),
        *((name,) if (name := _name(ask)) else ()),
    )
    return (arn for each in names if (arn := _group_arn(ask, each)))


def _tagged(ask: Ask) -> str | None:
    arn = ask.text("resourceArn")
    return arn.removesuffix(":*") if arn else _plain_arn(ask, ask.text("logGroupName"))


def _destination(ask: Ask) -> str | None:
    return ask.named(ask.text("destinationName"), "destination:")


def _log_destination(ask: Ask) -> str | None:
    """A destination of Logs is a resource of the call; a function or stream is not."""
    arn = ask.text("destinationArn") or ""
    return arn if ":logs:" in arn and ":destination:" in arn else None


def _pass(ask: Ask) -> Iterable[Permission]:
    """Logs is a Regional principal: ``logs.REGION.amazonaws.com``."""
    service = f"logs.{ask.call.region}.amazonaws.com"
    return passed(lambda each: roles_in(each.given), service)(ask)


TABLE: Final[Mapping[str, Row]] = {
    "CreateLogGroup": all_of(
        on(_group),
        when(request_tags, beside("logs:TagResource", lambda a: _plain_arn(a, _name(a)),
                                  tagged=True)),
    ),
    **same(
        "AssociateKmsKey DeleteDataProtectionPolicy DeleteIndexPolicy DeleteLogGroup "
        "DeleteMetricFilter DeleteRetentionPolicy DeleteSubscriptionFilter "
        "DeleteSyslogConfiguration DeleteTransformer DescribeLogStreams DescribeMetricFilters "
        "DescribeSubscriptionFilters DisassociateKmsKey FilterLogEvents GetDataProtectionPolicy "
        "GetLogGroupFields GetTransformer PutBearerTokenAuthentication PutDataProtectionPolicy "
        "PutIndexPolicy PutLogGroupDeletionProtection PutMetricFilter PutRetentionPolicy "
        "PutSyslogConfiguration PutTransformer CreateExportTask",
        on(_group),
    ),
    # Records are named by an opaque pointer or query: any group may be behind it.
    **same("GetLogRecord GetQueryResults", on(lambda ask: ask.arn("log-group:*:log-stream:"))),
    **same("StartLiveTail StartQuery", on_each(_groups)),
    **same("CreateLogStream DeleteLogStream GetLogEvents PutLogEvents", on(_stream)),
    "PutSubscriptionFilter": all_of(
        on(_group), beside("logs:PutSubscriptionFilter", _log_destination),
        _pass,
    ),
    **same("DeleteDestination PutDestinationPolicy", on(_destination)),
    "PutDestination": all_of(on(_destination), _pass),
    **same("ListTagsForResource TagResource UntagResource ListTagsLogGroup TagLogGroup "
           "UntagLogGroup", on(_tagged)),
    **same("DescribeLogGroups ListLogGroups", on(anything)),
}  # fmt: skip
