"""AWS Signature Version 4: did the holder of a secret sign this request, just now?

`read_claim` reads what a request says about its signature, `verify` checks it, `sign` makes one.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from clearance.wire import chunked
from clearance.wire.canonical import (
    ALGORITHM,
    TIME,
    canonical_request,
    signature,
    signing_key,
    string_to_sign,
)
from clearance.wire.claim import AuthenticationError, AuthFailure, Claim, read_claim
from clearance.wire.message import Message

__all__ = ["AuthFailure", "AuthenticationError", "Claim", "read_claim", "sign", "verify"]

_UNSIGNED = "UNSIGNED-PAYLOAD"
_STREAMING = "STREAMING-"
_SKEW = timedelta(minutes=15)

# S3 encodes the path once and keeps `//`, `.` and `..` as they are.
_S3 = frozenset({"s3", "s3-outposts", "s3-object-lambda", "s3express"})

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def _payload_hash(claim: Claim, message: Message) -> str:
    """The last line of the canonical request.

    Raises:
        AuthenticationError: the hash that an S3 request states is not that of its body.
    """
    stated = message.header("x-amz-content-sha256")
    if stated is None and claim.presigned:
        stated = message.parameter("X-Amz-Content-Sha256")
        if stated is None and claim.service in _S3:
            # "You don't include a payload hash in the Canonical Request" (presigned S3 URLs)
            return _UNSIGNED
    if stated is not None and (stated == _UNSIGNED or stated.startswith(_STREAMING)):
        return stated
    computed = hashlib.sha256(message.body).hexdigest()
    if claim.service in _S3:
        if stated is None:
            raise AuthenticationError(
                AuthFailure.INCOMPLETE,
                "Missing required header for this request: x-amz-content-sha256",
            )
        if not hmac.compare_digest(stated.lower().encode(), computed.encode()):
            raise AuthenticationError(
                AuthFailure.CONTENT_MISMATCH,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ClientComputedContentSHA256=stated,
                S3ComputedContentSHA256=computed,
            )
    return computed


def verify(claim: Claim, message: Message, secret: str, now: datetime) -> Message:
    """The message as it may be trusted: with its real body if it came in signed chunks.

    Raises:
        AuthenticationError: the signature is not that of `secret`, too old, or leaves out
            headers that must be signed.
    """
    s3 = claim.service in _S3
    _check_time(claim, now)
    _check_signed_headers(claim, message, s3=s3)
    hashed = _payload_hash(claim, message)
    request = canonical_request(
        message, claim.signed_headers, hashed, double_encode=not s3, normalize=not s3
    )
    key = signing_key(secret, claim.date, claim.region, claim.service)
    text = string_to_sign(claim.time, claim.scope, request)
    expected = signature(key, text)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode("utf-8", "replace")):
        members = {
            "AWSAccessKeyId": claim.access_key,
            "StringToSign": text,
            "SignatureProvided": claim.signature,
            "CanonicalRequest": request.encode("utf-8", "replace").decode(),
        }
        raise AuthenticationError(AuthFailure.MISMATCH, _MISMATCH, **members)
    if hashed.startswith(_STREAMING):
        return chunked.decode(message, claim, key, hashed)
    return message


def _check_time(claim: Claim, now: datetime) -> None:
    if not claim.presigned and -_SKEW <= now - claim.time <= _SKEW:
        return
    stamp, instant = claim.time.strftime(TIME), now.astimezone(UTC).strftime(TIME)
    if claim.presigned:
        end = claim.time + timedelta(seconds=claim.expires or 0)
        if now > end:
            raise AuthenticationError(
                AuthFailure.EXPIRED_REQUEST,
                f"Signature expired: {stamp} is now earlier than {instant}",
                **{
                    "X-Amz-Expires": str(claim.expires),
                    "Expires": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "ServerTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
            )
    elif now - claim.time > _SKEW:
        limit = (now - _SKEW).astimezone(UTC).strftime(TIME)
        raise AuthenticationError(
            AuthFailure.SKEWED,
            f"Signature expired: {stamp} is now earlier than {limit} ({instant} - 15 min.)",
            **_skew_members(stamp, now),
        )
    if claim.time - now > _SKEW:
        limit = (now + _SKEW).astimezone(UTC).strftime(TIME)
        raise AuthenticationError(
            AuthFailure.NOT_YET_VALID if claim.presigned else AuthFailure.SKEWED,
            f"Signature not yet current: {stamp} is still later than {limit} ({instant} + 15 min.)",
            **_skew_members(stamp, now),
        )


def _skew_members(stamp: str, now: datetime) -> dict[str, str]:
    return {
        "RequestTime": stamp,
        "ServerTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "MaxAllowedSkewMilliseconds": "900000",
    }


def _check_signed_headers(claim: Claim, message: Message, *, s3: bool) -> None:
    """`host` and every `x-amz-` header must be signed."""
    signed = frozenset(claim.signed_headers)
    if "host" not in signed and ":authority" not in signed:
        raise AuthenticationError(
            AuthFailure.INCOMPLETE if not s3 else AuthFailure.UNSIGNED_HEADERS,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            HeadersNotSigned="host",
        )
    # Some services let the session token be added after signing; it is checked with the key.
    unsigned = sorted(
        name
        for name in message.headers
        if name.startswith("x-amz-")
        and name not in signed
        and (s3 or name != "x-amz-security-token")
    )
    if unsigned:
        raise AuthenticationError(
            AuthFailure.UNSIGNED_HEADERS,
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(unsigned),
        )


def sign(
    message: Message,
    access_key: str,
    secret: str,
    now: datetime,
    *,
    region: str,
    service: str,
    session_token: str | None = None,
) -> Message:
    """The same message with `X-Amz-Date` and `Authorization` headers."""
    s3 = service in _S3
    time = now.astimezone(UTC)
    headers = {**message.headers, "x-amz-date": (time.strftime(TIME),)}
    headers.pop("authorization", None)
    if session_token is not None:
        headers["x-amz-security-token"] = (session_token,)
    if s3:
        headers.setdefault("x-amz-content-sha256", (hashlib.sha256(message.body).hexdigest(),))
    unsigned = replace(message, headers=headers)
    names = tuple(
        sorted(n for n in headers if n in {"host", "content-type"} or n.startswith("x-amz-"))
    )
    claim = Claim(
        access_key,
        time.strftime("%Y%m%d"),
        region,
        service,
        names,
        "",
        time.replace(microsecond=0),
        session_token,
    )
    request = canonical_request(
        unsigned, names, _payload_hash(claim, unsigned), double_encode=not s3, normalize=not s3
    )
    key = signing_key(secret, claim.date, region, service)
    signed = signature(key, string_to_sign(claim.time, claim.scope, request))
    header = (
        f"{ALGORITHM} Credential={access_key}/{claim.scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signed}"
    )
    return replace(unsigned, headers={**headers, "authorization": (header,)})
