"""What a request says about its own signature; nothing here may be trusted before `verify`."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache

from clearance.model.errors import ClearanceError
from clearance.wire.canonical import ALGORITHM, TERMINATOR, TIME, stamp_of
from clearance.wire.message import Message

__all__ = ["AuthFailure", "AuthenticationError", "Claim", "read_claim"]

_UNDATED = 900  # seconds a query-signed request without `X-Amz-Expires` is good for
_WEEK = 604800
_SCOPE_PARTS = 5

_TWO_MECHANISMS = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
    "string parameter or the Authorization header should be specified"
)
_QUERY_PARTS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)


class AuthFailure(StrEnum):
    """Why a caller could not be authenticated; ``wire.refusals`` has each service's answer."""

    MISSING = "missing authentication token"
    INCOMPLETE = "incomplete signature"
    QUERY_PARAMETERS = "incomplete query string authentication"
    UNSUPPORTED = "unsupported signature version"
    TWO_MECHANISMS = "header and query string both sign"
    SCOPE = "wrong credential scope"
    UNSIGNED_HEADERS = "headers that must be signed are not"
    UNKNOWN_KEY = "unknown access key"
    INACTIVE_KEY = "inactive access key"
    INVALID_TOKEN = "invalid session token"  # noqa: S105 - a sentence
    EXPIRED_TOKEN = "expired session token"  # noqa: S105 - a sentence
    MISMATCH = "signature does not match"
    SKEWED = "request time too skewed"
    EXPIRED_REQUEST = "presigned request has expired"
    NOT_YET_VALID = "presigned request is not valid yet"
    CONTENT_MISMATCH = "content hash does not match"
    BAD_CHUNK = "a chunk's signature does not match"
    INCOMPLETE_BODY = "the body is not what its headers announce"


class AuthenticationError(ClearanceError):
    """A caller could not be authenticated; ``members`` are details that S3 prints."""

    def __init__(self, failure: AuthFailure, message: str = "", **members: str) -> None:
        super().__init__(message or failure.value)
        self.failure = failure
        self.message = message
        self.members: Mapping[str, str] = members


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its own signature."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    time: datetime
    session_token: str | None = None
    presigned: bool = False
    expires: int | None = None

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


def read_claim(message: Message) -> Claim | None:
    """The signature a request carries, in a header or in its query string; None if unsigned.

    Raises:
        AuthenticationError: there is a signature, but it is not a complete SigV4 signature.
    """
    header = message.header("authorization")
    presigned = "X-Amz-" in message.query and any(
        message.parameter(name) is not None for name in ("X-Amz-Algorithm", "X-Amz-Signature")
    )
    if header is not None and presigned:
        raise AuthenticationError(AuthFailure.TWO_MECHANISMS, _TWO_MECHANISMS)
    if header is not None:
        return _header_claim(message, header)
    return _query_claim(message) if presigned else None


_PARAMETER = re.compile(r"\s*([A-Za-z]+)=([^,\s]*)\s*")


def _header_claim(message: Message, header: str) -> Claim:
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm != ALGORITHM:
        # SigV2 (`AWS key:signature`), SigV4a and bearer tokens.
        raise AuthenticationError(AuthFailure.UNSUPPORTED, _no_pair(header))
    given: dict[str, str] = {}
    for part in rest.split(","):
        match = _PARAMETER.fullmatch(part)
        if match is None:
            raise AuthenticationError(AuthFailure.INCOMPLETE, _no_pair(header))
        given[match[1]] = match[2]
    date = message.header("x-amz-date") or message.header("date")
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not given.get(name)
    ]
    if date is None:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if date is None or missing:
        missing.append(
            f"(Hashed with SHA-256 and encoded with Base64) Authorization={_hash(header)}"
        )
        text = " ".join(missing)
        raise AuthenticationError(AuthFailure.INCOMPLETE, text)
    return _claim(
        given["Credential"],
        given["SignedHeaders"],
        given["Signature"],
        _moment(date),
        token=message.header("x-amz-security-token"),
    )


def _no_pair(header: str) -> str:
    # The sentence of https://github.com/boto/boto3/issues/2280; AWS has since begun to hash the
    # header it used to quote, for it may hold a secret.
    return (
        "Invalid key=value pair (missing equal-sign) in Authorization header "
        f"(hashed with SHA-256 and encoded with Base64): '{_hash(header)}'."
    )


def _hash(header: str) -> str:
    return base64.b64encode(hashlib.sha256(header.encode()).digest()).decode()


def _query_claim(message: Message) -> Claim:
    given = {name: message.parameter(name) or "" for name in _QUERY_PARTS}
    if given["X-Amz-Algorithm"] != ALGORITHM:
        raise AuthenticationError(
            AuthFailure.UNSUPPORTED,
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        )
    # STS and other services sign queries without X-Amz-Expires; S3 asks for it.
    expires = given.pop("X-Amz-Expires")
    if not all(given.values()):
        raise AuthenticationError(
            AuthFailure.QUERY_PARAMETERS,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters.",
        )
    return _claim(
        given["X-Amz-Credential"],
        given["X-Amz-SignedHeaders"],
        given["X-Amz-Signature"],
        _moment(given["X-Amz-Date"]),
        token=message.parameter("X-Amz-Security-Token"),
        presigned=True,
        expires=_expires(expires),
    )


def _expires(text: str) -> int:
    if not text:
        return _UNDATED
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise AuthenticationError(AuthFailure.QUERY_PARAMETERS, "X-Amz-Expires should be a number")
    if text.startswith("-"):
        raise AuthenticationError(
            AuthFailure.QUERY_PARAMETERS, "X-Amz-Expires must be non-negative"
        )
    # "The maximum is 604800 (seven days)" (AmazonS3 API, sigv4-query-string-auth)
    if len(text) > len(str(_WEEK)) or int(text) > _WEEK:
        raise AuthenticationError(
            AuthFailure.QUERY_PARAMETERS,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds",
        )
    return int(text)


def _claim(
    credential: str,
    signed_headers: str,
    signature_: str,
    time: datetime,
    *,
    token: str | None,
    presigned: bool = False,
    expires: int | None = None,
) -> Claim:
    # An access key may hold a slash in principle; the scope is the last four parts.
    parts = credential.rsplit("/", _SCOPE_PARTS - 1)
    if len(parts) != _SCOPE_PARTS or not all(parts):
        raise AuthenticationError(
            AuthFailure.QUERY_PARAMETERS if presigned else AuthFailure.INCOMPLETE,
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            f"keyid/date/region/service/term, got '{credential[:120]}'.",
        )
    key, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise AuthenticationError(
            AuthFailure.SCOPE,
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', "
            f"not '{terminator[:40]}'.",
        )
    stamp = stamp_of(time)
    if date != stamp[:8]:
        raise AuthenticationError(
            AuthFailure.SCOPE,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{date[:16]}' != '{stamp[:8]}', from '{stamp}'.",
        )
    names = tuple(name.lower() for name in signed_headers.split(";"))
    return Claim(key, date, region, service, names, signature_, time, token, presigned, expires)


@lru_cache(maxsize=256)
def _moment(text: str) -> datetime:
    """The time of `20150830T123600Z` or of an HTTP date."""
    try:
        return datetime.strptime(text.strip(), TIME).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise AuthenticationError(
            AuthFailure.INCOMPLETE,
            f"Date must be in ISO-8601 'basic format'. Got '{text[:40]}'. See "
            "http://en.wikipedia.org/wiki/ISO_8601",
        ) from error
