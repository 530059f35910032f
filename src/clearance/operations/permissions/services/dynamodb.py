"""DynamoDB: tables and indexes, one permission for each table of a batch or transaction."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Row,
    Target,
    all_of,
    beside,
    on,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["STREAMS", "TABLE"]

Request = Mapping[str, Any]

_NAME: Final = re.compile(r"#?[A-Za-z_][\w]*")
_EQUALS: Final = re.compile(r"(#?\w[\w.]*)\s*=\s*(:\w+)")
_WORDS: Final = frozenset({
    "and", "or", "not", "in", "between", "set", "remove", "add", "delete", "size", "contains",
    "begins_with", "attribute_exists", "attribute_not_exists", "attribute_type", "if_not_exists",
    "list_append",
})  # fmt: skip
_EXPRESSIONS: Final = (
    "ProjectionExpression", "KeyConditionExpression", "FilterExpression", "ConditionExpression",
    "UpdateExpression",
)  # fmt: skip
_NAMED: Final = ("Key", "Item", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter",
                 "ScanFilter")  # fmt: skip
_PARTIQL: Final = re.compile(
    r"""\s*(?:EXISTS\s*\(\s*)?(SELECT|INSERT|UPDATE|DELETE)\b
        (?:.*?\b(?:FROM|INTO)\b)?\s*(?:"([^"]+)"|([\w.\-]+))(?:\s*\.\s*(?:"([^"]+)"|([\w.\-]+)))?""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# A quoted text, with the colon that makes it an attribute's name, or a number.
