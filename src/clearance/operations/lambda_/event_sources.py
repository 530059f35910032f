"""Event source mappings: the queues and streams that Lambda reads for a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate
from clearance.model.event_source import EventSourceMapping
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Number, Rule, check
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.configuration import check_tags
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, missing
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.operations.lambda_.role_access import role_may
from clearance.operations.pages import page

__all__ = ["OPERATIONS"]

_RULES: Final[dict[str, Rule]] = {
    "BatchSize": Number(1, 10000),
    "MaximumBatchingWindowInSeconds": Number(0, 300),
    "ParallelizationFactor": Number(1, 10),
    "StartingPosition": Choice(("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")),
    "MaximumRecordAgeInSeconds": Number(-1, 604800),
    "MaximumRetryAttempts": Number(-1, 10000),
    "TumblingWindowInSeconds": Number(0, 900),
    "MaxItems": Number(1, 10000),
}
_NOT_THERE: Final = "The resource you requested does not exist."
_QUEUE_BATCH, _STREAM_BATCH = 10, 100
_MAX_FILTERS: Final = 5
# What the role needs, and what Lambda says when it does not have it.
_NEEDED: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "sqs": (
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        "The provided execution role does not have permissions to call {action} on SQS",
    ),
    "dynamodb": (
        ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
        (
            "Cannot access stream {arn}. Please ensure the role can perform the GetRecords,"
            " GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
        ),
    ),
    "kinesis": (
        ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream"),
        (
            "Cannot access stream {arn}. Please ensure the role can perform the GetRecords,"
            " GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream"
            " in IAM."
        ),
    ),
}
_NOT_HERE: Final = (
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "ProvisionedPollerConfig",
    "Topics",
    "Queues",
)
_PLAIN: Final = (
    ("BatchSize", "batch_size"),
    ("MaximumBatchingWindowInSeconds", "batching_window"),
    ("ParallelizationFactor", "parallelization"),
    ("MaximumRecordAgeInSeconds", "maximum_record_age"),
    ("MaximumRetryAttempts", "maximum_retry_attempts"),
    ("BisectBatchOnFunctionError", "bisect"),
    ("TumblingWindowInSeconds", "tumbling_window"),
    ("Enabled", "enabled"),
    ("KMSKeyArn", "kms_key_arn"),
)


def create_mapping(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Read a queue or stream for a function from now on."""
    check(given, _RULES, VALIDATION, required=("FunctionName",))
    _refuse_unsupported(given)
    source = Arn.find(given.get("EventSourceArn") or "")
    if source is None:
        raise invalid("Unrecognized event source.")
    if source.service not in _NEEDED:
        raise invalid(f"Clearance does not read events from {source.service}.")
    stream = source.service != "sqs"
    if stream:
        check(given, {}, VALIDATION, required=("StartingPosition",))
    elif given.get("StartingPosition"):
        raise invalid("StartingPosition is not valid for SQS event sources.")
    tags = given.get("Tags") or {}
    check_tags(tags)
    what = _function(estate, call, given["FunctionName"])
    blank = EventSourceMapping(
        uuid=call.ports.uuid(),
        region=call.region,
        source=str(source),
        function=what.arn,
        modified=call.now,
        batch_size=_STREAM_BATCH if stream else _QUEUE_BATCH,
        starting_position=given.get("StartingPosition"),
        starting_timestamp=given.get("StartingPositionTimestamp"),
        tags=dict(tags),
    )
    made = _configured(blank, given, call)
    _refuse_second(what.account, made, source.service)
    _refuse_powerless(estate, what, made, call)
    return _with(estate, what.account, made), _shown(what.account, made)


