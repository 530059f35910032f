"""Asynchronous calls: retries, age and destinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import EventInvokeConfig
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Number, Rule, check
from clearance.operations.lambda_.faults import VALIDATION, invalid, missing
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

__all__ = ["OPERATIONS"]

_RULES: Final[dict[str, Rule]] = {
    "MaximumRetryAttempts": Number(0, 2),
    "MaximumEventAgeInSeconds": Number(60, 21600),
    "MaxItems": Number(1, 50),
}
_SETTINGS: Final = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


def put_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Set everything anew."""
    return _set(estate, call, given, EventInvokeConfig(call.now))


def update_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change what is given."""
    what, qualifier = _target(estate, call, given)
    return _set(estate, call, given, _existing(what, qualifier))


def get_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """What is set for the function, version or alias."""
    what, qualifier = _target(estate, call, given)
    return estate, _shown(what, qualifier, _existing(what, qualifier))


def delete_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Back to Lambda's own settings."""
    what, qualifier = _target(estate, call, given)
    _existing(what, qualifier)
    kept = {k: v for k, v in what.function.event_invoke.items() if k != qualifier}
    return changed(estate, what.account, replace(what.function, event_invoke=kept)), {}


def list_configs(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """All that is set for a function."""
    check(given, _RULES, VALIDATION)
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    what = found(estate, replace(name, qualifier=""))
    sent, marker = page(
        what.function.event_invoke.items(),
        lambda item: item[0],
        token=given.get("Marker"),
        size=given.get("MaxItems") or 50,
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {
        "FunctionEventInvokeConfigs": [_shown(what, q, config) for q, config in sent]
    }
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def _set(
    estate: Estate, call: Call, given: Input, before: EventInvokeConfig
) -> tuple[Estate, Output]:
    check(given, _RULES, VALIDATION)
    if all(given.get(name) is None for name in _SETTINGS):
        raise invalid("You must specify at least one of error handling or destination setting.")
    what, qualifier = _target(estate, call, given)
    after = replace(before, modified=call.now)
    if given.get("MaximumRetryAttempts") is not None:
        after = replace(after, maximum_retry_attempts=given["MaximumRetryAttempts"])
    if given.get("MaximumEventAgeInSeconds") is not None:
        after = replace(after, maximum_event_age=given["MaximumEventAgeInSeconds"])
    destinations = given.get("DestinationConfig") or {}
    if (chosen := destinations.get("OnSuccess")) is not None:
        after = replace(after, on_success=_destination(what, chosen.get("Destination")))
    if (chosen := destinations.get("OnFailure")) is not None:
        after = replace(after, on_failure=_destination(what, chosen.get("Destination")))
    configs = {**what.function.event_invoke, qualifier: after}
    estate = changed(estate, what.account, replace(what.function, event_invoke=configs))
    return estate, _shown(what, qualifier, after)


def _destination(what: ResolvedFunction, arn: str | None) -> str | None:
    if arn and (arn == what.unqualified_arn or arn.startswith(f"{what.unqualified_arn}:")):
        raise invalid("You can't specify the function as a destination for itself.")
    return arn or None


def _target(estate: Estate, call: Call, given: Input) -> tuple[ResolvedFunction, str]:
    what = resolve(
        estate, call.account, call.region, given.get("FunctionName") or "", given.get("Qualifier")
    )
    return what, "" if what.qualifier == LATEST else what.qualifier


def _existing(what: ResolvedFunction, qualifier: str) -> EventInvokeConfig:
    config = what.function.event_invoke.get(qualifier)
    if config is None:
        arn = function_arn(what.account, what.function, qualifier or LATEST)
        raise missing(f"The function {arn} doesn't have an EventInvokeConfig")
    return config


def _shown(what: ResolvedFunction, qualifier: str, config: EventInvokeConfig) -> Output:
    answer: dict[str, Any] = {
        "LastModified": config.modified,
        "FunctionArn": function_arn(what.account, what.function, qualifier or LATEST),
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success} if config.on_success else {},
            "OnFailure": {"Destination": config.on_failure} if config.on_failure else {},
        },
    }
    if config.maximum_retry_attempts is not None:
        answer["MaximumRetryAttempts"] = config.maximum_retry_attempts
    if config.maximum_event_age is not None:
        answer["MaximumEventAgeInSeconds"] = config.maximum_event_age
    return answer


OPERATIONS: Final[Mapping[str, Operation]] = {
    "DeleteFunctionEventInvokeConfig": delete_config,
    "GetFunctionEventInvokeConfig": get_config,
    "ListFunctionEventInvokeConfigs": list_configs,
    "PutFunctionEventInvokeConfig": put_config,
    "UpdateFunctionEventInvokeConfig": update_config,
}
