"""Lambda: a function's ARN carries the qualifier that the request names (R205)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.function import Function
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.encryption import forwarded
from clearance.operations.permissions.pass_role import passed
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    beside,
    member,
    members,
    on,
    on_each,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags

__all__ = ["TABLE", "function_arn"]

_LAMBDA: Final = "lambda.amazonaws.com"
_MANAGED: Final = "LambdaManagedInstancesCapacityProviderConfig"
_PARTIAL: Final = re.compile(r"(?:(\d{12}):)?(?:function:)?([^:]+)(?::([^:]+))?")


def function_arn(ask: Ask, name: str | None, qualifier: str | None = None) -> str | None:
    """The ARN of a function named by name, partial ARN or ARN, with its qualifier if any."""
    if not name:
        return None
    if name.startswith("arn:"):
        arn = name
        named = arn.count(":") > 6  # noqa: PLR2004 - arn:p:lambda:r:a:function:name:qualifier
    else:
        found = _PARTIAL.fullmatch(name)
        if found is None:
            return None
        account, short, suffix = found.groups()
        tail = f":{suffix}" if suffix else ""
        arn = ask.arn(f"function:{short}{tail}", account=account)
        named = suffix is not None
    return f"{arn}:{qualifier}" if qualifier and not named else arn


def _function(ask: Ask) -> str | None:
    return function_arn(ask, ask.text("FunctionName"), ask.text("Qualifier"))


def _unqualified(ask: Ask) -> str | None:
    return function_arn(ask, ask.text("FunctionName"))


def _known(ask: Ask) -> tuple[Function | None, str]:
    """The function in the estate, and the qualifier of the call."""
    arn = Arn.find(_function(ask) or "")
    if arn is None:
        return None, ""
    _, name, *qualifier = arn.resource.split(":")
    account = ask.estate.account(arn.account)
    found = account.functions.get(f"{arn.region}/{name}") if account else None
    return found, qualifier[0] if qualifier else ""


def _function_arn_key(ask: Ask) -> Mapping[str, Value]:
    arn = _function(ask)
    return {"lambda:FunctionArn": arn} if arn else {}


def _url_auth_type(ask: Ask) -> Mapping[str, Value]:
    """The auth type asked for, or that of the URL that exists."""
    given = ask.text("AuthType")
    if given is None:
        function, qualifier = _known(ask)
        url = function.urls.get(qualifier) if function else None
        given = url.auth_type if url else None
    return {"lambda:FunctionUrlAuthType": given} if given else {}


def _statement(ask: Ask) -> Mapping[str, Value]:
    """``lambda:Principal`` and the auth type of the statement that is to be removed."""
    function, qualifier = _known(ask)
    policy = function.policies.get(qualifier) if function else None
    if policy is None:
        return {}
    try:
        statements = json.loads(policy.text).get("Statement", ())
    except (ValueError, AttributeError):
        return {}
    named = (s for s in statements if isinstance(s, dict) and s.get("Sid"))
    found = next((s for s in named if s["Sid"] == ask.text("StatementId")), {})
    context: dict[str, Value] = {}
    principal = _principal(found.get("Principal"))
    if principal is not None:
        context["lambda:Principal"] = principal
    equals = (found.get("Condition") or {}).get("StringEquals") or {}
    if isinstance(equals.get("lambda:FunctionUrlAuthType"), str):
        context["lambda:FunctionUrlAuthType"] = equals["lambda:FunctionUrlAuthType"]
    return context


def _principal(given: Any) -> str | None:  # noqa: ANN401
    if isinstance(given, dict):
        given = next(iter(given.values()), None)
    return given if isinstance(given, str) else None


def _vpc(ask: Ask) -> Mapping[str, Value]:
    context: dict[str, Value] = {}
    subnets = ask.texts("VpcConfig.SubnetIds")
    groups = ask.texts("VpcConfig.SecurityGroupIds")
    if subnets:
        context["lambda:SubnetIds"] = subnets
        vpc = _vpc_of(ask, subnets[0])
        if vpc is not None:
            context["lambda:VpcIds"] = vpc
    if groups:
        context["lambda:SecurityGroupIds"] = groups
    return context


def _vpc_of(ask: Ask, subnet: str) -> str | None:
    """A subnet's VPC is not in the request; the estate may know it."""
    known = ask.resource(ask.arn(f"subnet/{subnet}", service="ec2"))
    return known.attributes.get("VpcId") if known else None


