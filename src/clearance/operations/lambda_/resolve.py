"""From a FunctionName to the function, the version and the ARN that a call means."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clearance.model.estate import Account, Estate
from clearance.model.function import Alias, Function, FunctionConfiguration
from clearance.operations.call import Call, Input
from clearance.operations.lambda_.faults import invalid, missing, no_function
from clearance.operations.lambda_.names import FunctionName, read_name

__all__ = [
    "LATEST",
    "ResolvedFunction",
    "changed",
    "found",
    "function_arn",
    "resolve",
    "unqualified",
]

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class ResolvedFunction:
    """What a call means.

    ``configuration`` is that of the version meant, ``alias`` the alias it was reached by, ``arn``
    the ARN with the qualifier as it was used: the one that policies are asked about (R205).
    """

    account: Account
    function: Function
    qualifier: str
    configuration: FunctionConfiguration
    arn: str
    alias: Alias | None = None

    @property
    def unqualified_arn(self) -> str:
        """The function's own ARN."""
        return function_arn(self.account, self.function)


def resolve(
    estate: Estate,
    caller_account: str,
    region: str,
    function_name: str,
    qualifier: str | None = None,
    *,
    draw: float = 1.0,
) -> ResolvedFunction:
    """The function, version and ARN that a name and a qualifier mean.

    ``draw``, a number below one, picks among the versions of a weighted alias; without it the
    alias's own version is meant.

    Raises:
        OperationError: ResourceNotFoundException and the errors of a bad name.
    """
    name = read_name(function_name, qualifier, account=caller_account, region=region)
    return found(estate, name, draw=draw)


def found(estate: Estate, name: FunctionName, *, draw: float = 1.0) -> ResolvedFunction:
    """What the name means, or ResourceNotFoundException."""
    account = estate.account(name.account)
    function = account.functions.get(f"{name.region}/{name.name}") if account else None
    partition = account.partition if account else "aws"
    tail = f":{name.qualifier}" if name.qualifier else ""
    arn = f"arn:{partition}:lambda:{name.region}:{name.account}:function:{name.name}{tail}"
    if account is None or function is None:
        raise no_function(arn)
    alias = function.aliases.get(name.qualifier)
    version = _drawn(alias, draw) if alias else name.qualifier
    if version in {"", LATEST}:
        return ResolvedFunction(account, function, name.qualifier, function.latest, arn, alias)
    configuration = function.versions.get(version)
    if configuration is None:
        if version.isdigit() or alias:
            raise no_function(arn)
        raise missing(f"Cannot find alias arn: {arn}")
    return ResolvedFunction(account, function, name.qualifier, configuration, arn, alias)


def unqualified(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    """The function named, where a version or alias cannot be meant."""
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    if name.qualifier:
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not"
            " support this operation. Please specify either a function name or an unqualified"
            " function ARN."
        )
    return found(estate, name)


def function_arn(account: Account, function: Function, qualifier: str = "") -> str:
    """The ARN of a function of the account."""
    return function.arn(account.id, qualifier, account.partition)


def changed(estate: Estate, account: Account, function: Function) -> Estate:
    """The estate with this function added or replaced."""
    functions = {**account.functions, function.key: function}
    return estate.with_account(replace(account, functions=functions))


def _drawn(alias: Alias, draw: float) -> str:
    for version, weight in alias.weights.items():
        if draw < weight:
            return version
        draw -= weight
    return alias.version
