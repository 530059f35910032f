"""Reserved concurrency, tags and the account's limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from clearance.model.estate import Estate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Number, Text, check
from clearance.operations.lambda_.configuration import check_tags
from clearance.operations.lambda_.faults import VALIDATION, invalid, missing
from clearance.operations.lambda_.names import ARN
from clearance.operations.lambda_.package import CODE_SIZE_UNZIPPED, CODE_SIZE_ZIPPED
from clearance.operations.lambda_.provisioned import (
    CONCURRENCY,
    UNRESERVED,
    taken,
    unreserved,
)
from clearance.operations.lambda_.resolve import (
    changed,
    resolve,
    unqualified,
)

__all__ = ["OPERATIONS"]

# Lambda Developer Guide, gettingstarted-limits: 75 GB of code.
_CODE_SIZE: Final = 80_530_636_800
_OTHER: Final = (
    r"arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:"
    r"(code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F-]{36})"
)


def put_function_concurrency(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Reserve executions for a function; none at all stops it."""
    rules = {"ReservedConcurrentExecutions": Number(low=0)}
    check(given, rules, VALIDATION, required=tuple(rules))
    what = unqualified(estate, call, given)
    wanted = given["ReservedConcurrentExecutions"]
    if CONCURRENCY - taken(what.account, call.region, what.function) - wanted < UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
        )
    ready = sum(config.requested for config in what.function.provisioned.values())
    if wanted < ready:
        raise invalid(
            f"ReservedConcurrentExecutions  {wanted} should not be lower than function's total"
            f" provisioned concurrency [{ready}]."
        )
    function = replace(what.function, reserved_concurrency=wanted)
    return changed(estate, what.account, function), {"ReservedConcurrentExecutions": wanted}


def get_function_concurrency(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """What is reserved, if anything."""
    reserved = unqualified(estate, call, given).function.reserved_concurrency
    return estate, {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def delete_function_concurrency(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Reserve nothing."""
    what = unqualified(estate, call, given)
    return changed(estate, what.account, replace(what.function, reserved_concurrency=None)), {}


def tag_resource(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Add tags to a function (its versions and aliases use them too), or to a configuration."""
    check(given, {}, VALIDATION, required=("Tags",))
    tagged = _tagged(estate, call, given)
    if not given["Tags"]:
        raise invalid("An error occurred and the request cannot be processed: no tags were given.")
    check_tags(given["Tags"], tagged.tags)
    return tagged.put({**tagged.tags, **given["Tags"]}), {}


def untag_resource(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove tags."""
    check(given, {}, VALIDATION, required=("TagKeys",))
    tagged, gone = _tagged(estate, call, given), set(given["TagKeys"])
    return tagged.put({k: v for k, v in tagged.tags.items() if k not in gone}), {}


def list_tags(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The tags."""
    return estate, {"Tags": dict(_tagged(estate, call, given).tags)}


def get_account_settings(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """Limits and use of the account in this Region."""
    account = estate.accounts[call.account]
    functions = [f for f in account.functions.values() if f.region == call.region]
    size = sum(c.code_size for f in functions for c in (f.latest, *f.versions.values()))
    layers = [layer for layer in account.layers.values() if layer.region == call.region]
    size += sum(v.code_size for layer in layers for v in layer.versions.values() if not v.deleted)
    return estate, {
        "AccountLimit": {
            "TotalCodeSize": _CODE_SIZE,
            "CodeSizeUnzipped": CODE_SIZE_UNZIPPED,
            "CodeSizeZipped": CODE_SIZE_ZIPPED,
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": unreserved(account, call.region),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": len(functions)},
    }


@dataclass(frozen=True, slots=True)
class _Tagged:
    """What bears tags: those it has, and how to give it others."""

    tags: Mapping[str, str]
    put: Callable[[Mapping[str, str]], Estate]


def _tagged(estate: Estate, call: Call, given: Input) -> _Tagged:
    rules = {"Resource": Text(1, 10000, f"{ARN.pattern}|{_OTHER}")}
    check(given, rules, VALIDATION, required=("Resource",))
    arn = given["Resource"]
    if re.fullmatch(_OTHER, arn):
        return _tagged_configuration(estate, call, arn)
    what = resolve(estate, call.account, call.region, arn)
    if what.qualifier:
        raise invalid(
            "Tags on function aliases and versions are not supported. Please specify a function"
            " ARN."
        )
    return _Tagged(
        what.function.tags,
        lambda tags: changed(estate, what.account, replace(what.function, tags=tags)),
    )


def _tagged_configuration(estate: Estate, call: Call, arn: str) -> _Tagged:
    """An event source mapping or a code signing configuration."""
    account = estate.accounts[call.account]
    if config := account.code_signing.get(arn):

        def put_config(tags: Mapping[str, str]) -> Estate:
            table = {**account.code_signing, arn: replace(config, tags=tags)}
            return estate.with_account(replace(account, code_signing=table))

        return _Tagged(config.tags, put_config)
    mapping = account.event_sources.get(arn.rpartition(":")[2])
    if mapping is None or mapping.arn(account.id, account.partition) != arn:
        raise missing("The resource you requested does not exist.")

    def put_mapping(tags: Mapping[str, str]) -> Estate:
        table = {**account.event_sources, mapping.uuid: replace(mapping, tags=tags)}
        return estate.with_account(replace(account, event_sources=table))

    return _Tagged(mapping.tags, put_mapping)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "GetAccountSettings": get_account_settings,
    "GetFunctionConcurrency": get_function_concurrency,
    "ListTags": list_tags,
    "PutFunctionConcurrency": put_function_concurrency,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