def _foreign_layers(ask: Ask) -> Iterable[str]:
    for layer in ask.texts("Layers"):
        arn = Arn.find(layer)
        if arn is not None and arn.account != ask.call.account:
            yield layer


def _foreign_layer_rows(ask: Ask) -> Iterable[Permission]:
    """A layer of another account must be allowed there and here (R202)."""
    for layer in dict.fromkeys(_foreign_layers(ask)):
        yield one(ask, "GetLayerVersion", layer, dependent=True)


def _roles(ask: Ask) -> Iterable[str | None]:
    return (ask.text("Role", "PermissionsConfig.CapacityProviderOperatorRoleArn"),)


def _code_object(ask: Ask) -> str | None:
    """Lambda reads the deployment package as the caller."""
    bucket = ask.text("Code.S3Bucket", "Content.S3Bucket", "S3Bucket")
    key = ask.text("Code.S3Key", "Content.S3Key", "S3Key")
    return f"arn:{ask.partition}:s3:::{bucket}/{key}" if bucket and key else None


def _code_version(ask: Ask) -> bool:
    return (
        ask.text("Code.S3ObjectVersion", "Content.S3ObjectVersion", "S3ObjectVersion") is not None
    )


def _as_caller(ask: Ask) -> Mapping[str, Value]:
    del ask
    return forwarded(_LAMBDA)


_CODE: Final = when(
    _code_version,
    beside("s3:GetObjectVersion", _code_object, _as_caller),
    beside("s3:GetObject", _code_object, _as_caller),
)


def _capacity_provider(ask: Ask) -> str | None:
    return ask.text(f"CapacityProviderConfig.{_MANAGED}.CapacityProviderArn")


def _layer(ask: Ask) -> str | None:
    return ask.named(ask.text("LayerName"), "layer:")


def _layer_version(ask: Ask) -> str | None:
    layer, version = _layer(ask), ask.value("VersionNumber")
    return f"{layer}:{version}" if layer and version is not None else None


def _mapping(ask: Ask) -> str | None:
    return ask.named(ask.text("UUID"), "event-source-mapping:")


def _mapping_function(ask: Ask) -> Mapping[str, Value]:
    """The function in the request; else that of the mapping, if the estate has it."""
    if ask.text("FunctionName"):
        return _function_arn_key(ask)
    mapping = ask.account.event_sources.get(ask.text("UUID") or "") if ask.account else None
    known = ask.resource(_mapping(ask) or "")
    function = known.attributes.get("FunctionArn") if known else None
    function = mapping.function if mapping else function
    return {"lambda:FunctionArn": function} if function else {}


def _signing(ask: Ask) -> str | None:
    return ask.text("CodeSigningConfigArn")


def _provider(ask: Ask) -> str | None:
    return ask.named(ask.text("CapacityProviderName"), "capacity-provider:")


def _field(name: str) -> Row:
    return on(lambda ask: ask.text(name))


def _invoked_by_url(ask: Ask) -> Mapping[str, Value]:
    del ask
    return {"lambda:InvokedViaFunctionUrl": True}


_CONFIGURED = (
    _vpc,
    members("lambda:Layer", "Layers"),
)
_CREATED = (*_CONFIGURED, member("lambda:CodeSigningConfigArn", "CodeSigningConfigArn"))
_PASS = passed(_roles, _LAMBDA, _unqualified)
_PASS_CAPACITY = beside("lambda:PassCapacityProvider", _capacity_provider)

