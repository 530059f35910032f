"""Function URLs: what the function is told and what the client receives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.endpoints import (
    ACCOUNT,
    REGION,
    Answer,
    Failure,
    Site,
    allow,
    attempt,
    message,
    send,
    site,
    small_estate,
)

from clearance.server.lambda_.urls import PATH
from clearance.wire.sigv4 import sign

CODE = """
import base64, json

def handler(event, context):
    path = event["rawPath"]
    if path == "/boom":
        raise ValueError("no")
    if path == "/plain":
        return "Hello, world!"
    if path == "/bytes":
        return {"statusCode": 201, "isBase64Encoded": True,
                "body": base64.b64encode(b"\\x00\\xff").decode(),
                "headers": {"Content-Type": "image/png", "X-Bad": "a\\r\\nb: c"},
                "cookies": ["a=1", "b=2"]}
    if path == "/strange":
        return {"statusCode": "many"}
    return {"statusCode": 200, "body": json.dumps(event)}
"""


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    with site(small_estate()) as found:
        found.function("web", CODE, Timeout=20)
        functions = found.client("lambda")
        functions.create_function_url_config(
            FunctionName="web",
            AuthType="NONE",
            Cors={"AllowOrigins": ["https://app.example"], "AllowMethods": ["GET"], "MaxAge": 9},
        )
        for action in ("InvokeFunctionUrl", "InvokeFunction"):
            functions.add_permission(
                FunctionName="web",
                StatementId=action,
                Action=f"lambda:{action}",
                Principal="*",
                **({"FunctionUrlAuthType": "NONE"} if action == "InvokeFunctionUrl" else {}),
            )
        yield found


def address(web: Site) -> str:
    found: str = web.client("lambda").get_function_url_config(FunctionName="web")["FunctionUrl"]
    return found


def ask(
    web: Site, target: str = "/", method: str = "GET", body: bytes = b"", **headers: str
) -> Answer:
    given = message(method, target, body, host=urlsplit(address(web)).netloc, **headers)
    return send(web.url, given)


def test_the_address_leads_here(web: Site) -> None:
    parts = urlsplit(address(web))
    assert parts.port == urlsplit(web.url).port
    assert parts.hostname
    assert parts.hostname.endswith(f".lambda-url.{REGION}.localhost")
    listed = web.client("lambda").list_function_url_configs(FunctionName="web")
    assert listed["FunctionUrlConfigs"][0]["FunctionUrl"] == address(web)


def test_what_the_function_is_told(web: Site) -> None:
    answer = ask(
        web,
        "/a%20b/c?x=1&x=2&y=",
        "POST",
        b'{"n": 1}',
        content_type="application/json",
        cookie="k=v; l=w",
        user_agent="tests",
    )
    event: dict[str, Any] = json.loads(answer.body)
    assert answer.status == 200
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/a%20b/c"
    assert event["rawQueryString"] == "x=1&x=2&y="
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["cookies"] == ["k=v", "l=w"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    context = event["requestContext"]
    assert context["http"]["method"] == "POST"
    assert context["http"]["sourceIp"] == "127.0.0.1"
    assert context["http"]["userAgent"] == "tests"
    assert context["accountId"] == "anonymous"
    assert context["requestId"] == answer.headers["x-amzn-requestid"]
    told = ask(web, "/", "POST", b"\x00\xff", content_type="image/png")
    event = json.loads(told.body)
    assert (event["body"], event["isBase64Encoded"]) == ("AP8=", True)


def test_what_the_client_receives(web: Site) -> None:
    plain = ask(web, "/plain")
    assert (plain.status, plain.body) == (200, b'"Hello, world!"')
    assert plain.headers["content-type"] == "application/json"
    raw = ask(web, "/bytes")
    assert (raw.status, raw.body) == (201, b"\x00\xff")
    assert raw.headers["content-type"] == "image/png"
    assert "x-bad" not in raw.headers
    assert "b" not in raw.headers
    for path in ("/boom", "/strange"):
        failed = ask(web, path)
        assert (failed.status, failed.body) == (502, b"Internal Server Error")


def test_cors_is_the_urls_own(web: Site) -> None:
    answer = ask(web, "/plain", origin="https://app.example")
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert (
        "access-control-allow-origin" not in ask(web, "/plain", origin="https://x.example").headers
    )
    asked = {"origin": "https://app.example", "access_control_request_method": "GET"}
    flight = ask(web, "/plain", "OPTIONS", b"", **asked)
    assert (flight.status, flight.headers["access-control-max-age"]) == (200, "9")


def test_the_path_form_and_signatures(web: Site) -> None:
    identity = (urlsplit(address(web)).hostname or "").split(".")[0]
    target = f"{PATH}{identity}/hello?x=1"
    answer = send(web.url, message("GET", target, host=urlsplit(web.url).netloc))
    assert json.loads(answer.body)["rawPath"] == "/hello"
    ana = web.user("reader", allow(["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]))
    functions = web.client("lambda")
    functions.update_function_url_config(FunctionName="web", AuthType="AWS_IAM")
    try:
        assert ask(web, "/plain").status == 403
        asked = message("GET", "/who", host=urlsplit(address(web)).netloc)
        now = web.started.world.now()
        signed = sign(asked, ana.key, ana.secret, now, region=REGION, service="lambda")
        told = json.loads(send(web.url, signed).body)
        iam = told["requestContext"]["authorizer"]["iam"]
        assert iam["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/reader"
        assert told["requestContext"]["accountId"] == ACCOUNT
        other = sign(asked, ana.key, ana.secret, now, region=REGION, service="s3")
        assert send(web.url, other).status == 403
    finally:
        functions.update_function_url_config(FunctionName="web", AuthType="NONE")


def test_a_url_that_is_not_there(web: Site) -> None:
    host = f"{'x' * 32}.lambda-url.{REGION}.localhost"
    assert send(web.url, message("GET", "/", host=host)).status == 404


def test_every_request_to_a_url_leaves_an_event(web: Site) -> None:
    before = len(web.events(eventName="InvokeFunctionUrl"))
    ask(web, "/plain")
    after = web.events(eventName="InvokeFunctionUrl")
    assert len(after) == before + 1
    assert after[-1]["eventCategory"] == "Data"
    gone = attempt(web.client("lambda").get_function_url_config, FunctionName="nothing")
    assert isinstance(gone, Failure)
