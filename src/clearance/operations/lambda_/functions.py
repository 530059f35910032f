"""Functions: create, get, list, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import Function, FunctionConfiguration
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Number, Rule, Text, check
from clearance.operations.lambda_.code_signing import refuse_unsigned
from clearance.operations.lambda_.configuration import (
    check_tags,
    configured,
    refuse_unsupported,
    shown,
)
from clearance.operations.lambda_.dead_letters import refuse_undeliverable
from clearance.operations.lambda_.execution_role import refuse_untrusted_role
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, no_function, stale
from clearance.operations.lambda_.layers import refuse_missing_layers
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.package import Package, code_of, location
from clearance.operations.lambda_.resolve import (
    LATEST,
    ResolvedFunction,
    changed,
    found,
    function_arn,
    resolve,
)
from clearance.operations.lambda_.versions import publish
from clearance.operations.pages import page

__all__ = ["OPERATIONS"]

_NEW_NAME: Final = Text(1, 64, r"[a-zA-Z0-9-_]+")
_PAGE: Final[dict[str, Rule]] = {
    "MaxItems": Number(1, 10000),
    "FunctionVersion": Choice(("ALL",)),
}
PAGE_SIZE: Final = 50


def create_function(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Create a function. PassRole is authorized before; that the role trusts Lambda, here."""
    refuse_unsupported(given)
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    check({"FunctionName": name.name}, {"FunctionName": _NEW_NAME}, VALIDATION)
    if name.account != call.account:
        raise no_function(given["FunctionName"])
    if not given.get("Runtime") or not given.get("Handler"):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment"
            " packages."
        )
    account = estate.accounts[call.account]
    tags = given.get("Tags") or {}
    check_tags(tags)
    blank = FunctionConfiguration(
        role=given.get("Role") or "",
        runtime=given["Runtime"],
        handler=given["Handler"],
        code="",
        code_size=0,
        code_sha256="",
        modified=call.now,
        revision_id=call.ports.uuid(),
    )
    latest = configured(blank, given)
    signing = given.get("CodeSigningConfigArn")
    function = Function(name.name, call.region, latest, tags=dict(tags), code_signing=signing)
    arn = function_arn(account, function)
    refuse_untrusted_role(estate, account, given.get("Role"), arn, call.now)
    if function.key in account.functions:
        raise conflict(f"Function already exist: {name.name}")
    refuse_missing_layers(estate, latest.layers, (), call.region)
    refuse_unsigned(account, signing, name.name)
    refuse_undeliverable(estate, latest, call)
    package = code_of(given.get("Code") or {}, call.ports)
    function = replace(function, latest=_with_code(latest, package))
    what = ResolvedFunction(account, function, "", function.latest, arn)
    if given.get("Publish"):
        what = publish(what, call)
    return changed(estate, account, what.function), shown(what, qualifier="")


