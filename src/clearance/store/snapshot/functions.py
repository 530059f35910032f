"""Lambda functions: for each, the answers of GetFunction and of what else hangs on it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from clearance.model.function import (
    Alias,
    EventInvokeConfig,
    Function,
    FunctionConfiguration,
    FunctionPolicy,
    FunctionUrl,
)
from clearance.store.snapshot.node import UNKNOWN_TIME, Node, as_document

__all__ = ["read_function", "show_function"]

_ARN_PARTS: Final = 7
_LOGGING: Final = ("LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup")


def read_function(node: Node, account: str) -> Function:
    """A function from its answers, keyed by the names of the CLI's commands."""
    about = node.at("get-function") if node.has("get-function") else node
    shown = about.at("Configuration")
    arn = shown.text("FunctionArn").split(":")
    if len(arn) < _ARN_PARTS or arn[2] != "lambda":
        raise shown.at("FunctionArn").fail("expected the ARN of a function")
    if arn[4] != account:
        raise shown.at("FunctionArn").fail(f"the function lies with account {account}")
    versions = {
        found.version: found
        for page in _pages(node, "list-versions-by-function")
        for item in page.items("Versions")
        if (found := _configuration(item)).version != "$LATEST"
    }
    numbers = [int(name) for name in versions if name.isdecimal()]
    concurrency = about.at("Concurrency")
    return Function(
        name=shown.text("FunctionName"),
        region=arn[3],
        latest=_configuration(shown),
        versions=versions,
        aliases={
            item.text("Name"): _alias(item)
            for page in _pages(node, "list-aliases")
            for item in page.items("Aliases")
        },
        policies=_policies(node),
        urls={
            _qualifier(item.text("FunctionArn", "")): _url(item)
            for page in _pages(node, "list-function-url-configs")
            for item in page.items("FunctionUrlConfigs")
        },
        tags=about.tags(),
        event_invoke={
            _qualifier(item.text("FunctionArn", "")): _event_invoke(item)
            for page in _pages(node, "list-function-event-invoke-configs")
            for item in page.items("FunctionEventInvokeConfigs")
        },
        reserved_concurrency=concurrency.number("ReservedConcurrentExecutions", 0)
        if concurrency.value is not None
        else None,
        next_version=max(numbers, default=0) + 1,
    )


def show_function(
    function: Function, account: str, partition: str, *, secrets: bool = False
) -> dict[str, Any]:
    """The answers that `read_function` reads; values of variables only if they are asked for."""
    arn = function.arn(account, partition=partition)
    about: dict[str, Any] = {
        "Configuration": _shown(function, function.latest, arn, secrets=secrets),
        "Tags": dict(function.tags),
    }
    if function.reserved_concurrency is not None:
        about["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return {
        "get-function": about,
        "list-versions-by-function": {
            "Versions": [
                _shown(function, v, arn, secrets=secrets) for v in function.versions.values()
            ]
        },
        "list-aliases": {"Aliases": [_alias_shown(alias) for alias in function.aliases.values()]},
        "get-policy": {
            qualifier: {"Policy": as_document(policy.text), "RevisionId": policy.revision_id}
            for qualifier, policy in function.policies.items()
        },
        "list-function-url-configs": {
            "FunctionUrlConfigs": [
                _url_shown(url, function.arn(account, qualifier, partition), function.region)
                for qualifier, url in function.urls.items()
            ]
        },
        "list-function-event-invoke-configs": {
            "FunctionEventInvokeConfigs": [
                _event_invoke_shown(config, function.arn(account, qualifier, partition))
                for qualifier, config in function.event_invoke.items()
            ]
        },
    }


def _pages(node: Node, command: str) -> list[Node]:
    return list(node.at(command).pages()) if node.has(command) else []


def _qualifier(arn: str) -> str:
    parts = arn.split(":")
    return parts[_ARN_PARTS] if len(parts) > _ARN_PARTS else ""


def _policies(node: Node) -> dict[str, FunctionPolicy]:
    """The function policy, and those of versions and aliases by qualifier."""
    if not node.has("get-policy"):
        return {}
    answer = node.at("get-policy")
    if answer.has("Policy"):
        return {"": _policy(answer)}
    return {qualifier: _policy(item) for qualifier, item in answer.members()}


def _policy(node: Node) -> FunctionPolicy:
    text = node.document("Policy")
    if text is None:
        raise node.fail("the member `Policy` is missing")
    return FunctionPolicy(text, node.text("RevisionId", ""))


def _configuration(node: Node) -> FunctionConfiguration:
    digest = node.text("CodeSha256", "")
    network = node.at("VpcConfig") if node.has("VpcConfig") else _empty(node)
    variables = node.at("Environment") if node.has("Environment") else _empty(node)
    logging = node.at("LoggingConfig") if node.has("LoggingConfig") else _empty(node)
    return FunctionConfiguration(
        role=node.text("Role"),
        runtime=node.text("Runtime", ""),
        handler=node.text("Handler", ""),
        code=_hex(digest),
        code_size=node.number("CodeSize", 0),
        code_sha256=digest,
        modified=node.time("LastModified") or UNKNOWN_TIME,
        revision_id=node.text("RevisionId", ""),
        version=node.text("Version", "$LATEST"),
        description=node.text("Description", ""),
        timeout=node.number("Timeout", 3),
        memory=node.number("MemorySize", 128),
        environment=variables.tags("Variables"),
        layers=tuple(layer.text("Arn") for layer in node.items("Layers")),
        architectures=node.texts("Architectures") or ("x86_64",),
        vpc_id=network.text("VpcId", "") or None,
        subnet_ids=network.texts("SubnetIds"),
        security_group_ids=network.texts("SecurityGroupIds"),
        kms_key_arn=node.maybe("KMSKeyArn"),
        dead_letter_arn=_inside(node, "DeadLetterConfig", "TargetArn", "") or None,
        tracing=_inside(node, "TracingConfig", "Mode", "PassThrough"),
        ephemeral_storage=node.at("EphemeralStorage").number("Size", 512)
        if node.has("EphemeralStorage")
        else 512,
        logging={name: logging.text(name) for name in _LOGGING if logging.has(name)},
        snap_start=_inside(node, "SnapStart", "ApplyOn", "None"),
    )


