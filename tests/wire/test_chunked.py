"""Bodies in signed chunks."""

import base64
import hashlib
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.wire import sigv4
from clearance.wire.canonical import signature, signing_key
from clearance.wire.message import Message
from clearance.wire.sigv4 import AuthenticationError, AuthFailure

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
EMPTY = hashlib.sha256(b"").hexdigest()
SCOPE = "20130524/us-east-1/s3/aws4_request"


def chunked(pieces: list[bytes], mode: str, trailers: dict[str, str] | None = None) -> Message:
    """A signed PUT whose body is these chunks, encoded the way AWS documents it."""
    size = sum(map(len, pieces))
    headers = [
        ("Host", "s3.amazonaws.com"),
        ("Content-Encoding", "gzip,aws-chunked"),
        ("x-amz-content-sha256", mode),
        ("x-amz-decoded-content-length", str(size)),
    ]
    if trailers:
        headers.append(("x-amz-trailer", ",".join(trailers)))
    message = sigv4.sign(
        Message.of("PUT", "/examplebucket/chunkObject.txt", headers),
        "AKIAIOSFODNN7EXAMPLE",
        SECRET,
        NOW,
        region="us-east-1",
        service="s3",
    )
    claim = sigv4.read_claim(message)
    assert claim is not None
    key, previous = signing_key(SECRET, "20130524", "us-east-1", "s3"), claim.signature
    body = b""
    for piece in [*pieces, b""]:
        head = f"{len(piece):x}"
        if "UNSIGNED" not in mode:
            digest = hashlib.sha256(piece).hexdigest()
            lines = ("20130524T000000Z", SCOPE, previous, EMPTY, digest)
            previous = signature(key, "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", *lines)))
            head += f";chunk-signature={previous}"
        body += head.encode() + b"\r\n" + piece + (b"\r\n" if piece else b"")
    for name, value in (trailers or {}).items():
        body += f"{name}:{value}\r\n".encode()
    if trailers and "UNSIGNED" not in mode:
        digest = hashlib.sha256(
            "".join(f"{n}:{v}\n" for n, v in trailers.items()).encode()
        ).hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n20130524T000000Z\n{SCOPE}\n{previous}\n{digest}"
        body += f"x-amz-trailer-signature:{signature(key, text)}\r\n".encode()
    return replace(message, body=body + b"\r\n")


SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
MODES = [SIGNED, f"{SIGNED}-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]


def opened(message: Message) -> Message:
    claim = sigv4.read_claim(message)
    assert claim is not None
    return sigv4.verify(claim, message, SECRET, NOW)


def test_the_documented_upload_has_the_documented_signatures() -> None:
    # docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html: 66,560 letters `a` in chunks
    # of 65,536; seed and chunk signatures are those of the page.
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    key, scope = signing_key(SECRET, "20130524", "us-east-1", "s3"), SCOPE
    expected = {
        65536: "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        1024: "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        0: "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    }
    body = b"".join(
        f"{n:x};chunk-signature={given}\r\n".encode() + b"a" * n + b"\r\n"
        for n, given in expected.items()
    )
    message = Message.of(
        "PUT",
        "/examplebucket/chunkObject.txt",
        [
            ("Host", "s3.amazonaws.com"),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            (
                "Authorization",
                f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{scope},SignedHeaders="
                "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                "x-amz-decoded-content-length;x-amz-storage-class,Signature=" + seed,
            ),
            ("x-amz-content-sha256", SIGNED),
            ("Content-Encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("Content-Length", "66824"),
        ],
        body,
    )
    assert len(key) == 32
    assert opened(message).body == b"a" * 66560


@given(pieces=st.lists(st.binary(min_size=1, max_size=30), max_size=4), mode=st.sampled_from(MODES))
def test_the_chunks_become_the_body(pieces: list[bytes], mode: str) -> None:
    whole = b"".join(pieces)
    checksum = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode()
    trailers = {"x-amz-checksum-crc32": checksum} if mode.endswith("TRAILER") else None
    message = opened(chunked(pieces, mode, trailers))
    assert message.body == whole
    assert message.header("content-length") == str(len(whole))
    assert message.header("content-encoding") == "gzip"
    assert message.header("x-amz-decoded-content-length") is None
    if trailers:
        assert message.header("x-amz-checksum-crc32") == checksum


@pytest.mark.parametrize("mode", MODES[:2])
def test_a_changed_chunk_is_noticed(mode: str) -> None:
    trailers = {"x-amz-meta": "x"} if mode.endswith("TRAILER") else None
    message = chunked([b"abc", b"def"], mode, trailers)
    with pytest.raises(AuthenticationError) as caught:
        opened(replace(message, body=message.body.replace(b"def", b"xyz")))
    assert caught.value.failure is AuthFailure.BAD_CHUNK


def test_a_changed_trailer_is_noticed() -> None:
    message = chunked([b"abc"], MODES[1], {"x-amz-meta": "x"})
    with pytest.raises(AuthenticationError) as caught:
        opened(replace(message, body=message.body.replace(b"x-amz-meta:x", b"x-amz-meta:y")))
    assert caught.value.failure is AuthFailure.BAD_CHUNK


def test_a_wrong_trailing_checksum_is_refused() -> None:
    with pytest.raises(AuthenticationError, match="CRC32 you specified did not match"):
        opened(chunked([b"abc"], MODES[2], {"x-amz-checksum-crc32": "AAAAAA=="}))


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"3;", b"4;"), (b"3;", b"x;"), (b"3;", b";"), (b"\r\n0;", b"\r\n"), (b"abc", b"ab")],
)
def test_a_broken_encoding_is_refused(before: bytes, after: bytes) -> None:
    message = chunked([b"abc"], SIGNED)
    with pytest.raises(AuthenticationError) as caught:
        opened(replace(message, body=message.body.replace(before, after, 1)))
    assert caught.value.failure in {AuthFailure.INCOMPLETE_BODY, AuthFailure.BAD_CHUNK}


def test_chunks_may_not_be_left_out() -> None:
    message = chunked([b"abc"], MODES[2])
    with pytest.raises(AuthenticationError) as caught:
        opened(replace(message, body=b"0\r\n\r\n"))
    assert caught.value.failure is AuthFailure.INCOMPLETE_BODY


def test_an_unknown_streaming_mode_is_refused() -> None:
    with pytest.raises(AuthenticationError) as caught:
        opened(chunked([b"abc"], "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"))
    assert caught.value.failure is AuthFailure.UNSUPPORTED
