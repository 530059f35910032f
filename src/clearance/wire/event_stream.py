"""Events in Amazon's stream encoding (``application/vnd.amazon.eventstream``).

A message is its length, the length of its headers, a checksum of these two, the headers, the
payload, and a checksum of all that.

https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html
"""

import json
import struct
import zlib
from collections.abc import Mapping

__all__ = ["CONTENT_TYPE", "binary_event", "json_event", "message"]

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_AROUND = 16  # prelude of 12 bytes, checksum of 4


def binary_event(kind: str, payload: bytes) -> bytes:
    """An event whose payload is a blob."""
    return _event(kind, "application/octet-stream", payload)


def json_event(kind: str, members: Mapping[str, object]) -> bytes:
    """An event whose payload is a structure."""
    return _event(kind, "application/json", json.dumps(members, separators=(",", ":")).encode())


def _event(kind: str, content_type: str, payload: bytes) -> bytes:
    headers = {":message-type": "event", ":event-type": kind, ":content-type": content_type}
    return message(headers, payload)


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message.

    >>> len(message({}, b""))
    16
    """
    named = b"".join(_header(name, value) for name, value in headers.items())
    lengths = struct.pack("!II", _AROUND + len(named) + len(payload), len(named))
    start = lengths + struct.pack("!I", zlib.crc32(lengths)) + named + payload
    return start + struct.pack("!I", zlib.crc32(start))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