def _empty(node: Node) -> Node:
    return Node({}, node.file, node.path)


def _inside(node: Node, outer: str, name: str, default: str) -> str:
    return node.at(outer).text(name, default) if node.has(outer) else default


def _hex(digest: str) -> str:
    """The name a blob with this code would have; empty if the digest is not known."""
    try:
        return base64.b64decode(digest, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def _alias(node: Node) -> Alias:
    routing = node.at("RoutingConfig")
    weights = routing.at("AdditionalVersionWeights") if routing.value is not None else routing
    shares: dict[str, float] = {}
    for version, share in weights.members() if weights.value is not None else ():
        if not isinstance(share.value, int | float):
            raise share.fail("expected a number between 0 and 1")
        shares[version] = float(share.value)
    return Alias(
        node.text("Name"),
        node.text("FunctionVersion"),
        node.text("RevisionId", ""),
        description=node.text("Description", ""),
        weights=shares,
    )


def _url(node: Node) -> FunctionUrl:
    created = node.time("CreationTime") or UNKNOWN_TIME
    cors = node.at("Cors")
    return FunctionUrl(
        # https://<url-id>.lambda-url.<region>.on.aws/
        url_id=node.text("FunctionUrl").removeprefix("https://").split(".")[0],
        auth_type=node.text("AuthType"),
        created=created,
        modified=node.time("LastModifiedTime") or created,
        invoke_mode=node.text("InvokeMode", "BUFFERED"),
        cors={} if cors.value is None else {name: item.value for name, item in cors.members()},
    )


def _event_invoke(node: Node) -> EventInvokeConfig:
    goals = node.at("DestinationConfig") if node.has("DestinationConfig") else _empty(node)
    return EventInvokeConfig(
        node.time("LastModified") or UNKNOWN_TIME,
        maximum_retry_attempts=_maybe_number(node, "MaximumRetryAttempts"),
        maximum_event_age=_maybe_number(node, "MaximumEventAgeInSeconds"),
        on_success=_inside(goals, "OnSuccess", "Destination", "") or None,
        on_failure=_inside(goals, "OnFailure", "Destination", "") or None,
    )


def _maybe_number(node: Node, name: str) -> int | None:
    return node.number(name, 0) if node.has(name) else None


def _event_invoke_shown(config: EventInvokeConfig, arn: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "FunctionArn": arn,
        # Lambda answers this one as seconds since 1970.
        "LastModified": config.modified.timestamp(),
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": config.maximum_event_age,
        "DestinationConfig": {
            "OnSuccess": {"Destination": config.on_success} if config.on_success else {},
            "OnFailure": {"Destination": config.on_failure} if config.on_failure else {},
        },
    }
    return {name: value for name, value in shown.items() if value is not None}


def _shown(
    function: Function, what: FunctionConfiguration, arn: str, *, secrets: bool
) -> dict[str, Any]:
    published = what.version != "$LATEST"
    shown: Mapping[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": f"{arn}:{what.version}" if published else arn,
        "Runtime": what.runtime,
        "Role": what.role,
        "Handler": what.handler,
        "CodeSize": what.code_size,
        "Description": what.description,
        "Timeout": what.timeout,
        "MemorySize": what.memory,
        "LastModified": what.modified,
        "CodeSha256": what.code_sha256,
        "Version": what.version,
        "VpcConfig": {
            "VpcId": what.vpc_id or "",
            "SubnetIds": list(what.subnet_ids),
            "SecurityGroupIds": list(what.security_group_ids),
        },
        "DeadLetterConfig": {"TargetArn": what.dead_letter_arn or ""},
        "Environment": {
            "Variables": dict(what.environment) if secrets else dict.fromkeys(what.environment, "")
        },
        "KMSKeyArn": what.kms_key_arn,
        "TracingConfig": {"Mode": what.tracing},
        "RevisionId": what.revision_id,
        "Layers": [{"Arn": layer} for layer in what.layers],
        "Architectures": list(what.architectures),
        "EphemeralStorage": {"Size": what.ephemeral_storage},
        "LoggingConfig": dict(what.logging),
        "SnapStart": {"ApplyOn": what.snap_start},
    }
    return {name: value for name, value in shown.items() if value is not None}


def _alias_shown(alias: Alias) -> dict[str, Any]:
    return {
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RoutingConfig": {"AdditionalVersionWeights": dict(alias.weights)},
        "RevisionId": alias.revision_id,
    }


def _url_shown(url: FunctionUrl, arn: str, region: str) -> dict[str, Any]:
    return {
        "FunctionUrl": f"https://{url.url_id}.lambda-url.{region}.on.aws/",
        "FunctionArn": arn,
        "AuthType": url.auth_type,
        "Cors": dict(url.cors),
        "CreationTime": url.created,
        "LastModifiedTime": url.modified,
        "InvokeMode": url.invoke_mode,
    }
