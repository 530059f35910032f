"""Recursive loops and runtime updates: settings of a function that are kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import RuntimeManagement
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Rule, Text, check
from clearance.operations.lambda_.faults import VALIDATION, invalid
from clearance.operations.lambda_.resolve import (
    LATEST,
    ResolvedFunction,
    changed,
    function_arn,
    resolve,
    unqualified,
)

__all__ = ["OPERATIONS"]

# The pattern is Lambda's own (API_PutRuntimeManagementConfig).
_REGION: Final = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
_VERSION_ARN: Final = (
    rf"((arn:(aws[a-zA-Z-]*):lambda:{_REGION}::runtime:.+)|(arn:(aws[a-zA-Z-]*):lambda:{_REGION}"
    r":\d{12}:runtime/[A-Za-z0-9_.-]{1,128}/version/[A-Za-z0-9_.-]{1,128}))"
)
_RULES: Final[dict[str, Rule]] = {
    "RecursiveLoop": Choice(("Allow", "Terminate")),
    "UpdateRuntimeOn": Choice(("Auto", "Manual", "FunctionUpdate")),
    "RuntimeVersionArn": Text(26, 2048, _VERSION_ARN),
}
_AUTO: Final = RuntimeManagement("Auto")


def put_recursion_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Say what happens when the function calls itself again and again."""
    check(given, _RULES, VALIDATION, required=("RecursiveLoop",))
    what = unqualified(estate, call, given)
    function = replace(what.function, recursive_loop=given["RecursiveLoop"])
    return changed(estate, what.account, function), {"RecursiveLoop": function.recursive_loop}


def get_recursion_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """What happens then."""
    loop = unqualified(estate, call, given).function.recursive_loop
    return estate, {"RecursiveLoop": loop}


def put_runtime_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Say when a version moves to a newer runtime version. Here a runtime has one version."""
    check(given, _RULES, VALIDATION, required=("UpdateRuntimeOn",))
    mode, arn = given["UpdateRuntimeOn"], given.get("RuntimeVersionArn")
    if (mode == "Manual") != bool(arn):
        raise invalid(
            "You must specify a runtime version ARN when the runtime update mode is Manual."
            if mode == "Manual"
            else f"You cannot specify a runtime version ARN when the runtime update mode is {mode}."
        )
    what = _target(estate, call, given)
    config = RuntimeManagement(mode, arn)
    management = {**what.function.runtime_management, what.qualifier: config}
    function = replace(what.function, runtime_management=management)
    return changed(estate, what.account, function), _shown(what, config)


def get_runtime_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """When it moves."""
    what = _target(estate, call, given)
    return estate, _shown(what, what.function.runtime_management.get(what.qualifier, _AUTO))


def _target(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    what = resolve(
        estate, call.account, call.region, given.get("FunctionName") or "", given.get("Qualifier")
    )
    return replace(what, qualifier="" if what.qualifier == LATEST else what.qualifier)


def _shown(what: ResolvedFunction, config: RuntimeManagement) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "UpdateRuntimeOn": config.update_on,
        "FunctionArn": function_arn(what.account, what.function, what.qualifier or LATEST),
    }
    return {**answer, "RuntimeVersionArn": config.arn} if config.arn else answer


OPERATIONS: Final[Mapping[str, Operation]] = {
    "GetFunctionRecursionConfig": get_recursion_config,
    "GetRuntimeManagementConfig": get_runtime_config,
    "PutFunctionRecursionConfig": put_recursion_config,
    "PutRuntimeManagementConfig": put_runtime_config,
}
