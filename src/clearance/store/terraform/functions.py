"""Terraform's ``aws_lambda_*`` resources."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.function import Alias, Function, FunctionConfiguration, FunctionUrl
from clearance.store.draft import stand_in
from clearance.store.snapshot.node import UNKNOWN_TIME
from clearance.store.terraform.build import Builder, Kind
from clearance.store.terraform.plan import Thing

__all__ = ["KINDS"]

_ARN_PARTS: Final = 7
# The members of aws_lambda_permission, and those of AddPermission they are.
_PERMISSION: Final = {
    "source_account": "SourceAccount",
    "principal_org_id": "PrincipalOrgID",
    "function_url_auth_type": "FunctionUrlAuthType",
    "event_source_token": "EventSourceToken",
}


def _put_function(build: Builder, thing: Thing) -> None:
    where, name = build.where(thing), build.name(thing)
    before = build.draft.function(where.account, where.region, name)
    latest = _configuration(build, thing)
    function = replace(before, latest=latest) if before else Function(name, where.region, latest)
    tags = build.tags(thing)
    limit = thing.values.get("reserved_concurrent_executions")
    function = replace(
        function,
        tags=function.tags if tags is None else tags,
        reserved_concurrency=limit if isinstance(limit, int) and limit >= 0 else None,
    )
    version = thing.values.get("version")
    if thing.values.get("publish") is True and isinstance(version, str) and version.isdecimal():
        held = {**function.versions, version: replace(latest, version=version)}
        number = max(function.next_version, int(version) + 1)
        function = replace(function, versions=held, next_version=number)
    build.draft.put_function(where.account, function)


def _configuration(build: Builder, thing: Thing) -> FunctionConfiguration:
    values = thing.values
    digest = _text(values, "source_code_hash")
    network, tracing = _block(values, "vpc_config"), _block(values, "tracing_config")
    variables = _block(values, "environment").get("variables")
    return FunctionConfiguration(
        role=build.text(thing, "role") or "",
        runtime=_text(values, "runtime"),
        handler=_text(values, "handler"),
        code=_hex(digest),
        code_size=0,
        code_sha256=digest,
        modified=UNKNOWN_TIME,
        revision_id="",
        description=_text(values, "description"),
        timeout=_number(values, "timeout", 3),
        memory=_number(values, "memory_size", 128),
        environment={str(k): str(v) for k, v in variables.items()}
        if isinstance(variables, dict)
        else {},
        layers=build.texts(thing, "layers"),
        architectures=_texts(values, "architectures") or ("x86_64",),
        vpc_id=_text(network, "vpc_id") or None,
        subnet_ids=_texts(network, "subnet_ids"),
        security_group_ids=_texts(network, "security_group_ids"),
        kms_key_arn=build.text(thing, "kms_key_arn"),
        dead_letter_arn=_text(_block(values, "dead_letter_config"), "target_arn") or None,
        tracing=_text(tracing, "mode") or "PassThrough",
        ephemeral_storage=_number(_block(values, "ephemeral_storage"), "size", 512),
    )


def _drop_function(build: Builder, thing: Thing) -> None:
    where = build.where(thing)
    key = f"{where.region}/{build.name(thing)}"
    build.draft.table(where.account, "functions").pop(key, None)


def _held(build: Builder, thing: Thing) -> tuple[str, Function, str] | None:
    """The account, the function that a thing hangs on, and a qualifier in its name."""
    where, named = build.where(thing), build.text(thing, "function_name")
    if named is None:
        return None
    account, region, name, qualifier = where.account, where.region, named, ""
    parts = named.split(":")
    if named.startswith("arn:") and len(parts) >= _ARN_PARTS:
        region, account, name = parts[3], parts[4], parts[6]
        qualifier = parts[7] if len(parts) > _ARN_PARTS else ""
    function = build.draft.function(account, region, name)
    if function is None:
        build.draft.note(f"function `{name}` of {account}, which {thing.address} hangs on")
        return None
    return account, function, qualifier


def _put_alias(build: Builder, thing: Thing) -> None:
    found = _held(build, thing)
    version = build.text(thing, "function_version")
    if found is None:
        return
    account, function, _ = found
    weights = _block(thing.values, "routing_config").get("additional_version_weights")
    name = build.name(thing)
    alias = Alias(
        name,
        version or "$LATEST",
        "",
        _text(thing.values, "description"),
        {str(k): float(v) for k, v in weights.items()} if isinstance(weights, dict) else {},
    )
    build.draft.put_function(account, replace(function, aliases={**function.aliases, name: alias}))


def _drop_alias(build: Builder, thing: Thing) -> None:
    found = _quiet(build, thing)
    if found is not None:
        account, function, _ = found
        name = build.name(thing)
        kept = {n: alias for n, alias in function.aliases.items() if n != name}
        build.draft.put_function(account, replace(function, aliases=kept))


def _put_permission(build: Builder, thing: Thing) -> None:
    found = _held(build, thing)
    principal, source = build.text(thing, "principal"), build.text(thing, "source_arn")
    # Without the source it would let in more than it will.
    if found is None or principal is None or (source is None and thing.is_unknown("source_arn")):
        return
    account, function, qualifier = found
    given: dict[str, Any] = {
        "StatementId": _sid(build, thing),
        "Action": _text(thing.values, "action"),
        "Principal": principal,
        "Qualifier": build.text(thing, "qualifier") or qualifier,
        "SourceArn": source,
    }
    for member, name in _PERMISSION.items():
        given[name] = build.text(thing, member)
    if any(thing.is_unknown(m) and given[n] is None for m, n in _PERMISSION.items()):
        return
    flag = thing.values.get("invoked_via_function_url")
    given["InvokedViaFunctionUrl"] = flag if isinstance(flag, bool) else None
    build.draft.add_permission(account, function.region, function.name, given)


def _drop_permission(build: Builder, thing: Thing) -> None:
    found = _quiet(build, thing)
    if found is not None:
        account, function, qualifier = found
        qualifier = _text(thing.values, "qualifier") or qualifier
        build.draft.remove_permission(
            account, function.region, function.name, _sid(build, thing), qualifier
        )


def _sid(build: Builder, thing: Thing) -> str:
    del build
    return _text(thing.values, "statement_id") or f"terraform-{thing.name}"


def _put_url(build: Builder, thing: Thing) -> None:
    found = _held(build, thing)
    if found is None:
        return
    account, function, _ = found
    qualifier = _text(thing.values, "qualifier")
    url = FunctionUrl(
        _text(thing.values, "url_id") or stand_in("", thing.address).lower(),
        _text(thing.values, "authorization_type") or "AWS_IAM",
        UNKNOWN_TIME,
        UNKNOWN_TIME,
        _text(thing.values, "invoke_mode") or "BUFFERED",
    )
    build.draft.put_function(account, replace(function, urls={**function.urls, qualifier: url}))


def _drop_url(build: Builder, thing: Thing) -> None:
    found = _quiet(build, thing)
    if found is not None:
        account, function, _ = found
        qualifier = _text(thing.values, "qualifier")
        kept = {q: url for q, url in function.urls.items() if q != qualifier}
        build.draft.put_function(account, replace(function, urls=kept))


def _quiet(build: Builder, thing: Thing) -> tuple[str, Function, str] | None:
    """The same for what goes: that the function is gone already is no news."""
    where, named = build.where(thing), _text(thing.values, "function_name")
    parts = named.split(":")
    name = parts[6] if len(parts) >= _ARN_PARTS else named
    function = build.draft.function(where.account, where.region, name)
    qualifier = parts[7] if len(parts) > _ARN_PARTS else ""
    return (where.account, function, qualifier) if function is not None else None


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _number(values: Mapping[str, Any], name: str, default: int) -> int:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _block(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The one block of a kind."""
    value = values.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else {}


def _hex(digest: str) -> str:
    try:
        return base64.b64decode(digest, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


KINDS: Final[Mapping[str, Kind]] = {
    "aws_lambda_function": Kind(_put_function, _drop_function),
    "aws_lambda_alias": Kind(_put_alias, _drop_alias, order=1),
    "aws_lambda_permission": Kind(_put_permission, _drop_permission, order=1),
    "aws_lambda_function_url": Kind(_put_url, _drop_url, order=1),
}
