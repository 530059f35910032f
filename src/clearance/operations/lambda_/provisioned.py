"""Provisioned concurrency of versions and aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate
from clearance.model.function import Function, ProvisionedConcurrency
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Number, Rule, check
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.configuration import timestamp
from clearance.operations.lambda_.faults import VALIDATION, invalid
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.resolve import (
    LATEST,
    ResolvedFunction,
    changed,
    found,
    function_arn,
    resolve,
)
from clearance.operations.pages import page

__all__ = ["CONCURRENCY", "OPERATIONS", "UNRESERVED", "taken", "unreserved"]

# Lambda Developer Guide, gettingstarted-limits: 1,000 concurrent executions; 100 executions stay
# unreserved.
CONCURRENCY: Final = 1000
UNRESERVED: Final = 100
_RULES: Final[dict[str, Rule]] = {
    "ProvisionedConcurrentExecutions": Number(low=1),
    "MaxItems": Number(1, 50),
}


def put_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Keep executions ready; here they are ready at once."""
    check(given, _RULES, VALIDATION, required=("FunctionName", "ProvisionedConcurrentExecutions"))
    what = _target(estate, call, given)
    function, wanted = what.function, given["ProvisionedConcurrentExecutions"]
    others = sum(c.requested for q, c in function.provisioned.items() if q != what.qualifier)
    if function.reserved_concurrency is not None:
        if others + wanted > function.reserved_concurrency:
            raise invalid(
                "Requested Provisioned Concurrency should not be greater than the"
                " reservedConcurrentExecution for function"
            )
    elif CONCURRENCY - taken(what.account, call.region, function) - others - wanted < UNRESERVED:
        raise invalid(
            "Specified ConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
        )
    config = ProvisionedConcurrency(wanted, call.now)
    provisioned = {**function.provisioned, what.qualifier: config}
    return _with(estate, what, provisioned), _shown(config)


def get_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """What is kept ready."""
    what = _target(estate, call, given)
    config = what.function.provisioned.get(what.qualifier)
    if config is None:
        raise OperationError(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            404,
            {"Type": "User"},
        )
    return estate, _shown(config)


def delete_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Keep nothing ready; that nothing was is no error."""
    what = _target(estate, call, given)
    kept = {q: c for q, c in what.function.provisioned.items() if q != what.qualifier}
    return _with(estate, what, kept), {}


def list_configs(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Everything that is kept ready for a function."""
    check(given, _RULES, VALIDATION)
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    what = found(estate, replace(name, qualifier=""))
    sent, marker = page(
        what.function.provisioned.items(),
        lambda item: item[0],
        token=given.get("Marker"),
        size=given.get("MaxItems") or 50,
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {
        "ProvisionedConcurrencyConfigs": [
            {"FunctionArn": function_arn(what.account, what.function, q), **_shown(config)}
            for q, config in sent
        ]
    }
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def taken(account: Account, region: str, but: Function | None = None) -> int:
    """Executions that other functions cannot use: reserved ones, or those kept ready."""
    functions = (f for f in account.functions.values() if f.region == region)
    return sum(
        sum(c.requested for c in f.provisioned.values())
        if f.reserved_concurrency is None
        else f.reserved_concurrency
        for f in functions
        if but is None or f.name != but.name
    )


def unreserved(account: Account, region: str) -> int:
    """Executions that the functions without a reservation share in a Region."""
    functions = (f for f in account.functions.values() if f.region == region)
    return CONCURRENCY - sum(f.reserved_concurrency or 0 for f in functions)


def _target(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    what = resolve(
        estate, call.account, call.region, given.get("FunctionName") or "", given.get("Qualifier")
    )
    if not what.qualifier:
        raise invalid("The function resource provided must be an alias or a published version.")
    # "You can't use provisioned concurrency with $LATEST" (provisioned-concurrency).
    if what.configuration.version == LATEST:
        raise invalid(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    return what


def _with(
    estate: Estate, what: ResolvedFunction, provisioned: Mapping[str, ProvisionedConcurrency]
) -> Estate:
    return changed(estate, what.account, replace(what.function, provisioned=provisioned))


def _shown(config: ProvisionedConcurrency) -> dict[str, Any]:
    return {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": config.requested,
        "AllocatedProvisionedConcurrentExecutions": config.requested,
        "Status": "READY",
        "LastModified": timestamp(config.modified),
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteProvisionedConcurrencyConfig": delete_config,
    "GetProvisionedConcurrencyConfig": get_config,
    "ListProvisionedConcurrencyConfigs": list_configs,
    "PutProvisionedConcurrencyConfig": put_config,
}