_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'(\s*:)?|(?<![\w.'])(-?\d+(?:\.\d+)?)(?![\w.'])")
_MOST: Final = 8192  # characters of a PartiQL statement


def _map(value: object) -> Request:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _arn(ask: Ask, name: str | None) -> str | None:
    return ask.named(name, "table/", service="dynamodb")


def _table(ask: Ask) -> str | None:
    return _arn(ask, ask.text("TableName"))


def _index(ask: Ask) -> str | None:
    """The index when one is named, else the table."""
    table, index = _table(ask), ask.text("IndexName")
    return f"{table}/index/{index}" if table and index else table


def _global(ask: Ask) -> str | None:
    return ask.named(ask.text("GlobalTableName"), "global-table/", region="")


def _field(*names: str) -> Target:
    return lambda ask: ask.text(*names)


def _scalar(value: Any) -> str | None:  # noqa: ANN401
    """A typed value as text: ``{"S": "a"}``, ``{"N": "1"}``, ``{"B": b""}``."""
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if isinstance(value, str) else None


def _leading(ask: Ask, table: str, request: Request, index: str | None = None) -> tuple[str, ...]:
    """The partition key's values (``dynamodb:LeadingKeys``).

    Without the table's schema every candidate counts: a condition that all leading keys be the
    caller's then fails rather than passes by mistake.
    """
    key = ask.lookup.partition_key(table, index)
    found: dict[str, Any] = {}
    for field in ("Key", "Item"):
        if isinstance(request.get(field), Mapping):
            found |= request[field]
    for name, condition in _map(request.get("KeyConditions")).items():
        found[name] = next(iter(_list(_map(condition).get("AttributeValueList"))), None)
    names = _names(request)
    values = _map(request.get("ExpressionAttributeValues"))
    for name, placeholder in _EQUALS.findall(str(request.get("KeyConditionExpression") or "")):
        found[names.get(name, name)] = values.get(placeholder)
    if key is not None and key in found:
        found = {key: found[key]}
    if not found and request.get("KeyConditionExpression"):
        found = dict(values)
    return tuple(dict.fromkeys(text for v in found.values() if (text := _scalar(v)) is not None))


def _names(request: Request) -> Mapping[str, str]:
    """The placeholders of an expression and what they stand for."""
    given = _map(request.get("ExpressionAttributeNames"))
    return {str(key): str(name) for key, name in given.items()}


def _attributes(request: Request) -> tuple[str, ...]:
    """The top-level attributes a request names (``dynamodb:Attributes``)."""
    found: dict[str, None] = {}
    for field in _NAMED:
        if isinstance(request.get(field), Mapping):
            found |= dict.fromkeys(request[field])
    found |= dict.fromkeys(n for n in _list(request.get("AttributesToGet")) if isinstance(n, str))
    names = _names(request)
    for field in _EXPRESSIONS:
        text = re.sub(r":\w+|\.#?\w+|\[\d+\]", " ", str(request.get(field) or ""))
        for name in _NAME.findall(text):
            if name.lower() not in _WORDS:
                found[names.get(name, name)] = None
    return tuple(found)


def _select(request: Request) -> str:
    if isinstance(request.get("Select"), str):
        return str(request["Select"])
    narrow = request.get("ProjectionExpression") or request.get("AttributesToGet")
    return "SPECIFIC_ATTRIBUTES" if narrow else "ALL_ATTRIBUTES"


def _context(
    ask: Ask, table: str, requests: Iterable[Request], *, reads: bool, index: str | None = None
) -> Mapping[str, Value]:
    leading: dict[str, None] = {}
    attributes: dict[str, None] = {}
    context: dict[str, Value] = {}
    for request in requests:
        leading |= dict.fromkeys(_leading(ask, table, request, index))
        attributes |= dict.fromkeys(_attributes(request))
        for key, name in (
            ("dynamodb:ReturnValues", "ReturnValues"),
            ("dynamodb:ReturnConsumedCapacity", "ReturnConsumedCapacity"),
        ):
            if isinstance(request.get(name), str):
                context[key] = request[name]
        if reads:
            context["dynamodb:Select"] = _select(request)
    if leading:
        context["dynamodb:LeadingKeys"] = tuple(leading)
    if attributes:
        context["dynamodb:Attributes"] = tuple(attributes)
    return context


def _item(*, reads: bool) -> Row:
    def row(ask: Ask) -> Iterable[Permission]:
        table = _table(ask)
        context = _context(ask, table or "", [ask.given], reads=reads, index=ask.text("IndexName"))
        yield one(ask, ask.operation, _index(ask), context)

    return row


def _batch_get(ask: Ask) -> Iterable[Permission]:
    for name, wanted in _map(ask.value("RequestItems")).items():
        table = _arn(ask, str(name))
        wanted_here = _map(wanted)
        keys = [{**wanted_here, "Key": key} for key in _list(wanted_here.get("Keys"))]
        yield one(ask, "BatchGetItem", table, _context(ask, table or "", keys, reads=True))


def _batch_write(ask: Ask) -> Iterable[Permission]:
    for name, writes in _map(ask.value("RequestItems")).items():
        table = _arn(ask, str(name))
        requests = [_map(next(iter(_map(write).values()), None)) for write in _list(writes)]
        yield one(ask, "BatchWriteItem", table, _context(ask, table or "", requests, reads=False))


_TRANSACTED: Final = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _transact(ask: Ask) -> Iterable[Permission]:
    """Each item of a transaction is asked as its own action."""
    for item in ask.items("TransactItems"):
        for kind, request in item.items():
            if kind in _TRANSACTED and isinstance(request, Mapping):
                table = _arn(ask, request.get("TableName"))
                context = dict(_context(ask, table or "", [request], reads=kind == "Get"))
                context["dynamodb:EnclosingOperation"] = ask.operation
                yield one(ask, _TRANSACTED[kind], table, context)


def _partiql(ask: Ask) -> Iterable[Permission]:
    """``SELECT``, ``INSERT``, ``UPDATE`` and ``DELETE`` have an action each."""
    many = (*ask.items("Statements"), *ask.items("TransactStatements"))
    for request in many or (ask.given,):
        text = str(request.get("Statement") or "")[:_MOST]
        found = _PARTIQL.match(text)
        if found is None:
            yield one(ask, "PartiQLSelect", None)
            continue
        verb = found[1].title()
        table = _arn(ask, found[2] or found[3])
        index = found[4] or found[5]
        values = [_scalar(value) for value in _list(request.get("Parameters"))]
        # Only the condition names the items; what is SET beside it does not.
        where = re.split(r"\bWHERE\b", text, maxsplit=1, flags=re.IGNORECASE)[-1]
        found_literals = _LITERAL.findall(where)
        literals = (word or number for word, name, number in found_literals if not name)
        leading = (*(v for v in values if v), *literals)
        context: dict[str, Value] = {"dynamodb:LeadingKeys": leading} if leading else {}
        if verb == "Select":
            whole = re.search(r"\bWHERE\b.*(=|\bIN\b)", text, re.IGNORECASE | re.DOTALL)
            context["dynamodb:FullTableScan"] = whole is None
        if many:
            context["dynamodb:EnclosingOperation"] = ask.operation
        resource = f"{table}/index/{index}" if table and index else table
        yield one(ask, f"PartiQL{verb}", resource, context)


def _restored(ask: Ask) -> str | None:
    return _arn(ask, ask.text("TargetTableName"))


_READS: Final = _item(reads=True)
_WRITES: Final = _item(reads=False)

TABLE: Final[Mapping[str, Row]] = {
    **same("GetItem Query Scan SearchVectors", _READS),
    **same("PutItem UpdateItem DeleteItem", _WRITES),
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
    **same("TransactGetItems TransactWriteItems", _transact),
    **same("ExecuteStatement BatchExecuteStatement ExecuteTransaction", _partiql),
    "CreateTable": all_of(
        on(_table), when(request_tags, beside("dynamodb:TagResource", _table, tagged=True))
    ),
    **same(
        "CreateBackup DeleteTable DescribeContinuousBackups DescribeKinesisStreamingDestination "
        "DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive "
        "DisableKinesisStreamingDestination EnableKinesisStreamingDestination "
        "UpdateContinuousBackups UpdateKinesisStreamingDestination UpdateTable "
        "UpdateTableReplicaAutoScaling UpdateTimeToLive",
        on(_table),
    ),
    **same("DescribeContributorInsights UpdateContributorInsights", on(_index)),
    **same("DescribeGlobalTable DescribeGlobalTableSettings", on(_global)),
    **same(
        "CreateGlobalTable UpdateGlobalTable UpdateGlobalTableSettings",
        all_of(on(_global), on(lambda ask: _arn(ask, ask.text("GlobalTableName")))),
    ),
    **same("DeleteBackup DescribeBackup", on(_field("BackupArn"))),
    "DescribeExport": on(_field("ExportArn")),
    "DescribeImport": on(_field("ImportArn")),
    **same("ExportTableToPointInTime ListExports ListImports", on(_field("TableArn"))),
    "ImportTable": on(lambda ask: _arn(ask, ask.text("TableCreationParameters.TableName"))),
    "RestoreTableFromBackup": all_of(on(_field("BackupArn")), on(_restored)),
    "RestoreTableToPointInTime": all_of(
        on(lambda ask: ask.text("SourceTableArn") or _arn(ask, ask.text("SourceTableName"))),
        on(_restored),
    ),
    **same(
        "DeleteResourcePolicy GetResourcePolicy PutResourcePolicy ListTagsOfResource TagResource "
        "UntagResource",
        on(_field("ResourceArn")),
    ),
}

STREAMS: Final[Mapping[str, Row]] = {
    **same("DescribeStream GetShardIterator", on(_field("StreamArn"))),
    # A shard iterator starts with the stream's ARN.
    "GetRecords": on(
        lambda ask: (
            stream
            if (stream := (ask.text("ShardIterator") or "").partition("|")[0]).startswith("arn:")
            else None
        )
    ),
}