def get_mapping(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One mapping."""
    return estate, _shown(*_existing(estate, call, given))


def update_mapping(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change what is given; also to switch it on or off."""
    check(given, _RULES, VALIDATION)
    _refuse_unsupported(given)
    account, before = _existing(estate, call, given)
    name = given.get("FunctionName") or before.function
    what = _function(estate, call, name)
    after = _configured(replace(before, function=what.arn), given, call)
    _refuse_powerless(estate, what, after, call)
    return _with(estate, account, after), _shown(account, after)


def delete_mapping(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Read it no more."""
    account, mapping = _existing(estate, call, given)
    kept = {k: m for k, m in account.event_sources.items() if k != mapping.uuid}
    after = estate.with_account(replace(account, event_sources=kept))
    return after, {**_shown(account, mapping), "State": "Deleting"}


def list_mappings(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The account's mappings, those of a function, or those of a source."""
    check(given, _RULES, VALIDATION)
    account = estate.accounts[call.account]
    source, function = given.get("EventSourceArn"), None
    if given.get("FunctionName"):
        name = read_name(given["FunctionName"], None, account=call.account, region=call.region)
        tail = f":{name.qualifier}" if name.qualifier else ""
        head = f"arn:{account.partition}:lambda:{name.region}:{name.account}:function"
        function = f"{head}:{name.name}{tail}"
    sent, marker = page(
        [
            mapping
            for mapping in account.event_sources.values()
            if mapping.region == call.region
            and source in {None, mapping.source}
            and function in {None, mapping.function}
        ],
        lambda mapping: mapping.uuid,
        token=given.get("Marker"),
        size=min(given.get("MaxItems") or 100, 100),
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {"EventSourceMappings": [_shown(account, m) for m in sent]}
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def _function(estate: Estate, call: Call, name: str) -> ResolvedFunction:
    try:
        return resolve(estate, call.account, call.region, name)
    except OperationError as error:
        if error.code == "ResourceNotFoundException":
            raise invalid("Function does not exist") from None
        raise


def _existing(estate: Estate, call: Call, given: Input) -> tuple[Account, EventSourceMapping]:
    check(given, {}, VALIDATION, required=("UUID",))
    account = estate.accounts[call.account]
    mapping = account.event_sources.get(given["UUID"])
    if mapping is None or mapping.region != call.region:
        raise missing(_NOT_THERE)
    return account, mapping


def _refuse_unsupported(given: Input) -> None:
    if found := next((name for name in _NOT_HERE if given.get(name)), None):
        raise invalid(f"Clearance does not support {found} of event source mappings.")


def _refuse_second(account: Account, made: EventSourceMapping, service: str) -> None:
    for other in account.event_sources.values():
        if (other.source, other.function) == (made.source, made.function):
            kind = {"sqs": "SQS", "kinesis": "kinesis", "dynamodb": "dynamodb"}[service]
            raise conflict(
                f'An event source mapping with {kind} arn (" {made.source} ") and function'
                f' (" {made.function} ") already exists. Please update or delete the existing'
                f" mapping with UUID {other.uuid}"
            )


def _refuse_powerless(
    estate: Estate, what: ResolvedFunction, made: EventSourceMapping, call: Call
) -> None:
    """Poll-based sources are read with the execution role (R215), so it is asked first."""
    actions, words = _NEEDED[made.source.split(":")[2]]
    for action in actions:
        if not role_may(estate, what.configuration.role, [action], made.source, call.now):
            raise invalid(words.format(action=action.partition(":")[2], arn=made.source))


def _configured(before: EventSourceMapping, given: Input, call: Call) -> EventSourceMapping:
    fields = {f: given[m] for m, f in _PLAIN if given.get(m) is not None}
    after = replace(before, modified=call.now, **fields)
    if (criteria := given.get("FilterCriteria")) is not None:
        patterns = [item.get("Pattern") or "{}" for item in criteria.get("Filters") or ()]
        _refuse_filters(patterns)
        after = replace(after, filters=tuple(patterns))
    if (types := given.get("FunctionResponseTypes")) is not None:
        after = replace(after, response_types=tuple(types))
    if (destinations := given.get("DestinationConfig")) is not None:
        failure = (destinations.get("OnFailure") or {}).get("Destination")
        after = replace(after, on_failure=failure or None)
    if (scaling := given.get("ScalingConfig")) is not None:
        after = replace(after, maximum_concurrency=scaling.get("MaximumConcurrency"))
    queue = before.source.split(":")[2] == "sqs"
    if queue and after.source.endswith(".fifo") and after.batch_size > _QUEUE_BATCH:
        raise invalid("BatchSize of a FIFO queue must be at most 10.")
    if queue and after.batch_size > _QUEUE_BATCH and not after.batching_window:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
            " greater than 10"
        )
    return after


def _refuse_filters(patterns: list[str]) -> None:
    if len(patterns) > _MAX_FILTERS:
        raise invalid(f"The number of filters must not exceed {_MAX_FILTERS}.")
    for pattern in patterns:
        try:
            fine = isinstance(json.loads(pattern), dict)
        except ValueError:
            fine = False
        if not fine:
            raise invalid("Invalid filter pattern definition.")


def _with(estate: Estate, account: Account, mapping: EventSourceMapping) -> Estate:
    mappings = {**account.event_sources, mapping.uuid: mapping}
    return estate.with_account(replace(account, event_sources=mappings))


def _shown(account: Account, mapping: EventSourceMapping) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "UUID": mapping.uuid,
        "EventSourceMappingArn": mapping.arn(account.id, account.partition),
        "EventSourceArn": mapping.source,
        "FunctionArn": mapping.function,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": mapping.batching_window,
        "LastModified": mapping.modified,
        "LastProcessingResult": "No records processed",
        "State": "Enabled" if mapping.enabled else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
        "FunctionResponseTypes": list(mapping.response_types),
    }
    if mapping.filters:
        answer["FilterCriteria"] = {"Filters": [{"Pattern": p} for p in mapping.filters]}
    if mapping.kms_key_arn:
        answer["KMSKeyArn"] = mapping.kms_key_arn
    if mapping.maximum_concurrency is not None:
        answer["ScalingConfig"] = {"MaximumConcurrency": mapping.maximum_concurrency}
    if mapping.starting_position is None:
        return answer
    answer |= {
        "StartingPosition": mapping.starting_position,
        "ParallelizationFactor": mapping.parallelization,
        "MaximumRecordAgeInSeconds": mapping.maximum_record_age,
        "MaximumRetryAttempts": mapping.maximum_retry_attempts,
        "BisectBatchOnFunctionError": mapping.bisect,
        "TumblingWindowInSeconds": mapping.tumbling_window,
        "DestinationConfig": {
            "OnFailure": {"Destination": mapping.on_failure} if mapping.on_failure else {}
        },
    }
    if mapping.starting_timestamp is not None:
        answer["StartingPositionTimestamp"] = mapping.starting_timestamp
    return answer


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateEventSourceMapping": create_mapping,
    "DeleteEventSourceMapping": delete_mapping,
    "GetEventSourceMapping": get_mapping,
    "ListEventSourceMappings": list_mappings,
    "UpdateEventSourceMapping": update_mapping,
}
