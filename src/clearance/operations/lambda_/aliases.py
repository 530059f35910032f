"""Aliases: names for versions, with a share of calls for a second version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import Alias
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Number, Rule, Text, check, refuse
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, missing, stale
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.resolve import (
    LATEST,
    ResolvedFunction,
    changed,
    found,
    function_arn,
)
from clearance.operations.pages import page

__all__ = ["OPERATIONS"]

_RULES: Final[dict[str, Rule]] = {
    "Name": Text(1, 128, r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)"),
    "FunctionVersion": Text(1, 1024, r"(\$LATEST(\.PUBLISHED)?|[0-9]+)"),
    "Description": Text(0, 256),
    "MaxItems": Number(1, 10000),
}
_PAGE_SIZE: Final = 50


def create_alias(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Name a version."""
    check(given, _RULES, VALIDATION, required=("Name", "FunctionVersion"))
    what = _function(estate, call, given)
    name, version = given["Name"], given["FunctionVersion"]
    if name in what.function.aliases:
        raise conflict(f"Alias already exists: {_arn(what, name)}")
    _version(estate, what, version)
    alias = Alias(
        name,
        version,
        call.ports.uuid(),
        given.get("Description") or "",
        _weights(estate, what, version, given),
    )
    return _with(estate, what, alias), _shown(what, alias)


def get_alias(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One alias."""
    check(given, _RULES, VALIDATION, required=("Name",))
    what = _function(estate, call, given)
    alias = what.function.aliases.get(given["Name"])
    if alias is None:
        raise missing(f"Cannot find alias arn: {_arn(what, given['Name'])}")
    return estate, _shown(what, alias)


def list_aliases(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The function's aliases, or those of one version."""
    check(given, _RULES, VALIDATION)
    what = _function(estate, call, given)
    version = given.get("FunctionVersion")
    sent, marker = page(
        [a for a in what.function.aliases.values() if version in {None, a.version, *a.weights}],
        lambda alias: alias.name,
        token=given.get("Marker"),
        size=min(given.get("MaxItems") or _PAGE_SIZE, _PAGE_SIZE),
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {"Aliases": [_shown(what, alias) for alias in sent]}
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def update_alias(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Let an alias name another version."""
    check(given, _RULES, VALIDATION, required=("Name",))
    what = _function(estate, call, given)
    alias = what.function.aliases.get(given["Name"])
    if alias is None:
        raise missing(f"Alias not found: {_arn(what, given['Name'])}")
    if given.get("RevisionId") not in {None, alias.revision_id}:
        raise stale()
    version = given.get("FunctionVersion") or alias.version
    _version(estate, what, version)
    weights = alias.weights
    if given.get("RoutingConfig") is not None:
        weights = _weights(estate, what, version, given)
    after = Alias(
        alias.name,
        version,
        call.ports.uuid(),
        alias.description if given.get("Description") is None else given["Description"],
        weights,
    )
    return _with(estate, what, after), _shown(what, after)


def delete_alias(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Forget an alias and what hangs on it; one that is not there is no error."""
    check(given, _RULES, VALIDATION, required=("Name",))
    what = _function(estate, call, given)
    function, name = what.function, given["Name"]
    after = replace(
        function,
        aliases={k: v for k, v in function.aliases.items() if k != name},
        policies={k: v for k, v in function.policies.items() if k != name},
        urls={k: v for k, v in function.urls.items() if k != name},
        event_invoke={k: v for k, v in function.event_invoke.items() if k != name},
        provisioned={k: v for k, v in function.provisioned.items() if k != name},
    )
    return changed(estate, what.account, after), {}


def _function(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    return found(estate, replace(name, qualifier=""))


def _version(estate: Estate, what: ResolvedFunction, version: str) -> None:
    """Refuse a version that is not there."""
    arn = function_arn(what.account, what.function, version)
    found(estate, read_name(arn, None, account=what.account.id, region=what.function.region))


def _weights(
    estate: Estate, what: ResolvedFunction, version: str, given: Input
) -> Mapping[str, float]:
    weights = (given.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for other, weight in weights.items():
        problem = None
        if not 0.0 <= weight <= 1.0:
            problem = (
                "Map value must satisfy constraint: [Member must have value less than or equal to"
                " 1.0, Member must have value greater than or equal to 0.0, Member must not be"
                " null]"
            )
        elif not other.isdigit():
            problem = (
                "Map keys must satisfy constraint: [Member must have length less than or equal to"
                " 1024, Member must have length greater than or equal to 1, Member must satisfy"
                " regular expression pattern: [0-9]+, Member must not be null]"
            )
        if problem:
            where = f"Value '{{{other}={weight}}}' at 'routingConfig.additionalVersionWeights'"
            refuse([f"{where} failed to satisfy constraint: {problem}"], VALIDATION)
        if other == version:
            raise invalid(
                f"Invalid function version {version}. Function version {version} is already"
                " included in routing configuration."
            )
        if version == LATEST:
            raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
        _version(estate, what, other)
    return dict(weights)


def _with(estate: Estate, what: ResolvedFunction, alias: Alias) -> Estate:
    aliases = {**what.function.aliases, alias.name: alias}
    return changed(estate, what.account, replace(what.function, aliases=aliases))


def _arn(what: ResolvedFunction, name: str) -> str:
    return function_arn(what.account, what.function, name)


def _shown(what: ResolvedFunction, alias: Alias) -> Output:
    answer: dict[str, Any] = {
        "AliasArn": _arn(what, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.weights:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.weights)}
    return answer


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateAlias": create_alias,
    "DeleteAlias": delete_alias,
    "GetAlias": get_alias,
    "ListAliases": list_aliases,
    "UpdateAlias": update_alias,
}
