"""``AWS::Lambda::*``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.function import Alias, Function, FunctionConfiguration, FunctionUrl
from clearance.store.cloudformation.deploy import Deploy, Kind
from clearance.store.cloudformation.resolve import Made
from clearance.store.draft import stand_in
from clearance.store.snapshot.node import UNKNOWN_TIME

__all__ = ["KINDS"]

_ARN_PARTS: Final = 7
# What narrows a permission; without it the function would be open to more than it will be.
_NARROWS: Final = (
    "SourceArn",
    "SourceAccount",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "EventSourceToken",
)


def _put_function(deploy: Deploy, made: Made) -> None:
    name = deploy.name(made)
    before = deploy.draft.function(deploy.account, deploy.region, name)
    latest = _configuration(deploy, made)
    function = replace(before, latest=latest) if before else Function(name, deploy.region, latest)
    limit = deploy.number(made, "ReservedConcurrentExecutions", -1)
    function = replace(
        function,
        tags=deploy.tags(made),
        reserved_concurrency=limit if limit >= 0 else None,
    )
    deploy.draft.put_function(deploy.account, function)


def _configuration(deploy: Deploy, made: Made) -> FunctionConfiguration:
    network = deploy.value(made, "VpcConfig")
    variables = deploy.value(made, "Environment")
    variables = variables.get("Variables") if isinstance(variables, dict) else None
    return FunctionConfiguration(
        role=deploy.text(made, "Role") or "",
        runtime=deploy.text(made, "Runtime") or "",
        handler=deploy.text(made, "Handler") or "",
        code="",
        code_size=0,
        code_sha256="",
        modified=UNKNOWN_TIME,
        revision_id="",
        description=deploy.text(made, "Description") or "",
        timeout=deploy.number(made, "Timeout", 3),
        memory=deploy.number(made, "MemorySize", 128),
        environment={str(k): str(v) for k, v in variables.items()}
        if isinstance(variables, dict)
        else {},
        layers=deploy.texts(made, "Layers"),
        architectures=deploy.texts(made, "Architectures") or ("x86_64",),
        subnet_ids=_texts(network, "SubnetIds"),
        security_group_ids=_texts(network, "SecurityGroupIds"),
        kms_key_arn=deploy.text(made, "KmsKeyArn"),
    )


def _held(deploy: Deploy, made: Made, member: str) -> tuple[str, Function, str] | None:
    """The account, the function that a resource hangs on, and a qualifier in its name."""
    named = deploy.text(made, member)
    if named is None:
        return None
    parts, qualifier = named.split(":"), ""
    account, region, name = deploy.account, deploy.region, parts[0]
    if named.startswith("arn:") and len(parts) >= _ARN_PARTS:
        region, account, name = parts[3], parts[4], parts[6]
        qualifier = parts[7] if len(parts) > _ARN_PARTS else ""
    elif len(parts) > 1:
        qualifier = parts[1]
    function = deploy.draft.function(account, region, name)
    if function is None:
        deploy.draft.note(f"function `{name}` of {account}, which `{made.name}` hangs on")
        return None
    return account, function, qualifier


def _put_version(deploy: Deploy, made: Made) -> None:
    found = _held(deploy, made, "FunctionName")
    if found is None:
        return
    account, function, _ = found
    number = str(function.next_version)
    versions = {**function.versions, number: replace(function.latest, version=number)}
    function = replace(function, versions=versions, next_version=function.next_version + 1)
    deploy.draft.put_function(account, function)


def _put_alias(deploy: Deploy, made: Made) -> None:
    found = _held(deploy, made, "FunctionName")
    name = deploy.text(made, "Name")
    if found is None or name is None:
        return
    account, function, _ = found
    version = (deploy.text(made, "FunctionVersion") or "$LATEST").rpartition(":")[2]
    alias = Alias(name, version, "", deploy.text(made, "Description") or "")
    aliases = {**function.aliases, name: alias}
    deploy.draft.put_function(account, replace(function, aliases=aliases))


def _put_permission(deploy: Deploy, made: Made) -> None:
    found = _held(deploy, made, "FunctionName")
    principal, action = deploy.text(made, "Principal"), deploy.text(made, "Action")
    if found is None or principal is None or action is None:
        return
    account, function, qualifier = found
    given: dict[str, Any] = {
        # CloudFormation makes the statement's name up.
        "StatementId": f"{deploy.resolver.settings.stack}-{made.name}",
        "Action": action,
        "Principal": principal,
        "Qualifier": qualifier,
    }
    for name in _NARROWS:
        given[name] = deploy.text(made, name)
        if given[name] is None and deploy.is_unknown(made, name):
            return
    flag = deploy.value(made, "InvokedViaFunctionUrl")
    given["InvokedViaFunctionUrl"] = flag in {True, "true"}
    deploy.draft.add_permission(account, function.region, function.name, given)


def _put_url(deploy: Deploy, made: Made) -> None:
    found = _held(deploy, made, "TargetFunctionArn")
    if found is None:
        return
    account, function, qualifier = found
    qualifier = deploy.text(made, "Qualifier") or qualifier
    url = FunctionUrl(
        stand_in("", f"{deploy.resolver.settings.stack}/{made.name}").lower(),
        deploy.text(made, "AuthType") or "AWS_IAM",
        UNKNOWN_TIME,
        UNKNOWN_TIME,
        deploy.text(made, "InvokeMode") or "BUFFERED",
    )
    deploy.draft.put_function(account, replace(function, urls={**function.urls, qualifier: url}))


def _texts(value: object, name: str) -> tuple[str, ...]:
    found = value.get(name) if isinstance(value, dict) else None
    return tuple(v for v in found if isinstance(v, str)) if isinstance(found, list) else ()


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::Lambda::Function": Kind(_put_function),
    "AWS::Lambda::Version": Kind(_put_version, order=1),
    "AWS::Lambda::Alias": Kind(_put_alias, order=2),
    "AWS::Lambda::Permission": Kind(_put_permission, order=2),
    "AWS::Lambda::Url": Kind(_put_url, order=2),
}
