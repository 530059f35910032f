"""A version's configuration: read from an input, checked, and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from clearance.model.estate import Account
from clearance.model.function import FunctionConfiguration
from clearance.operations.call import Input, Output
from clearance.operations.constraints import (
    TAG_KEY,
    TAG_VALUE,
    Choice,
    Number,
    Rule,
    Size,
    Text,
    check,
)
from clearance.operations.constraints import refuse as refuse_all
from clearance.operations.lambda_.faults import VALIDATION, invalid
from clearance.operations.lambda_.resolve import ResolvedFunction, function_arn
from clearance.operations.lambda_.runtimes import refuse_runtime

__all__ = ["check_tags", "configured", "refuse_unsupported", "shown", "timestamp"]

_LAYER_ARN: Final = (
    r"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}"
    r":layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))"
)
_ANY_ARN: Final = Text(0, 10000, r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")
_RULES: Final[dict[str, Rule]] = {
    "Description": Text(0, 256),
    "Handler": Text(0, 128, r"[^\s]+"),
    "Timeout": Number(1, 900),
    "MemorySize": Number(128, 10240),
    "KMSKeyArn": _ANY_ARN,
}
_NESTED: Final[dict[tuple[str, str], Rule]] = {
    ("EphemeralStorage", "Size"): Number(512, 10240),
    ("TracingConfig", "Mode"): Choice(("Active", "PassThrough")),
    ("SnapStart", "ApplyOn"): Choice(("PublishedVersions", "None")),
    ("DeadLetterConfig", "TargetArn"): _ANY_ARN,
    ("LoggingConfig", "LogFormat"): Choice(("JSON", "Text")),
    ("LoggingConfig", "ApplicationLogLevel"): Choice(
        ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    ),
    ("LoggingConfig", "SystemLogLevel"): Choice(("DEBUG", "INFO", "WARN")),
    ("LoggingConfig", "LogGroup"): Text(1, 512, r"[\.\-_/#A-Za-z0-9]+"),
}
_ARCHITECTURES: Final = ("x86_64", "arm64")
_VARIABLE: Final = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+", re.ASCII)
_ENVIRONMENT_BYTES: Final = 4096
_MAX_LAYERS: Final = 5
_MAX_TAGS: Final = 50
# Lambda Developer Guide, configuration-envvars: "reserved environment variables".
_RESERVED: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
_NOT_HERE: Final = ("ImageConfig", "FileSystemConfigs", "CapacityProviderConfig", "DurableConfig")


def refuse_unsupported(given: Input) -> None:
    """Refuse what Lambda could run and this endpoint cannot, rather than ignore it."""
    if given.get("PackageType", "Zip") != "Zip" or (given.get("Code") or given).get("ImageUri"):
        raise invalid("Clearance runs zip packages; container images are not supported.")
    if found := next((name for name in _NOT_HERE if given.get(name)), None):
        raise invalid(f"Clearance does not support {found}.")


def configured(before: FunctionConfiguration, given: Input) -> FunctionConfiguration:
    """The configuration with what the input gives put in its place; the rest stays.

    Raises:
        OperationError: as Lambda words it.
    """
    _check(given)
    plain = {
        field: given[member]
        for member, field in (
            ("Role", "role"),
            ("Runtime", "runtime"),
            ("Handler", "handler"),
            ("Description", "description"),
            ("Timeout", "timeout"),
            ("MemorySize", "memory"),
            ("KMSKeyArn", "kms_key_arn"),
        )
        if given.get(member) is not None
    }
    after = replace(before, **plain)
    if (environment := given.get("Environment")) is not None:
        after = replace(after, environment=_environment(environment.get("Variables") or {}))
    if (layers := given.get("Layers")) is not None:
        after = replace(after, layers=_layers(layers))
    if (vpc := given.get("VpcConfig")) is not None:
        subnets, groups = _network(vpc)
        after = replace(after, subnet_ids=subnets, security_group_ids=groups)
    if (dead_letter := given.get("DeadLetterConfig")) is not None:
        after = replace(after, dead_letter_arn=dead_letter.get("TargetArn") or None)
    if (logging := given.get("LoggingConfig")) is not None:
        after = replace(after, logging=_logging(logging))
    for member, inner, field in (
        ("TracingConfig", "Mode", "tracing"),
        ("EphemeralStorage", "Size", "ephemeral_storage"),
        ("SnapStart", "ApplyOn", "snap_start"),
    ):
        if (value := (given.get(member) or {}).get(inner)) is not None:
            after = replace(after, **{field: value})
    if (architectures := given.get("Architectures")) is not None:
        after = replace(after, architectures=tuple(architectures))
    return after


def _check(given: Input) -> None:
    check(given, _RULES, VALIDATION)
    for (member, inner), rule in _NESTED.items():
        name = f"{member}.{inner[:1].lower()}{inner[1:]}"
        check({name: (given.get(member) or {}).get(inner)}, {name: rule}, VALIDATION)
    architectures = given.get("Architectures")
    if architectures is not None and (
        len(architectures) != 1 or architectures[0] not in _ARCHITECTURES
    ):
        refuse_all(
            [
                f"Value '[{', '.join(architectures)}]' at 'architectures' failed to satisfy"
                " constraint: "
                + (
                    "Member must have length less than or equal to 1"
                    if len(architectures) > 1
                    else "Member must satisfy constraint: [Member must satisfy enum value set:"
                    " [x86_64, arm64], Member must not be null]"
                )
            ],
            VALIDATION,
        )
    if given.get("Runtime") is not None:
        refuse_runtime(given["Runtime"])


def _environment(variables: Mapping[str, str]) -> Mapping[str, str]:
    if wrong := [name for name in variables if not _VARIABLE.fullmatch(name)]:
        problem = (
            f"Value '[{wrong[0]}]' at 'environment.variables' failed to satisfy constraint: Map"
            " keys must satisfy constraint: [Member must satisfy regular expression pattern:"
            f" {_VARIABLE.pattern}]"
        )
        refuse_all([problem], VALIDATION)
    if reserved := sorted(_RESERVED & variables.keys()):
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment"
            " variables you have provided contains reserved keys that are currently not supported"
            f" for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _ENVIRONMENT_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment"
            " variables you have provided exceeded the 4KB limit. String measured:"
            f" {measured}"
        )
    return dict(variables)


def _layers(arns: list[str]) -> tuple[str, ...]:
    if len(arns) > _MAX_LAYERS:
        raise invalid("Cannot reference more than 5 layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        check({"layers": arn}, {"layers": Text(1, 2048, _LAYER_ARN)}, VALIDATION)
        layer = arn.rsplit(":", 1)[0]
        if layer in seen:
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the"
                f" same function. {seen[layer]} and {arn} are versions of the same layer."
            )
        seen[layer] = arn
    return tuple(arns)


def _network(given: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    subnets, groups = given.get("SubnetIds") or (), given.get("SecurityGroupIds") or ()
    for name, items, most, pattern in (
        ("vpcConfig.subnetIds", subnets, 16, r"subnet-[0-9a-z]*"),
        ("vpcConfig.securityGroupIds", groups, 5, r"sg-[0-9a-zA-Z]*"),
    ):
        check({name: items}, {name: Size(high=most)}, VALIDATION)
        for item in items:
            check({name: item}, {name: Text(0, 1024, pattern)}, VALIDATION)
    if bool(subnets) != bool(groups):
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    return tuple(subnets), tuple(groups)


def _logging(given: Mapping[str, str]) -> Mapping[str, str]:
    levels = {"ApplicationLogLevel", "SystemLogLevel"} & given.keys()
    if levels and given.get("LogFormat", "Text") == "Text":
        raise invalid(
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your'
            ' request or change the LogFormat to "JSON" and try again.'
        )
    return dict(given)


def check_tags(tags: Mapping[str, str], present: Mapping[str, str] | None = None) -> None:
    """Refuse tags Lambda does not take, or more than fifty."""
    for key, value in tags.items():
        check({"tags": key}, {"tags": TAG_KEY}, VALIDATION)
        check({"tags": value}, {"tags": TAG_VALUE}, VALIDATION)
    if len({**(present or {}), **tags}) > _MAX_TAGS:
        raise invalid("Number of tags exceeds resource tag limit.")


def timestamp(moment: datetime) -> str:
    """A time as Lambda writes it.

    >>> from datetime import UTC
    >>> timestamp(datetime(2026, 11, 23, 9, 5, tzinfo=UTC))
    '2026-11-23T09:05:00.000+0000'
    """
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _layer(account: Account, arn: str) -> dict[str, Any]:
    """A layer of a function; the size only where the function's own account has it."""
    *_, kind, name, number = arn.split(":")
    layer = account.layers.get(f"{arn.split(':')[3]}/{name}") if kind == "layer" else None
    version = (
        layer.versions.get(number)
        if layer and layer.arn(account.id, number, account.partition) == arn
        else None
    )
    return {"Arn": arn, "CodeSize": version.code_size} if version else {"Arn": arn}


