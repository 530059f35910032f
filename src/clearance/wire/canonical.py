"""The texts that Signature Version 4 hashes and signs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, unquote

from clearance.wire.message import Message

__all__ = ["canonical_request", "signature", "signing_key", "stamp_of", "string_to_sign"]

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
TIME = "%Y%m%dT%H%M%SZ"


@lru_cache(maxsize=1024)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=1024)
def _begun(key: bytes) -> "hmac.HMAC":
    return hmac.new(key, None, "sha256")


def signature(key: bytes, text: str) -> str:
    """The signature of a string to sign."""
    signing = _begun(key).copy()
    signing.update(text.encode())
    return signing.hexdigest()


@lru_cache(maxsize=256)
def stamp_of(time: datetime) -> str:
    """A moment as signatures write it; many requests are of the same second."""
    return time.strftime(TIME)


def string_to_sign(time: datetime, scope: str, request: str) -> str:
    """The string to sign for a canonical request."""
    digest = hashlib.sha256(request.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{stamp_of(time)}\n{scope}\n{digest}"


def canonical_request(
    message: Message,
    signed_headers: Iterable[str],
    payload_hash: str,
    *,
    double_encode: bool = True,
    normalize: bool = True,
) -> str:
    """The canonical request; a signature in the query string is left out of it."""
    names = tuple(signed_headers)
    headers = "".join(f"{name}:{_canonical_header(message, name)}\n" for name in names)
    path = _canonical_path(message.path, double_encode=double_encode, normalize=normalize)
    query = _canonical_query(message.query)
    return f"{message.method}\n{path}\n{query}\n{headers}\n{';'.join(names)}\n{payload_hash}"


@lru_cache(maxsize=4096)
def _canonical_path(path: str, *, double_encode: bool, normalize: bool) -> str:
    if normalize and ("//" in path or "/." in path):
        path = _without_dots(path)
    if double_encode:
        return quote(path, safe="/-_.~")
    return "/".join(_recode(part) for part in path.split("/"))


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4, and `//` becomes `/`."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept[-1:] = []
        elif part not in {"", "."}:
            kept.append(part)
    tail = "/" if path.endswith(("/", "/.", "/..")) and kept else ""
    return f"/{'/'.join(kept)}{tail}"


@lru_cache(maxsize=1024)
def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = []
    for part in query.split("&"):
        # `+` is a space because `query_pairs` reads it so: what is verified is what is done.
        name, _, value = part.replace("+", "%20").partition("=")
        if part and name != "X-Amz-Signature":
            pairs.append((_recode(name), _recode(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _recode(text: str) -> str:
    """Percent-encoding as AWS writes it, whatever way the client wrote it."""
    plain = unquote(text, errors="surrogateescape")
    return quote(plain, safe="-_.~", errors="surrogateescape")


def _canonical_header(message: Message, name: str) -> str:
    values = message.headers.get(name)
    if values is None:
        return ""
    if len(values) == 1:
        value = values[0]
        return value if "  " not in value and value == value.strip() else " ".join(value.split())
    return ",".join(" ".join(value.split()) for value in values)
