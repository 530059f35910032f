"""As much of X.509 and PKCS as IAM needs: until when a certificate is good, and its public key.

A walk over the DER (ITU-T X.690) of certificates (RFC 5280) and private keys (RFC 5208, RFC 8017,
RFC 5915); what cannot be read is None.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

__all__ = ["Der", "not_after", "pem", "private_key", "public_key"]

_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----")
_SEQUENCE, _INTEGER, _BITS, _OCTETS = 0x30, 0x02, 0x03, 0x04
_UTC, _GENERAL = 0x17, 0x18
_VERSION, _EC_PUBLIC = 0xA0, 0xA1
_LONG: Final = 0x80
# "two digits … 50 … 1950" (RFC 5280, 4.1.2.5.1)
_CENTURY: Final = 50

Der = tuple[int, bytes]


def pem(text: str) -> list[tuple[str, bytes]]:
    """The blocks of a PEM text, each with its name; none if anything else is in the text."""
    if _PEM.sub("", text).strip():
        return []
    try:
        return [(kind, b64decode("".join(body.split()), validate=True))
                for kind, body in _PEM.findall(text)]  # fmt: skip
    except (Error, ValueError):
        return []


def not_after(certificate: bytes) -> datetime | None:
    """When a certificate ends."""
    fields = _signed(certificate)
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    tag, validity = next(islice(fields, 3, None), (0, b""))
    times = list(_parts(validity)) if tag == _SEQUENCE else []
    return _time(*times[1]) if len(times) > 1 else None


def public_key(certificate: bytes) -> bytes | None:
    """The bits of a certificate's public key."""
    tag, info = next(islice(_signed(certificate), 5, None), (0, b""))
    bits = next((body for kind, body in _parts(info) if kind == _BITS), None)
    return bits[1:] if tag == _SEQUENCE and bits else None


def private_key(key: bytes) -> bytes | None:
    """The bits of the public key that belongs to a private one; empty if it does not say."""
    outer = list(_parts(key))
    if len(outer) != 1 or outer[0][0] != _SEQUENCE:
        return None
    fields = list(_parts(outer[0][1]))
    kinds = [kind for kind, _ in fields]
    if kinds[:3] == [_INTEGER, _SEQUENCE, _OCTETS]:  # PKCS#8: a key within
        return private_key(fields[2][1])
    if kinds[:3] == [_INTEGER, _INTEGER, _INTEGER]:  # PKCS#1: version, modulus, exponent, …
        return _der(_SEQUENCE, _der(_INTEGER, fields[1][1]) + _der(_INTEGER, fields[2][1]))
    if kinds[:2] == [_INTEGER, _OCTETS]:  # SEC 1: version, key, parameters, public key
        inner = next((body for kind, body in fields if kind == _EC_PUBLIC), b"")
        return next((body[1:] for kind, body in _parts(inner) if kind == _BITS), b"")
    return None


def _signed(certificate: bytes) -> Iterator[Der]:
    """The fields of what was signed, without the version."""
    for tag, whole in islice(_parts(certificate), 1):
        for inner, body in islice(_parts(whole), 1):
            if tag == inner == _SEQUENCE:
                yield from (field for field in _parts(body) if field[0] != _VERSION)


def _parts(content: bytes) -> Iterator[Der]:
    """The elements that lie one after another; ends where they make no sense."""
    at = 0
    while at + 2 <= len(content):
        tag, size = content[at], content[at + 1]
        at += 2
        if size >= _LONG:
            count = size - _LONG
            size = int.from_bytes(content[at : at + count], "big")
            at += count
        if at + size > len(content):
            return
        yield tag, content[at : at + size]
        at += size


def _time(tag: int, content: bytes) -> datetime | None:
    text = content.decode("ascii", "replace")
    if tag == _UTC and text[:2].isdigit():
        text = f"{20 if int(text[:2]) < _CENTURY else 19}{text}"
    elif tag != _GENERAL:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _LONG:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(length)]) + length + content