def shown(
    what: ResolvedFunction,
    configuration: FunctionConfiguration | None = None,
    qualifier: str | None = None,
) -> Output:
    """A configuration as Lambda answers it; ``qualifier`` is the one its ARN carries."""
    value = what.configuration if configuration is None else configuration
    tail = what.qualifier if qualifier is None else qualifier
    name = what.function.name
    answer: dict[str, Any] = {
        "FunctionName": name,
        "FunctionArn": function_arn(what.account, what.function, tail),
        "Runtime": value.runtime,
        "Role": value.role,
        "Handler": value.handler,
        "CodeSize": value.code_size,
        "Description": value.description,
        "Timeout": value.timeout,
        "MemorySize": value.memory,
        "LastModified": timestamp(value.modified),
        "CodeSha256": value.code_sha256,
        "Version": value.version,
        "TracingConfig": {"Mode": value.tracing},
        "RevisionId": value.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": list(value.architectures),
        "EphemeralStorage": {"Size": value.ephemeral_storage},
        "SnapStart": {"ApplyOn": value.snap_start, "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **value.logging},
    }
    if value.environment:
        answer["Environment"] = {"Variables": dict(value.environment)}
    if value.layers:
        answer["Layers"] = [_layer(what.account, arn) for arn in value.layers]
    if value.subnet_ids or value.security_group_ids:
        answer["VpcConfig"] = {
            "SubnetIds": list(value.subnet_ids),
            "SecurityGroupIds": list(value.security_group_ids),
            "VpcId": value.vpc_id or "",
            "Ipv6AllowedForDualStack": False,
        }
    if value.kms_key_arn:
        answer["KMSKeyArn"] = value.kms_key_arn
    if value.dead_letter_arn:
        answer["DeadLetterConfig"] = {"TargetArn": value.dead_letter_arn}
    return answer
