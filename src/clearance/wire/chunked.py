"""The `aws-chunked` content encoding: signed or unsigned chunks, and trailing headers.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

import base64
import hashlib
import hmac
import re
import zlib
from collections.abc import Callable
from dataclasses import replace

from clearance.wire.canonical import signature
from clearance.wire.claim import AuthenticationError, AuthFailure, Claim
from clearance.wire.message import Message

__all__ = ["decode"]

_TRAILER = "-TRAILER"
_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD"
_EMPTY = hashlib.sha256(b"").hexdigest()
_LINE_LIMIT = 8192
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)

# The checksums that the standard library computes; CRC32C and CRC64NVME are taken on trust.
_CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
}


class _Chain:
    """The signatures of the chunks, each of which covers the one before it."""

    def __init__(self, claim: Claim, key: bytes) -> None:
        self.key = key
        self.previous = claim.signature
        self.head = f"{claim.time.strftime('%Y%m%dT%H%M%SZ')}\n{claim.scope}"

    def check(self, kind: str, given: str, *hashes: str) -> None:
        lines = "\n".join((f"AWS4-HMAC-SHA256-{kind}", self.head, self.previous, *hashes))
        expected = signature(self.key, lines)
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise AuthenticationError(AuthFailure.BAD_CHUNK, _MISMATCH)
        self.previous = expected


class _Body:
    """The encoded body, read line by line."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def line(self) -> str:
        end = self.data.find(b"\r\n", self.at, self.at + _LINE_LIMIT)
        if end < 0:
            raise _incomplete("a chunk header does not end")
        text = self.data[self.at : end].decode("latin-1")
        self.at = end + 2
        return text

    def take(self, size: int) -> bytes:
        data = self.data[self.at : self.at + size]
        if len(data) != size or self.data[self.at + size : self.at + size + 2] != b"\r\n":
            raise _incomplete("a chunk is shorter than it says")
        self.at += size + 2
        return data

    @property
    def done(self) -> bool:
        return self.at >= len(self.data)


def _incomplete(why: str) -> AuthenticationError:
    # "You did not provide the number of bytes specified by the Content-Length HTTP header"
    # (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)
    return AuthenticationError(
        AuthFailure.INCOMPLETE_BODY, f"The request body terminated unexpectedly: {why}"
    )


def decode(message: Message, claim: Claim, key: bytes, stated: str) -> Message:
    """The message with its chunks joined and its trailing headers among the others.

    Raises:
        AuthenticationError: a chunk or trailer is not signed right, or the body is cut.
    """
    trailing = stated.endswith(_TRAILER)
    mode = stated.removesuffix(_TRAILER)
    if mode not in {_SIGNED, _UNSIGNED}:
        raise AuthenticationError(
            AuthFailure.UNSUPPORTED, f"Unsupported payload signing: `{stated[:60]}`"
        )
    chain = _Chain(claim, key) if mode == _SIGNED else None
    body, pieces = _Body(message.body), list[bytes]()
    while True:
        size, _, extension = body.line().partition(";")
        length = _size(size)
        data = body.take(length) if length else b""
        if chain is not None:
            given = extension.strip().removeprefix("chunk-signature=")
            chain.check("PAYLOAD", given, _EMPTY, hashlib.sha256(data).hexdigest())
        if not length:
            break
        pieces.append(data)
    trailers = _trailers(body, chain) if trailing else {}
    return _assembled(message, b"".join(pieces), trailers)


def _size(text: str) -> int:
    clean = text.strip()
    if re.fullmatch("[0-9a-fA-F]{1,8}", clean) is None:
        raise _incomplete("a chunk size is not a number")
    return int(clean, 16)


def _trailers(body: _Body, chain: _Chain | None) -> dict[str, str]:
    """The trailing headers, and the check of their signature."""
    found: dict[str, str] = {}
    given = ""
    while not body.done:
        line = body.line()
        if not line:
            continue
        name, _, value = line.partition(":")
        if name.lower() == "x-amz-trailer-signature":
            given = value.strip()
        else:
            found[name.strip().lower()] = value.strip()
    if chain is not None:
        text = "".join(f"{name}:{value}\n" for name, value in sorted(found.items()))
        chain.check("TRAILER", given, hashlib.sha256(text.encode()).hexdigest())
    return found


def _assembled(message: Message, body: bytes, trailers: dict[str, str]) -> Message:
    length = message.header("x-amz-decoded-content-length")
    if length is not None and length.strip() != str(len(body)):
        raise _incomplete("the decoded length is another")
    for name, value in trailers.items():
        compute = _CHECKSUMS.get(name)
        if compute and base64.b64encode(compute(body)).decode() != value:
            # "BadDigest" (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)
            algorithm = name.rpartition("-")[2].upper()
            raise AuthenticationError(
                AuthFailure.CONTENT_MISMATCH,
                f"The {algorithm} you specified did not match the calculated checksum.",
            )
    announced = {
        name.strip().lower() for name in (message.header("x-amz-trailer") or "").split(",")
    }
    headers = {**message.headers, "content-length": (str(len(body)),)}
    headers.update({name: (value,) for name, value in trailers.items() if name in announced})
    encodings = [
        part.strip()
        for part in (message.header("content-encoding") or "").split(",")
        if part.strip() not in {"", "aws-chunked"}
    ]
    headers.pop("content-encoding", None)
    if encodings:
        headers["content-encoding"] = (",".join(encodings),)
    for name in ("x-amz-trailer", "x-amz-decoded-content-length"):
        headers.pop(name, None)
    return replace(message, headers=headers, body=body)
