"""Reserved concurrency, tags and the account's limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Account, Estate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Number, Text, check
from clearance.operations.lambda_.configuration import check_tags
from clearance.operations.lambda_.faults import VALIDATION, invalid
from clearance.operations.lambda_.names import ARN
from clearance.operations.lambda_.package import CODE_SIZE_UNZIPPED, CODE_SIZE_ZIPPED
from clearance.operations.lambda_.resolve import (
    ResolvedFunction,
    changed,
    resolve,
    unqualified,
)

__all__ = ["CONCURRENCY", "OPERATIONS"]

# Lambda Developer Guide, gettingstarted-limits: 1,000 concurrent executions, 75 GB of code; 100
# executions stay unreserved.
CONCURRENCY: Final = 1000
_UNRESERVED: Final = 100
_CODE_SIZE: Final = 80_530_636_800


def put_function_concurrency(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Reserve executions for a function; none at all stops it."""
    rules = {"ReservedConcurrentExecutions": Number(low=0)}
    check(given, rules, VALIDATION, required=tuple(rules))
    what = unqualified(estate, call, given)
    wanted = given["ReservedConcurrentExecutions"]
    others = _reserved(what.account, call.region) - (what.function.reserved_concurrency or 0)
    if CONCURRENCY - others - wanted < _UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{_UNRESERVED}]."
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
    """Add tags to a function; its versions and aliases use them too."""
    check(given, {}, VALIDATION, required=("Tags",))
    what = _tagged(estate, call, given)
    if not given["Tags"]:
        raise invalid("An error occurred and the request cannot be processed: no tags were given.")
    check_tags(given["Tags"], what.function.tags)
    tags = {**what.function.tags, **given["Tags"]}
    return changed(estate, what.account, replace(what.function, tags=tags)), {}


def untag_resource(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove tags from a function."""
    check(given, {}, VALIDATION, required=("TagKeys",))
    what = _tagged(estate, call, given)
    gone = set(given["TagKeys"])
    tags = {key: value for key, value in what.function.tags.items() if key not in gone}
    return changed(estate, what.account, replace(what.function, tags=tags)), {}


def list_tags(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The function's tags."""
    return estate, {"Tags": dict(_tagged(estate, call, given).function.tags)}


def get_account_settings(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """Limits and use of the account in this Region."""
    account = estate.accounts[call.account]
    functions = [f for f in account.functions.values() if f.region == call.region]
    size = sum(c.code_size for f in functions for c in (f.latest, *f.versions.values()))
    return estate, {
        "AccountLimit": {
            "TotalCodeSize": _CODE_SIZE,
            "CodeSizeUnzipped": CODE_SIZE_UNZIPPED,
            "CodeSizeZipped": CODE_SIZE_ZIPPED,
            "ConcurrentExecutions": CONCURRENCY,
            "UnreservedConcurrentExecutions": CONCURRENCY - _reserved(account, call.region),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": len(functions)},
    }


def _reserved(account: Account, region: str) -> int:
    functions = account.functions.values()
    return sum(f.reserved_concurrency or 0 for f in functions if f.region == region)


def _tagged(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    arn = given.get("Resource")
    rule = Text(1, 10000, ARN.pattern)
    check({"Resource": arn}, {"Resource": rule}, VALIDATION, required=("Resource",))
    what = resolve(estate, call.account, call.region, arn or "")
    if what.qualifier:
        raise invalid(
            "Tags on function aliases and versions are not supported. Please specify a function"
            " ARN."
        )
    return what


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "GetAccountSettings": get_account_settings,
    "GetFunctionConcurrency": get_function_concurrency,
    "ListTags": list_tags,
    "PutFunctionConcurrency": put_function_concurrency,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