TABLE: Final[Mapping[str, Row]] = {
    **same("Invoke InvokeWithResponseStream", on(_function, action="lambda:InvokeFunction")),
    # A call to a function URL: both actions (R211).
    "InvokeFunctionUrl": all_of(
        on(_function, _url_auth_type, _function_arn_key),
        on(_function, _invoked_by_url, action="lambda:InvokeFunction"),
    ),
    **same(
        "DeleteFunction DeleteFunctionEventInvokeConfig GetFunction "
        "GetFunctionConfiguration GetFunctionEventInvokeConfig GetFunctionScalingConfig GetPolicy "
        "GetRuntimeManagementConfig ListDurableExecutionsByFunction "
        "PutFunctionEventInvokeConfig PutFunctionScalingConfig PutRuntimeManagementConfig "
        "UpdateFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig "
        "GetProvisionedConcurrencyConfig PutProvisionedConcurrencyConfig",
        on(_function),
    ),
    **same(
        "CreateAlias DeleteAlias GetAlias UpdateAlias DeleteFunctionCodeSigningConfig "
        "DeleteFunctionConcurrency GetFunctionCodeSigningConfig GetFunctionConcurrency "
        "GetFunctionRecursionConfig InvokeAsync ListAliases ListFunctionEventInvokeConfigs "
        "ListProvisionedConcurrencyConfigs ListVersionsByFunction PublishVersion "
        "PutFunctionConcurrency PutFunctionRecursionConfig",
        on(_unqualified),
    ),
    "ListFunctionUrlConfigs": on(_unqualified, _function_arn_key, _url_auth_type),
    **same(
        "CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig "
        "UpdateFunctionUrlConfig",
        on(_function, _function_arn_key, _url_auth_type),
    ),
    "AddPermission": on(
        _function,
        member("lambda:Principal", "Principal"),
        member("lambda:FunctionUrlAuthType", "FunctionUrlAuthType"),
    ),
    "RemovePermission": on(_function, _statement),
    **same("GetResourcePolicy PutResourcePolicy DeleteResourcePolicy", _field("ResourceArn")),
    "CreateFunction": all_of(
        on(_unqualified, *_CREATED),
        when(request_tags, beside("lambda:TagResource", _unqualified, tagged=True)),
        _PASS,
        _PASS_CAPACITY,
        _foreign_layer_rows,
        _CODE,
    ),
    "UpdateFunctionConfiguration": all_of(
        on(_unqualified, *_CONFIGURED), _PASS, _PASS_CAPACITY, _foreign_layer_rows
    ),
    "UpdateFunctionCode": all_of(on(_unqualified), _CODE),
    "PutFunctionCodeSigningConfig": on_each(
        lambda ask: (arn for arn in (_unqualified(ask), _signing(ask)) if arn),
        member("lambda:CodeSigningConfigArn", "CodeSigningConfigArn"),
    ),
    **same(
        "DeleteCodeSigningConfig GetCodeSigningConfig ListFunctionsByCodeSigningConfig "
        "UpdateCodeSigningConfig",
        on(_signing),
    ),
    "CreateCodeSigningConfig": on(anything),
    "CreateEventSourceMapping": all_of(
        on(anything, _function_arn_key),
        when(request_tags, beside("lambda:TagResource", anything, tagged=True)),
    ),
    **same("GetEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping",
           on(_mapping, _mapping_function)),
    "PublishLayerVersion": all_of(on(_layer), _CODE),
    **same(
        "AddLayerVersionPermission DeleteLayerVersion GetLayerVersion GetLayerVersionPolicy "
        "RemoveLayerVersionPermission",
        on(_layer_version),
    ),
    "GetLayerVersionByArn": on(lambda ask: ask.text("Arn"), action="lambda:GetLayerVersion"),
    **same("ListTags TagResource UntagResource", _field("Resource")),
    "CreateCapacityProvider": all_of(on(_provider, _vpc), passed(_roles, _LAMBDA, _provider)),
    **same(
        "DeleteCapacityProvider GetCapacityProvider ListFunctionVersionsByCapacityProvider "
        "UpdateCapacityProvider",
        on(_provider),
    ),
    **same(
        "CheckpointDurableExecution DeleteDurableExecution GetDurableExecution "
        "GetDurableExecutionHistory GetDurableExecutionState PauseDurableExecution "
        "ResumeDurableExecution StopDurableExecution",
        _field("DurableExecutionArn"),
    ),
}  # fmt: skip
