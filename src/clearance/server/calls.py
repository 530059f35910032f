"""Which operations there are, and which of them only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from clearance.operations import accessanalyzer, last_accessed, simulator
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam import OPERATIONS as IAM
from clearance.operations.lambda_ import OPERATIONS as LAMBDA
from clearance.operations.organizations import OPERATIONS as ORGANIZATIONS
from clearance.operations.sts import OPERATIONS as STS
from clearance.server import lookup, toolbox
from clearance.server.world import World

__all__ = ["LOCAL", "OPERATIONS", "RUNNING", "LocalOperation", "changes_nothing"]

LocalOperation: TypeAlias = Callable[[World, Call, Input], Output]

OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "iam": {**IAM, **last_accessed.OPERATIONS},
    "lambda": LAMBDA,
    "organizations": ORGANIZATIONS,
    "sts": STS,
}


def _simulate_principal(world: World, call: Call, given: Input) -> Output:
    return simulator.simulate_principal_policy(world.estate, call, given, world.catalog)


def _simulate_custom(world: World, call: Call, given: Input) -> Output:
    return simulator.simulate_custom_policy(world.estate, call, given, world.catalog)


def _custom_keys(world: World, call: Call, given: Input) -> Output:
    return simulator.context_keys_for_custom_policy(world.estate, call, given)


def _principal_keys(world: World, call: Call, given: Input) -> Output:
    return simulator.context_keys_for_principal_policy(world.estate, call, given)


def _report(name: str) -> LocalOperation:
    return lambda world, call, given: last_accessed.REPORTS[name](
        world.estate, call, given, world.catalog
    )


def _analysis(name: str) -> LocalOperation:
    return lambda world, _, given: accessanalyzer.OPERATIONS[name](given, world.catalog)


# Operations that read more than the estate: the audit trail, the seal, the catalog.
LOCAL: Final[Mapping[str, Mapping[str, LocalOperation]]] = {
    "accessanalyzer": {name: _analysis(name) for name in accessanalyzer.OPERATIONS},
    "cloudtrail": {"LookupEvents": lookup.lookup_events},
    "iam": {
        "GetContextKeysForCustomPolicy": _custom_keys,
        "GetContextKeysForPrincipalPolicy": _principal_keys,
        "SimulateCustomPolicy": _simulate_custom,
        "SimulatePrincipalPolicy": _simulate_principal,
        **{name: _report(name) for name in last_accessed.REPORTS},
    },
    "iam-toolbox": {
        "GetRequestAuthorizationDetails": toolbox.request_details,
        "GetRequestAuthorizationPolicy": toolbox.request_policy,
    },
    "sts": {"DecodeAuthorizationMessage": toolbox.decode_authorization_message},
}

# Operations that run functions.
RUNNING: Final[Mapping[str, frozenset[str]]] = {
    "lambda": frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"}),
}

_READS: Final = ("Get", "List", "Describe", "Lookup", "Simulate", "Check", "Validate", "Decode")
_OTHERS: Final = frozenset(
    {
        "Invoke",
        "InvokeAsync",
        "InvokeFunctionUrl",
        "InvokeWithResponseStream",
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
    }
)


def changes_nothing(operation: str) -> bool:
    """True for operations that leave the estate as it is; GetSessionToken is one of them."""
    return operation.startswith(_READS) or operation in _OTHERS
