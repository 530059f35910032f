"""Signature Version 4, against the public suite and against botocore's own signers."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.values import from_botocore

from clearance.wire import sigv4
from clearance.wire.canonical import (
    canonical_request,
    signature,
    signing_key,
    string_to_sign,
)
from clearance.wire.message import Message
from clearance.wire.sigv4 import AuthenticationError, AuthFailure, Claim

SUITE = json.loads(Path("tests/vectors/sigv4/signing_suite.json").read_text())
CONTEXT = SUITE["context"]
TIME = datetime.strptime(CONTEXT["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
SECRET = CONTEXT["secret"]
NOW = datetime.now(UTC).replace(microsecond=0)


def case_message(case: dict[str, Any], way: str) -> Message:
    headers = [(name, value) for name, value in case["headers"]]
    target = case["query"]["target"] if way == "query" else case["target"]
    if way == "header":
        headers.append(("X-Amz-Date", CONTEXT["time"]))
        if token := case.get("session_token"):
            headers.append(("X-Amz-Security-Token", token))
        if case.get("sign_body"):
            digest = hashlib.sha256(case["body"].encode()).hexdigest()
            headers.append(("x-amz-content-sha256", digest))
    return Message.of(case["method"], target, headers, case.get("body", "").encode())


@pytest.mark.parametrize("way", ["header", "query"])
@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: case["name"])
def test_the_public_suite_is_reproduced(case: dict[str, Any], way: str) -> None:
    message, expected = case_message(case, way), case[way]
    if case.get("token_is_signed") is False and way == "query":
        kept = [p for p in message.query.split("&") if not p.startswith("X-Amz-Security-Token")]
        message = replace(message, query="&".join(kept))
    request = canonical_request(
        message,
        expected["signed_headers"],
        hashlib.sha256(message.body).hexdigest(),
        normalize=case.get("normalize", True),
    )
    assert hashlib.sha256(request.encode()).hexdigest() == expected["canonical_request_sha256"]
    scope = f"20150830/{CONTEXT['region']}/{CONTEXT['service']}/aws4_request"
    key = signing_key(SECRET, "20150830", CONTEXT["region"], CONTEXT["service"])
    assert signature(key, string_to_sign(TIME, scope, request)) == expected["signature"]


# A token added to a signed query is not accepted; one added as a header is.
VERIFIABLE = [
    pytest.param(case, way, id=f"{case['name']}-{way}")
    for case in SUITE["cases"]
    for way in ("header", "query")
    if case.get("normalize", True) and (way, case.get("token_is_signed")) != ("query", False)
]


@pytest.mark.parametrize(("case", "way"), VERIFIABLE)
def test_requests_of_the_public_suite_are_verified(case: dict[str, Any], way: str) -> None:
    message, expected = case_message(case, way), case[way]
    if way == "header":
        header = (
            f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            f"SignedHeaders={';'.join(expected['signed_headers'])}, "
            f"Signature={expected['signature']}"
        )
        message = replace(message, headers={**message.headers, "authorization": (header,)})
    claim = sigv4.read_claim(message)
    assert claim is not None
    assert claim.access_key == CONTEXT["access_key"]
    assert claim.session_token == case.get("session_token")
    sigv4.verify(claim, message, SECRET, TIME)
    with pytest.raises(AuthenticationError) as caught:
        sigv4.verify(claim, message, "another secret", TIME)
    assert caught.value.failure is AuthFailure.MISMATCH


SEGMENT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
PARAMETERS = st.dictionaries(SEGMENT.filter(bool), SEGMENT, max_size=4)
# botocore signs a header's value stripped; printable ASCII is what HTTP carries safely.
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
HEADERS = st.dictionaries(
    st.from_regex(r"x-amz-meta-[a-z]{1,6}", fullmatch=True), VALUE, max_size=3
)


@settings(max_examples=120, deadline=None)
@given(
    signer=st.sampled_from([SigV4Auth, S3SigV4Auth, SigV4QueryAuth, S3SigV4QueryAuth]),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    segments=st.lists(SEGMENT, max_size=4),
    parameters=PARAMETERS,
    headers=HEADERS,
    body=st.binary(max_size=40),
    token=st.none() | st.just("FwoGZXIvYXdzEXAMPLE//token=="),
)
def test_what_botocore_signs_is_verified(
    signer: type[SigV4Auth],
    method: str,
    segments: list[str],
    parameters: dict[str, str],
    headers: dict[str, str],
    body: bytes,
    token: str | None,
) -> None:
    s3 = signer in {S3SigV4Auth, S3SigV4QueryAuth}
    service = "s3" if s3 else "execute-api"
    if signer in {SigV4QueryAuth, S3SigV4QueryAuth}:
        body = b""  # botocore moves a form body into the query
    path = "/" + "/".join(quote(part, safe="~") for part in segments)
    query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in parameters.items())
    request = AWSRequest(
        method=method,
        url=f"http://localhost:4566{path}" + (f"?{query}" if query else ""),
        headers=headers,
        data=body,
    )
    if s3:
        request.context["client_config"] = None
        request.context["payload_signing_enabled"] = True
    signer(Credentials("AKIDEXAMPLE", SECRET, token), service, "eu-west-1").add_auth(request)
    message = from_botocore(request)
    claim = sigv4.read_claim(message)
    assert claim is not None
    assert (claim.access_key, claim.region, claim.service) == (
        "AKIDEXAMPLE",
        "eu-west-1",
        service,
    )
    assert claim.session_token == token
    trusted = sigv4.verify(claim, message, SECRET, claim.time)
    assert trusted.body == body


@settings(max_examples=60, deadline=None)
@given(path=SEGMENT, parameters=PARAMETERS, body=st.binary(max_size=20), data=st.data())
def test_any_change_breaks_the_signature(
    path: str, parameters: dict[str, str], body: bytes, data: st.DataObject
) -> None:
    query = "&".join(f"{quote(k)}={quote(v)}" for k, v in parameters.items())
    message = signed(Message.of("POST", f"/{quote(path)}?{query}", [("Host", "localhost")], body))
    claim = sigv4.read_claim(message)
    assert claim is not None
    changed = data.draw(
        st.sampled_from(
            [
                replace(message, method="PUT"),
                replace(message, path=message.path + "x"),
                replace(message, query=message.query + "&x=y"),
                replace(message, body=message.body + b"x"),
                replace(message, headers={**message.headers, "host": ("elsewhere",)}),
            ]
        )
    )
    with pytest.raises(AuthenticationError) as caught:
        sigv4.verify(claim, changed, SECRET, NOW)
    assert caught.value.failure is AuthFailure.MISMATCH


def signed(message: Message, service: str = "lambda", now: datetime = NOW) -> Message:
    return sigv4.sign(message, "AKIDEXAMPLE", SECRET, now, region="us-east-1", service=service)


def plain(*headers: tuple[str, str], target: str = "/") -> Message:
    return Message.of("GET", target, [("Host", "localhost"), *headers])


def claim_of(message: Message) -> Claim:
    found = sigv4.read_claim(message)
    assert found is not None
    return found


def failure(message: Message, now: datetime = NOW) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as caught:
        sigv4.verify(claim_of(message), message, SECRET, now)
    return caught.value


def test_an_unsigned_request_claims_nothing() -> None:
    assert sigv4.read_claim(plain()) is None
    assert sigv4.read_claim(plain(target="/?X-Amz-Meta=1")) is None


SCOPE = "AKID/20150830/us-east-1/iam/aws4_request"
DATED = ("X-Amz-Date", "20150830T123600Z")


@pytest.mark.parametrize(
    ("headers", "kind", "words"),
    [
        ([("Authorization", "AWS AKID:sig")], AuthFailure.UNSUPPORTED, "Invalid key=value pair"),
        ([("Authorization", "Bearer x")], AuthFailure.UNSUPPORTED, "Invalid key=value pair"),
        (
            [("Authorization", "AWS4-HMAC-SHA256 nonsense"), DATED],
            AuthFailure.INCOMPLETE,
            "Invalid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            [("Authorization", f"AWS4-HMAC-SHA256 Credential={SCOPE}")],
            AuthFailure.INCOMPLETE,
            (
                "Authorization header requires 'Signature' parameter. "
                "Authorization header requires 'SignedHeaders' parameter. "
                "Authorization header requires existence of either a "
                "'X-Amz-Date' or a 'Date' header."
            ),
        ),
        (
            [
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=AKID/20150830, SignedHeaders=host, Signature=0",
                ),
                DATED,
            ],
            AuthFailure.INCOMPLETE,
            "Credential must have exactly 5 slash-delimited elements",
        ),
        (
            [
                (
                    "Authorization",
                    (
                        f"AWS4-HMAC-SHA256 Credential={SCOPE[:-8]}_nothing, "
                        "SignedHeaders=host, Signature=0"
                    ),
                ),
                DATED,
            ],
            AuthFailure.SCOPE,
            "Credential should be scoped with a valid terminator: 'aws4_request'",
        ),
        (
            [
                (
                    "Authorization",
                    f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0",
                ),
                ("X-Amz-Date", "20150831T123600Z"),
            ],
            AuthFailure.SCOPE,
            (
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                "from HTTP: '20150830' != '20150831', from '20150831T123600Z'."
            ),
        ),
        (
            [
                (
                    "Authorization",
                    f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0",
                ),
                ("X-Amz-Date", "yesterday"),
            ],
            AuthFailure.INCOMPLETE,
            "Date must be in ISO-8601 'basic format'. Got 'yesterday'.",
        ),
    ],
)
def test_a_malformed_signature_is_named(
    headers: list[tuple[str, str]], kind: AuthFailure, words: str
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        sigv4.read_claim(plain(*headers))
    assert caught.value.failure is kind
    assert words in caught.value.message


def test_header_and_query_may_not_both_sign() -> None:
    message = plain(("Authorization", "AWS4-HMAC-SHA256 x"), target="/?X-Amz-Signature=1")
    with pytest.raises(AuthenticationError) as caught:
        sigv4.read_claim(message)
    assert caught.value.failure is AuthFailure.TWO_MECHANISMS


@pytest.mark.parametrize("minutes", [-14, 0, 14])
def test_a_clock_may_be_fifteen_minutes_off(minutes: int) -> None:
    message = signed(plain())
    sigv4.verify(claim_of(message), message, SECRET, NOW + timedelta(minutes=minutes))


def test_an_old_or_future_signature_is_refused_in_aws_words() -> None:
    at = datetime(2026, 8, 30, 12, 0, tzinfo=UTC)
    message = signed(plain(), now=at)
    late = failure(message, at + timedelta(minutes=16))
    assert late.failure is AuthFailure.SKEWED
    assert late.message == (
        "Signature expired: 20260830T120000Z is now earlier than 20260830T120100Z "
        "(20260830T121600Z - 15 min.)"
    )
    early = failure(message, at - timedelta(minutes=16))
    assert early.message == (
        "Signature not yet current: 20260830T120000Z is still later than 20260830T115900Z "
        "(20260830T114400Z + 15 min.)"
    )


def presigned(seconds: str = "600", service: str = "s3") -> Message:
    request = AWSRequest(method="GET", url="http://localhost/b/k")
    auth = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    signer = auth(Credentials("AKIDEXAMPLE", SECRET), service, "us-east-1", expires=int(seconds))
    signer.add_auth(request)
    return from_botocore(request)


def test_a_presigned_url_is_good_until_it_expires() -> None:
    message = presigned("600")
    claim = claim_of(message)
    assert claim.presigned
    sigv4.verify(claim, message, SECRET, claim.time + timedelta(seconds=600))
    gone = failure(message, claim.time + timedelta(seconds=601))
    assert gone.failure is AuthFailure.EXPIRED_REQUEST
    assert gone.members["X-Amz-Expires"] == "600"
    soon = failure(message, claim.time - timedelta(minutes=16))
    assert soon.failure is AuthFailure.NOT_YET_VALID


@pytest.mark.parametrize("seconds", ["604801", "99999999999999999999"])
def test_a_presigned_url_lives_a_week_at_most(seconds: str) -> None:
    message = presigned()
    query = message.query.replace("X-Amz-Expires=600", f"X-Amz-Expires={seconds}")
    with pytest.raises(AuthenticationError, match="must be less than a week"):
        sigv4.read_claim(replace(message, query=query))


@pytest.mark.parametrize(("text", "words"), [("-1", "non-negative"), ("soon", "a number")])
def test_a_presigned_url_needs_a_sensible_life(text: str, words: str) -> None:
    message = presigned()
    query = message.query.replace("X-Amz-Expires=600", f"X-Amz-Expires={text}")
    with pytest.raises(AuthenticationError, match=words):
        sigv4.read_claim(replace(message, query=query))


def test_a_changed_life_breaks_the_signature() -> None:
    message = presigned()
    query = message.query.replace("X-Amz-Expires=600", "X-Amz-Expires=601")
    changed = replace(message, query=query)
    assert failure(changed, claim_of(changed).time).failure is AuthFailure.MISMATCH


def test_host_must_be_signed() -> None:
    message = signed(plain())
    header = message.headers["authorization"][0].replace("=host;", "=")
    changed = replace(message, headers={**message.headers, "authorization": (header,)})
    assert failure(changed).message == (
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    )


def test_amz_headers_must_be_signed() -> None:
    message = signed(plain())
    changed = replace(message, headers={**message.headers, "x-amz-target": ("IAM.Delete",)})
    wrong = failure(changed)
    assert wrong.failure is AuthFailure.UNSIGNED_HEADERS
    assert wrong.members["HeadersNotSigned"] == "x-amz-target"


def test_s3_states_the_hash_of_its_body() -> None:
    message = signed(replace(plain(), method="PUT", body=b"one"), "s3")
    changed = replace(message, body=b"two")
    assert failure(changed).failure is AuthFailure.CONTENT_MISMATCH
    headers = {k: v for k, v in message.headers.items() if k != "x-amz-content-sha256"}
    missing = failure(replace(message, headers=headers))
    assert missing.failure is AuthFailure.INCOMPLETE


def test_an_unsigned_payload_may_be_anything() -> None:
    message = signed(plain(("x-amz-content-sha256", "UNSIGNED-PAYLOAD")), "s3")
    sigv4.verify(claim_of(message), replace(message, body=b"free"), SECRET, NOW)


def test_a_session_token_is_signed_along() -> None:
    message = sigv4.sign(
        plain(),
        "ASIA",
        SECRET,
        NOW,
        region="us-east-1",
        service="sts",
        session_token="token",
    )
    assert claim_of(message).session_token == "token"
    sigv4.verify(claim_of(message), message, SECRET, NOW)
    forged = replace(message, headers={**message.headers, "x-amz-security-token": ("other",)})
    assert failure(forged).failure is AuthFailure.MISMATCH
