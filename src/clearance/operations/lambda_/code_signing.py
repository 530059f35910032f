"""Code signing configurations, and the functions that use them.

There is no AWS Signer here, so every package counts as unsigned: a configuration that enforces
refuses it, one that warns lets it through.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate
from clearance.model.event_source import CodeSigningConfig
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Number, Rule, Size, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.configuration import check_tags, timestamp
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, missing
from clearance.operations.lambda_.resolve import (
    ResolvedFunction,
    changed,
    function_arn,
    unqualified,
)
from clearance.operations.pages import page

__all__ = ["OPERATIONS", "refuse_unsigned"]

_ARN: Final = Text(
    0, 200, r"arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[a-z0-9]{17}"
)
_PROFILE: Final = Text(
    0,
    1024,
    r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?"
    r":(\d{12})?:(.*)",
)
_RULES: Final[dict[str, Rule]] = {
    "Description": Text(0, 256),
    "CodeSigningConfigArn": _ARN,
    "MaxItems": Number(1, 10000),
}
_ID_LENGTH: Final = 17


def create_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A new configuration."""
    check(given, _RULES, VALIDATION, required=("AllowedPublishers",))
    tags = given.get("Tags") or {}
    check_tags(tags)
    account = estate.accounts[call.account]
    name = "csc-" + call.ports.token(_ID_LENGTH, string.ascii_lowercase + string.digits)
    arn = f"arn:{account.partition}:lambda:{call.region}:{account.id}:code-signing-config:{name}"
    blank = CodeSigningConfig(name, arn, (), call.now, tags=dict(tags))
    config = _configured(blank, given, call)
    return _with(estate, account, config), {"CodeSigningConfig": _shown(config)}


def get_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One configuration."""
    _, config = _existing(estate, call, given)
    return estate, {"CodeSigningConfig": _shown(config)}


def update_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change what is given; functions notice it with their next deployment."""
    account, before = _existing(estate, call, given)
    config = _configured(before, given, call)
    return _with(estate, account, config), {"CodeSigningConfig": _shown(config)}


def delete_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Delete a configuration no function uses."""
    account, config = _existing(estate, call, given)
    if any(f.code_signing == config.arn for f in account.functions.values()):
        raise conflict(
            "Cannot delete the CodeSigningConfig because it is used by one or more functions."
        )
    kept = {arn: c for arn, c in account.code_signing.items() if arn != config.arn}
    return estate.with_account(replace(account, code_signing=kept)), {}


def list_configs(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The account's configurations in this Region."""
    check(given, _RULES, VALIDATION)
    account = estate.accounts[call.account]
    here = [c for c in account.code_signing.values() if c.arn.split(":")[3] == call.region]
    sent, marker = page(
        here,
        lambda config: config.arn,
        token=given.get("Marker"),
        size=min(given.get("MaxItems") or 50, 50),
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {"CodeSigningConfigs": [_shown(config) for config in sent]}
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def put_function_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Guard a function's deployments."""
    _, config = _existing(estate, call, given)
    what = unqualified(estate, call, given)
    function = replace(what.function, code_signing=config.arn)
    return changed(estate, what.account, function), _used(what, config.arn)


def get_function_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The configuration that guards a function, if one does."""
    what = unqualified(estate, call, given)
    if what.function.code_signing is None:
        return estate, {"FunctionName": what.function.name}
    return estate, _used(what, what.function.code_signing)


def delete_function_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Guard it no more."""
    what = unqualified(estate, call, given)
    return changed(estate, what.account, replace(what.function, code_signing=None)), {}


def list_functions(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The functions a configuration guards."""
    account, config = _existing(estate, call, given)
    users = [f for f in account.functions.values() if f.code_signing == config.arn]
    sent, marker = page(
        [function_arn(account, function) for function in users],
        str,
        token=given.get("Marker"),
        size=min(given.get("MaxItems") or 50, 50),
        refusal=invalid("The provided marker is not valid."),
    )
    return estate, {"FunctionArns": sent, **({"NextMarker": marker} if marker else {})}


def refuse_unsigned(account: Account, arn: str | None, function: str) -> None:
    """Refuse a package where the configuration enforces signatures: there are none here."""
    if arn is None:
        return
    config = account.code_signing.get(arn)
    if config is None:
        raise _missing(arn, "CodeSigningConfigNotFoundException")
    if config.untrusted == "Enforce":
        raise OperationError(
            "CodeVerificationFailedException",
            "Lambda cannot deploy the function. The function or layer might be signed using a"
            " signature that the client is not configured to accept. Check the provided signature"
            f" for {function}.",
            400,
            {"Type": "User"},
        )


def _existing(estate: Estate, call: Call, given: Input) -> tuple[Account, CodeSigningConfig]:
    check(given, _RULES, VALIDATION, required=("CodeSigningConfigArn",))
    account, arn = estate.accounts[call.account], given["CodeSigningConfigArn"]
    config = account.code_signing.get(arn)
    if config is None:
        put = given.get("FunctionName") is not None
        raise _missing(arn, "CodeSigningConfigNotFoundException" if put else None)
    return account, config


def _missing(arn: str, code: str | None) -> OperationError:
    words = f"The Lambda code signing configuration {arn} can not be found."
    return OperationError(code, words, 404, {"Type": "User"}) if code else missing(words)


def _configured(before: CodeSigningConfig, given: Input, call: Call) -> CodeSigningConfig:
    after = replace(before, modified=call.now)
    if (publishers := given.get("AllowedPublishers")) is not None:
        arns = publishers.get("SigningProfileVersionArns") or ()
        name = "allowedPublishers.signingProfileVersionArns"
        check({name: arns}, {name: Size(1, 20)}, VALIDATION)
        named = {f"{name}.{number}.member": arn for number, arn in enumerate(arns, 1)}
        check(named, dict.fromkeys(named, _PROFILE), VALIDATION)
        after = replace(after, publishers=tuple(arns))
    if (policies := given.get("CodeSigningPolicies")) is not None:
        untrusted = policies.get("UntrustedArtifactOnDeployment")
        name = "codeSigningPolicies.untrustedArtifactOnDeployment"
        check({name: untrusted}, {name: Choice(("Warn", "Enforce"))}, VALIDATION)
        after = replace(after, untrusted=untrusted or after.untrusted)
    if given.get("Description") is not None:
        after = replace(after, description=given["Description"])
    return after


def _with(estate: Estate, account: Account, config: CodeSigningConfig) -> Estate:
    configs = {**account.code_signing, config.arn: config}
    return estate.with_account(replace(account, code_signing=configs))


def _shown(config: CodeSigningConfig) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "CodeSigningConfigId": config.id,
        "CodeSigningConfigArn": config.arn,
        "AllowedPublishers": {"SigningProfileVersionArns": list(config.publishers)},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": config.untrusted},
        "LastModified": timestamp(config.modified),
    }
    return {**answer, "Description": config.description} if config.description else answer


def _used(what: ResolvedFunction, arn: str) -> dict[str, Any]:
    return {"CodeSigningConfigArn": arn, "FunctionName": what.function.name}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateCodeSigningConfig": create_config,
    "DeleteCodeSigningConfig": delete_config,
    "DeleteFunctionCodeSigningConfig": delete_function_config,
    "GetCodeSigningConfig": get_config,
    "GetFunctionCodeSigningConfig": get_function_config,
    "ListCodeSigningConfigs": list_configs,
    "ListFunctionsByCodeSigningConfig": list_functions,
    "PutFunctionCodeSigningConfig": put_function_config,
    "UpdateCodeSigningConfig": update_config,
}
