"""Function URLs: an HTTPS address of a function or of one of its aliases (R211)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.function import FunctionUrl
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.constraints import Choice, Number, Rule, Size, Text, check
from clearance.operations.lambda_.configuration import timestamp
from clearance.operations.lambda_.faults import VALIDATION, conflict, invalid, missing
from clearance.operations.lambda_.names import read_name
from clearance.operations.lambda_.resolve import ResolvedFunction, changed, found, function_arn
from clearance.operations.pages import page

__all__ = ["OPERATIONS", "find_url"]

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_ID_LENGTH: Final = 32
_RULES: Final[dict[str, Rule]] = {
    "Qualifier": Text(1, 128, r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"),
    "AuthType": Choice(("NONE", "AWS_IAM")),
    "InvokeMode": Choice(("BUFFERED", "RESPONSE_STREAM")),
    "MaxItems": Number(1, 50),
}
_CORS: Final[dict[str, Rule]] = {
    "AllowHeaders": Size(0, 100),
    "AllowMethods": Size(0, 6),
    "AllowOrigins": Size(0, 100),
    "ExposeHeaders": Size(0, 100),
    "MaxAge": Number(0, 86400),
}
_CORS_ITEMS: Final[dict[str, Rule]] = {
    "AllowHeaders": Text(0, 1024),
    "AllowMethods": Text(0, 6),
    "AllowOrigins": Text(1, 253),
    "ExposeHeaders": Text(0, 1024),
}
_NO_URL: Final = "The resource you requested does not exist."


def create_function_url_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give a function or alias an address. Opening it takes a function policy besides."""
    check(given, _RULES, VALIDATION, required=("AuthType",))
    what = _target(estate, call, given)
    if what.qualifier in what.function.urls:
        raise conflict(
            f"Failed to create function url config for [functionArn = {what.arn}]. Error message: "
            " FunctionUrlConfig exists for this Lambda function"
        )
    url = FunctionUrl(
        url_id=call.ports.token(_ID_LENGTH, _ALPHABET),
        auth_type=given["AuthType"],
        created=call.now,
        modified=call.now,
        invoke_mode=given.get("InvokeMode") or "BUFFERED",
        cors=_cors(given),
    )
    shown = _shown(what, what.qualifier, url)
    del shown["LastModifiedTime"]
    return _with(estate, what, url), shown


def get_function_url_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """One address."""
    what, url = _existing(estate, call, given)
    return estate, _shown(what, what.qualifier, url)


def update_function_url_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Change who may call an address and how."""
    what, before = _existing(estate, call, given)
    url = replace(
        before,
        auth_type=given.get("AuthType") or before.auth_type,
        invoke_mode=given.get("InvokeMode") or before.invoke_mode,
        cors=before.cors if given.get("Cors") is None else _cors(given),
        modified=call.now,
    )
    return _with(estate, what, url), _shown(what, what.qualifier, url)


def delete_function_url_config(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take an address away; the function policy stays."""
    what, _ = _existing(estate, call, given)
    urls = {k: v for k, v in what.function.urls.items() if k != what.qualifier}
    return changed(estate, what.account, replace(what.function, urls=urls)), {}


def list_function_url_configs(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The addresses of a function and its aliases."""
    check(given, _RULES, VALIDATION)
    name = read_name(given.get("FunctionName"), None, account=call.account, region=call.region)
    what = found(estate, replace(name, qualifier=""))
    sent, marker = page(
        what.function.urls.items(),
        lambda item: item[0],
        token=given.get("Marker"),
        size=given.get("MaxItems") or 50,
        refusal=invalid("The provided marker is not valid."),
    )
    answer: dict[str, Any] = {
        "FunctionUrlConfigs": [_shown(what, qualifier, url) for qualifier, url in sent]
    }
    return estate, {**answer, **({"NextMarker": marker} if marker else {})}


def find_url(estate: Estate, url_id: str) -> tuple[ResolvedFunction, FunctionUrl] | None:
    """The function or alias an address belongs to."""
    for account in estate.accounts.values():
        for function in account.functions.values():
            for qualifier, url in function.urls.items():
                if url.url_id == url_id:
                    arn = function_arn(account, function, qualifier)
                    name = read_name(arn, None, account=account.id, region=function.region)
                    return found(estate, name), url
    return None


def _target(estate: Estate, call: Call, given: Input) -> ResolvedFunction:
    name = read_name(
        given.get("FunctionName"), given.get("Qualifier"), account=call.account, region=call.region
    )
    check({"Qualifier": name.qualifier or None}, _RULES, VALIDATION)
    return found(estate, name)


def _existing(estate: Estate, call: Call, given: Input) -> tuple[ResolvedFunction, FunctionUrl]:
    check(given, _RULES, VALIDATION)
    what = _target(estate, call, given)
    url = what.function.urls.get(what.qualifier)
    if url is None:
        raise missing(_NO_URL)
    return what, url


def _cors(given: Input) -> Mapping[str, object]:
    cors = given.get("Cors") or {}
    for name, rule in _CORS.items():
        shown = f"cors.{name[:1].lower()}{name[1:]}"
        check({shown: cors.get(name)}, {shown: rule}, VALIDATION)
        for item in cors.get(name) or () if name in _CORS_ITEMS else ():
            check({shown: item}, {shown: _CORS_ITEMS[name]}, VALIDATION)
    return dict(cors)


def _with(estate: Estate, what: ResolvedFunction, url: FunctionUrl) -> Estate:
    urls = {**what.function.urls, what.qualifier: url}
    return changed(estate, what.account, replace(what.function, urls=urls))


def _shown(what: ResolvedFunction, qualifier: str, url: FunctionUrl) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "FunctionUrl": f"https://{url.url_id}.lambda-url.{what.function.region}.on.aws/",
        "FunctionArn": function_arn(what.account, what.function, qualifier),
        "AuthType": url.auth_type,
        "CreationTime": timestamp(url.created),
        "LastModifiedTime": timestamp(url.modified),
        "InvokeMode": url.invoke_mode,
    }
    return {**answer, "Cors": dict(url.cors)} if url.cors else answer


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateFunctionUrlConfig": create_function_url_config,
    "DeleteFunctionUrlConfig": delete_function_url_config,
    "GetFunctionUrlConfig": get_function_url_config,
    "ListFunctionUrlConfigs": list_function_url_configs,
    "UpdateFunctionUrlConfig": update_function_url_config,
}
