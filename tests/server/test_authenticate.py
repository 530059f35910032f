"""Who are you? Every way not to be believed, in the words of each protocol."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.endpoints import (
    ACCOUNT,
    REGION,
    Answer,
    Credentials,
    Failure,
    Site,
    allow,
    attempt,
    credentials_of,
    host_of,
    key_of,
    message,
    send,
    site,
    small_estate,
    trust,
)

from clearance.wire.message import Message
from clearance.wire.sigv4 import sign

ANA = credentials_of(key_of("ana"))
INVALID = "The security token included in the request is invalid."
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)
# One call of each protocol: query, REST JSON, JSON.
PROBES = {
    "sts": lambda client: client.get_caller_identity,
    "lambda": lambda client: client.list_functions,
    "organizations": lambda client: client.describe_organization,
}
# (code, status) by service, in that order.
SAYS = {
    "missing": (
        ("MissingAuthenticationToken", 403),
        ("MissingAuthenticationTokenException", 403),
        ("MissingAuthenticationTokenException", 400),
    ),
    "unknown": (
        ("InvalidClientTokenId", 403),
        ("UnrecognizedClientException", 403),
        ("UnrecognizedClientException", 400),
    ),
    "mismatch": (
        ("SignatureDoesNotMatch", 403),
        ("InvalidSignatureException", 403),
        ("InvalidSignatureException", 400),
    ),
    "expired": (
        ("ExpiredToken", 403),
        ("ExpiredTokenException", 403),
        ("ExpiredTokenException", 400),
    ),
}
EACH = list(enumerate(PROBES))


def probe(site: Site, service: str, who: Credentials) -> Any:
    return attempt(PROBES[service](site.client(service, who)))


def refused(answer: Any, kind: str, place: int, text: str | None = None) -> None:
    code, status = SAYS[kind][place]
    assert isinstance(answer, Failure), answer
    assert (answer.code, answer.status) == (code, status)
    if text is not None:
        assert answer.message == text


@pytest.mark.parametrize(("place", "service"), EACH)
def test_a_request_without_a_signature(endpoint: Site, place: int, service: str) -> None:
    refused(probe(endpoint, service, Credentials()), "missing", place)


@pytest.mark.parametrize(("place", "service"), EACH)
def test_a_key_nobody_has(endpoint: Site, place: int, service: str) -> None:
    stranger = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    refused(probe(endpoint, service, stranger), "unknown", place, INVALID)


@pytest.mark.parametrize("key", ["test", ACCOUNT, "AKIATEST", "mock_access_key", "x" * 128])
def test_there_are_no_magic_keys(endpoint: Site, key: str) -> None:
    refused(probe(endpoint, "sts", Credentials(key, "test")), "unknown", 0, INVALID)


@pytest.mark.parametrize(("place", "service"), EACH)
def test_the_wrong_secret(endpoint: Site, place: int, service: str) -> None:
    refused(probe(endpoint, service, replace(ANA, secret="wrong")), "mismatch", place, MISMATCH)


@pytest.mark.parametrize(("place", "service"), EACH)
def test_a_key_that_was_switched_off_and_one_that_was_deleted(
    endpoint: Site, place: int, service: str
) -> None:
    name = f"switched-{service}"
    who, iam = endpoint.user(name), endpoint.client("iam")
    iam.update_access_key(UserName=name, AccessKeyId=who.key, Status="Inactive")
    refused(probe(endpoint, service, who), "unknown", place, INVALID)
    iam.update_access_key(UserName=name, AccessKeyId=who.key, Status="Active")
    assert not isinstance(probe(endpoint, "sts", who), Failure)
    iam.delete_access_key(UserName=name, AccessKeyId=who.key)
    refused(probe(endpoint, service, who), "unknown", place, INVALID)


def session(site: Site, role: str = "app", **given: Any) -> Credentials:
    sts = site.client("sts", given.pop("by", None))
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    made = sts.assume_role(RoleArn=arn, RoleSessionName="s1", **given)["Credentials"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.fixture
def ben(endpoint: Site) -> Credentials:
    name = f"ben{time.monotonic_ns()}"
    return endpoint.user(name, allow("sts:*"))


@pytest.mark.parametrize(("place", "service"), EACH)
def test_session_tokens(endpoint: Site, ben: Credentials, place: int, service: str) -> None:
    who = session(endpoint, by=ben)
    assert probe(endpoint, "sts", who)["Arn"] == (f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1")
    assert who.token
    middle = len(who.token) // 2
    other = "A" if who.token[middle] != "A" else "B"
    tampered = who.token[:middle] + other + who.token[middle + 1 :]
    for token in (tampered, who.token[:-4], "x", ""):
        refused(probe(endpoint, service, replace(who, token=token)), "unknown", place)
    refused(probe(endpoint, service, replace(who, token=None)), "unknown", place)
    # A token belongs to its key: somebody else's long-term key cannot ride on it.
    refused(probe(endpoint, service, replace(ben, token=who.token)), "unknown", place)
    refused(probe(endpoint, service, replace(who, secret="x")), "mismatch", place, MISMATCH)


@pytest.mark.parametrize(("place", "service"), EACH)
def test_an_expired_session(
    endpoint: Site, ben: Credentials, place: int, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = endpoint.started.world
    monkeypatch.setattr(world, "now", lambda: datetime.now(UTC) - timedelta(minutes=14))
    who = session(endpoint, by=ben, DurationSeconds=900)
    monkeypatch.setattr(world, "now", lambda: datetime.now(UTC) + timedelta(minutes=2))
    refused(probe(endpoint, service, who), "expired", place)


def test_a_session_dies_with_its_role_and_a_namesake_is_somebody_else(
    endpoint: Site, ben: Credentials
) -> None:
    iam = endpoint.client("iam")
    text = trust(AWS=f"arn:aws:iam::{ACCOUNT}:root")
    endpoint.role("brief", text)
    who = session(endpoint, "brief", by=ben)
    assert not isinstance(probe(endpoint, "sts", who), Failure)
    iam.delete_role(RoleName="brief")
    refused(probe(endpoint, "sts", who), "unknown", 0, INVALID)
    endpoint.role("brief", text)
    refused(probe(endpoint, "sts", who), "unknown", 0, INVALID)


def test_sessions_of_users_die_with_the_user(endpoint: Site) -> None:
    iam = endpoint.client("iam")
    user = endpoint.user("short", allow("sts:*"))
    sessions: list[Credentials] = []
    for call, given in (
        ("get_session_token", {}),
        ("get_federation_token", {"Name": "fed", "Policy": allow("sts:*")}),
    ):
        made = getattr(endpoint.client("sts", user), call)(**given)["Credentials"]
        who = Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        assert not isinstance(probe(endpoint, "sts", who), Failure)
        sessions.append(who)
    iam.delete_access_key(UserName="short", AccessKeyId=user.key)
    iam.delete_user_policy(UserName="short", PolicyName="p0")
    iam.delete_user(UserName="short")
    for who in sessions:
        refused(probe(endpoint, "sts", who), "unknown", 0, INVALID)


# --- requests by hand ---------------------------------------------------------------------------

WHO_AM_I = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def by_hand(
    site: Site,
    *,
    service: str = "sts",
    when: timedelta = timedelta(),
    body: bytes = WHO_AM_I,
    change: Callable[[Message], Message] | None = None,
) -> Answer:
    plain = message("POST", "/", body, host=host_of(site.url), content_type=FORM)
    signed = sign(
        plain, ANA.key, ANA.secret, datetime.now(UTC) + when, region=REGION, service=service
    )
    return send(site.url, change(signed) if change else signed)


def header(name: str, value: Callable[[str], str] | None) -> Callable[[Message], Message]:
    """Change one header of a signed request, or leave it out."""

    def changed(given: Message) -> Message:
        headers = dict(given.headers)
        if value is None:
            del headers[name]
        else:
            headers[name] = (value(given.header(name) or ""),)
        return replace(given, headers=headers)

    return changed


def test_a_request_signed_by_hand_is_believed(endpoint: Site) -> None:
    answer = by_hand(endpoint)
    assert answer.status == 200
    assert f"arn:aws:iam::{ACCOUNT}:user/ana" in answer.text


@pytest.mark.parametrize("minutes", [-16, 16])
def test_clock_skew_of_more_than_a_quarter_of_an_hour(endpoint: Site, minutes: int) -> None:
    answer = by_hand(endpoint, when=timedelta(minutes=minutes))
    assert answer.status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
    assert ("Signature expired" if minutes < 0 else "Signature not yet current") in answer.text


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clock_skew_within_bounds(endpoint: Site, minutes: int) -> None:
    assert by_hand(endpoint, when=timedelta(minutes=minutes)).status == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (header("authorization", lambda _: "nonsense"), 400, "IncompleteSignature"),
        (header("authorization", lambda h: h.replace("Signature=", "S=")), 400, "Incomplete"),
        (header("authorization", lambda h: h.split(",")[0]), 400, "IncompleteSignature"),
        (header("authorization", lambda _: "AWS AKIA:abc"), 400, "IncompleteSignature"),
        (header("authorization", lambda _: "Bearer abc"), 400, "IncompleteSignature"),
        (header("authorization", lambda h: h.replace("aws4_request", "x")), 403, "SignatureDoes"),
        (header("authorization", lambda h: h.replace("/us-east-1", "")), 400, "Incomplete"),
        (header("authorization", lambda h: h.replace("host;", "")), 400, "IncompleteSignature"),
        (header("authorization", lambda h: h[:-1] + "é"), 403, "SignatureDoesNotMatch"),
        (header("x-amz-date", None), 400, "IncompleteSignature"),
        (header("x-amz-date", lambda _: "yesterday"), 400, "IncompleteSignature"),
        (header("x-amz-date", lambda _: "20200101T000000Z"), 403, "SignatureDoesNotMatch"),
        (lambda m: replace(m, body=m.body + b"&x=1"), 403, "SignatureDoesNotMatch"),
        (lambda m: replace(m, query="x=1"), 403, "SignatureDoesNotMatch"),
        (lambda m: replace(m, path="/x"), 403, "SignatureDoesNotMatch"),
        (
            lambda m: replace(m, headers={**m.headers, "x-amz-more": ("1",)}),
            403,
            "SignatureDoesNotMatch",
        ),
    ],
)
def test_a_signed_request_that_was_changed(
    endpoint: Site, change: Callable[[Message], Message], status: int, code: str
) -> None:
    answer = by_hand(endpoint, change=change)
    assert (answer.status, code in answer.text) == (status, True), answer.text
    assert "Traceback" not in answer.text


def test_a_signature_for_another_service(endpoint: Site) -> None:
    answer = by_hand(endpoint, service="lambda")
    assert answer.status == 403
    assert "Credential should be scoped to correct service: 'sts'" in answer.text
    assert by_hand(endpoint, service="no-such-service").status in {403, 404}


def test_presigned_urls(endpoint: Site) -> None:
    sts = endpoint.client("sts", ANA)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    target = url.removeprefix(endpoint.url)
    plain = message("GET", target, host=host_of(endpoint.url))
    assert "user/ana" in send(endpoint.url, plain).text
    longer = target.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")
    assert send(endpoint.url, message("GET", longer, host=host_of(endpoint.url))).status == 403
    both = replace(plain, headers={**plain.headers, "authorization": ("AWS4-HMAC-SHA256 x",)})
    assert send(endpoint.url, both).status == 400


def test_a_presigned_url_ends(endpoint: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sts = endpoint.client("sts", ANA)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    later = datetime.now(UTC) + timedelta(seconds=62)
    monkeypatch.setattr(endpoint.started.world, "now", lambda: later)
    plain = message("GET", url.removeprefix(endpoint.url), host=host_of(endpoint.url))
    answer = send(endpoint.url, plain)
    assert answer.status == 403
    assert "Signature expired" in answer.text


def test_what_cannot_be_authenticated_is_recorded_without_an_identity() -> None:
    with site(small_estate()) as found:
        probe(found, "lambda", Credentials("AKIAIOSFODNN7EXAMPLE", "x"))
        probe(found, "sts", Credentials())
        probe(found, "sts", replace(ANA, secret="x"))
        events = found.events()
    assert [e["errorCode"] for e in events] == [
        "UnrecognizedClientException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
    ]
    # Nobody is accused on the word of a signature that is not his.
    assert not [e for e in events if "arn" in e["userIdentity"]]
    assert "secret" not in json.dumps(events)
