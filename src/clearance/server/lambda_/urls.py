"""Function URLs: HTTP in, an event for the function, HTTP out (R211).

A URL is reached by its host, ``<id>.lambda-url.<region>.localhost:<port>``, or where names under
``localhost`` do not resolve by its path, ``/_clearance/lambda-url/<id>/``.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from clearance.explain.denial import Form
from clearance.explain.sentence import FIXED
from clearance.model.function import FunctionUrl
from clearance.model.principal import Principal
from clearance.operations.lambda_.resolve import ResolvedFunction
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message, query_pairs

__all__ = [
    "FORBIDDEN",
    "PATH",
    "Asked",
    "answer_of",
    "asked_url",
    "cors_headers",
    "event_of",
    "missing_url",
]

PATH: Final = "/_clearance/lambda-url/"
FORBIDDEN: Final = FIXED[Form.FUNCTION_URL]
_HOST: Final = re.compile(r"([a-z0-9]{1,64})\.lambda-url\.([a-z0-9-]+)\..+")
_TEXT: Final = re.compile(r"text/|application/(?:.*\+)?(?:json|xml|javascript|yaml)\b")
_HOP_BY_HOP: Final = frozenset({"connection", "content-length", "transfer-encoding", "date"})
_SMALLEST, _LARGEST = 200, 599


@dataclass(frozen=True, slots=True)
class Asked:
    """Which URL a request asks for, and which path of it."""

    url_id: str
    path: str


def asked_url(message: Message) -> Asked | None:
    """The function URL a request is for, if it is for one."""
    if message.path.startswith(PATH):
        identity, slash, rest = message.path.removeprefix(PATH).partition("/")
        return Asked(identity, slash + rest or "/")
    found = _HOST.fullmatch((message.header("host") or "").lower())
    return Asked(found[1], message.path) if found else None


def event_of(
    asked: Asked,
    message: Message,
    caller: Principal,
    found: ResolvedFunction,
    *,
    request_id: str,
    source_ip: str,
    now: datetime,
) -> bytes:
    """The event that the function is called with, payload format 2.0."""
    content = message.header("content-type") or ""
    text = not message.body or _TEXT.match(content) is not None
    pairs: dict[str, list[str]] = {}
    for name, value in query_pairs(message.query):
        pairs.setdefault(name, []).append(value)
    cookies = [c.strip() for c in (message.header("cookie") or "").split(";") if c.strip()]
    domain = f"{asked.url_id}.lambda-url.{found.function.region}.on.aws"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": asked.path,
        "rawQueryString": message.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": {k: ",".join(v) for k, v in message.headers.items() if k != "cookie"},
        **({"queryStringParameters": {k: ",".join(v) for k, v in pairs.items()}} if pairs else {}),
        "requestContext": {
            "accountId": caller.account or "anonymous",
            "apiId": asked.url_id,
            "domainName": domain,
            "domainPrefix": asked.url_id,
            "http": {
                "method": message.method,
                "path": asked.path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": message.header("user-agent"),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
            **({"authorizer": {"iam": _iam(caller)}} if caller.account else {}),
        },
        "isBase64Encoded": not text,
    }
    if message.body:
        try:
            body = message.body.decode() if text else base64.b64encode(message.body).decode()
        except UnicodeDecodeError:
            body = base64.b64encode(message.body).decode()
            event["isBase64Encoded"] = True
        event["body"] = body
    return json.dumps(event).encode()


def _iam(caller: Principal) -> dict[str, Any]:
    return {
        "accessKey": caller.access_key,
        "accountId": caller.account,
        "callerId": caller.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.user_id,
    }


def answer_of(payload: bytes, *, failed: bool) -> HttpAnswer:
    """What the client receives for what the function returned."""
    if failed:
        return _plain(502, b"Internal Server Error")
    try:
        given = json.loads(payload or b"null")
    except ValueError:
        return _plain(502, b"Internal Server Error")
    if not isinstance(given, dict) or "statusCode" not in given:
        # "If your function returns valid JSON and doesn't return a statusCode": that is the body.
        return HttpAnswer(200, (("content-type", "application/json"),), payload)
    try:
        return _stated(given)
    except (TypeError, ValueError):
        return _plain(502, b"Internal Server Error")


def _stated(given: Mapping[str, Any]) -> HttpAnswer:
    status = int(given["statusCode"])
    if not _SMALLEST <= status <= _LARGEST:
        raise ValueError(status)
    body = given.get("body")
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    content = base64.b64decode(text) if given.get("isBase64Encoded") else text.encode()
    headers = {str(k).lower(): str(v) for k, v in (given.get("headers") or {}).items()}
    headers.setdefault("content-type", "application/json")
    kept = [(k, v) for k, v in headers.items() if k not in _HOP_BY_HOP and _is_clean(k + v)]
    cookies = [("set-cookie", str(c)) for c in given.get("cookies") or () if _is_clean(str(c))]
    return HttpAnswer(status, (*kept, *cookies), content)


def _is_clean(text: str) -> bool:
    return text.isprintable() and text.isascii()


def _plain(status: int, body: bytes) -> HttpAnswer:
    headers = (("content-type", "text/plain"), ("x-amzn-errortype", "InternalFailure"))
    return HttpAnswer(status, headers, body)


def cors_headers(url: FunctionUrl, message: Message) -> Iterator[tuple[str, str]]:
    """The CORS headers the URL's own configuration asks for; none if it has none."""
    origin = message.header("origin")
    origins = _list(url.cors.get("AllowOrigins"))
    if origin is None or not ("*" in origins or origin in origins):
        return
    yield "access-control-allow-origin", "*" if "*" in origins else origin
    if url.cors.get("AllowCredentials"):
        yield "access-control-allow-credentials", "true"
    for name, member in (
        ("allow-methods", "AllowMethods"),
        ("allow-headers", "AllowHeaders"),
        ("expose-headers", "ExposeHeaders"),
    ):
        if found := _list(url.cors.get(member)):
            yield f"access-control-{name}", ",".join(found)
    if url.cors.get("MaxAge") is not None:
        yield "access-control-max-age", str(url.cors["MaxAge"])


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


_ADDRESS: Final = re.compile(r"https://([a-z0-9]+\.lambda-url\.[a-z0-9-]+)\.on\.aws/")


def localized(output: Mapping[str, Any], base: str) -> Mapping[str, Any]:
    """An answer of Lambda with function URLs that lead to this endpoint instead of to AWS."""
    port = urlsplit(base).port
    if port is None:
        return output
    if "FunctionUrlConfigs" in output:
        listed = [localized(config, base) for config in output["FunctionUrlConfigs"]]
        return {**output, "FunctionUrlConfigs": listed}
    if "FunctionUrl" in output:
        address = _ADDRESS.sub(rf"http://\1.localhost:{port}/", output["FunctionUrl"])
        return {**output, "FunctionUrl": address}
    return output


def missing_url() -> FaultError:
    """The refusal of a URL that is not there."""
    return FaultError(Fault("ResourceNotFoundException", "", 404, message_member="Message"))