def get_function(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A function's configuration, tags and reserved concurrency."""
    what = _meant(estate, call, given)
    answer: dict[str, Any] = {
        "Configuration": shown(what),
        "Code": {"RepositoryType": "S3", "Location": location(what.configuration.code)},
    }
    if what.function.tags:
        answer["Tags"] = dict(what.function.tags)
    if what.function.reserved_concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": what.function.reserved_concurrency}
    return estate, answer


def get_function_configuration(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A function's configuration."""
    return estate, shown(_meant(estate, call, given))


def list_functions(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The account's functions in this Region, fifty at a time."""
    check(given, _PAGE, VALIDATION)
    account = estate.accounts[call.account]
    every = given.get("FunctionVersion") == "ALL"
    entries = [
        (f"{function.name}:{configuration.version}", function, configuration)
        for function in account.functions.values()
        if function.region == call.region
        for configuration in (
            function.latest,
            *(function.versions.values() if every else ()),
        )
    ]
    sent, marker = page(
        entries,
        lambda entry: entry[0],
        token=given.get("Marker"),
        size=min(given.get("MaxItems") or PAGE_SIZE, PAGE_SIZE),
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {
        "Functions": [
            shown(
                ResolvedFunction(account, function, "", configuration, ""),
                qualifier=configuration.version if every else "",
            )
            for _, function, configuration in sent
        ]
    }
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def delete_function(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Delete a function with everything on it, or one version of it."""
    name = read_name(
        given.get("FunctionName"),
        given.get("Qualifier"),
        account=call.account,
        region=call.region,
    )
    if name.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if name.qualifier and not name.qualifier.isdigit():
        raise invalid("Deletion of aliases is not currently supported.")
    what = found(estate, replace(name, qualifier=""))
    if not name.qualifier:
        functions = {k: f for k, f in what.account.functions.items() if k != what.function.key}
        return estate.with_account(replace(what.account, functions=functions)), {"StatusCode": 204}
    users = [
        alias.name
        for alias in what.function.aliases.values()
        if name.qualifier in {alias.version, *alias.weights}
    ]
    if users:
        raise conflict(
            "Unable to delete version because the following aliases reference it:"
            f" [{', '.join(users)}]"
        )
    function = replace(
        what.function,
        versions=_without(what.function.versions, name.qualifier),
        policies=_without(what.function.policies, name.qualifier),
        event_invoke=_without(what.function.event_invoke, name.qualifier),
        provisioned=_without(what.function.provisioned, name.qualifier),
    )
    return changed(estate, what.account, function), {"StatusCode": 204}


def update_function_code(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give the unpublished version other code."""
    refuse_unsupported(given)
    what = _latest(estate, call, given)
    refuse_unsigned(what.account, what.function.code_signing, what.function.name)
    code = code_of(given, call.ports)
    latest = configured(what.function.latest, {"Architectures": given.get("Architectures")})
    latest = _touched(_with_code(latest, code), call)
    after = replace(what, function=replace(what.function, latest=latest), configuration=latest)
    if given.get("DryRun"):
        return estate, shown(after)
    if given.get("Publish"):
        after = publish(after, call)
        return changed(estate, after.account, after.function), shown(
            after, qualifier=after.configuration.version
        )
    return changed(estate, after.account, after.function), shown(after)


def update_function_configuration(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Change what is given in the unpublished version's configuration."""
    refuse_unsupported(given)
    what = _latest(estate, call, given)
    latest = _touched(configured(what.function.latest, given), call)
    if given.get("Role") is not None:
        refuse_untrusted_role(estate, what.account, given["Role"], what.unqualified_arn, call.now)
    if given.get("Layers") is not None:
        refuse_missing_layers(estate, latest.layers, what.function.latest.layers, call.region)
    if given.get("DeadLetterConfig") is not None:
        refuse_undeliverable(estate, latest, call)
    after = replace(what, function=replace(what.function, latest=latest), configuration=latest)
    return changed(estate, after.account, after.function), shown(after)


def _meant(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    name, qualifier = given.get("FunctionName"), given.get("Qualifier")
    return resolve(estate, call.account, call.region, name or "", qualifier)


def _latest(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    if name.qualifier not in {"", LATEST}:
        raise invalid(
            "Function name must not contain a version or alias; only $LATEST can be updated."
        )
    what = found(estate, replace(name, qualifier=""))
    if given.get("RevisionId") not in {None, what.function.latest.revision_id}:
        raise stale()
    return what


def _with_code(configuration: FunctionConfiguration, package: Package) -> FunctionConfiguration:
    return replace(
        configuration, code=package.code, code_size=package.size, code_sha256=package.sha256
    )


def _touched(configuration: FunctionConfiguration, call: Call) -> FunctionConfiguration:
    return replace(configuration, modified=call.now, revision_id=call.ports.uuid())


def _without(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in table.items() if k != key}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateFunction": create_function,
    "DeleteFunction": delete_function,
    "GetFunction": get_function,
    "GetFunctionConfiguration": get_function_configuration,
    "ListFunctions": list_functions,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
}
