"""The stream encoding, read back by botocore's own parser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer

from clearance.wire import event_stream


def test_botocore_reads_what_we_write() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(
        event_stream.binary_event("PayloadChunk", b"\x00\xff" * 3)
        + event_stream.json_event("InvokeComplete", {"ErrorCode": "Unhandled"})
        + event_stream.message({}, b"")
    )
    found: list[Any] = list(buffer)  # the stubs take headers for a number
    chunk, end, empty = found
    assert chunk.payload == b"\x00\xff" * 3
    assert chunk.headers == {
        ":message-type": "event",
        ":event-type": "PayloadChunk",
        ":content-type": "application/octet-stream",
    }
    assert json.loads(end.payload) == {"ErrorCode": "Unhandled"}
    assert (empty.headers, empty.payload) == ({}, b"")


def test_a_bit_that_flips_is_noticed() -> None:
    text = bytearray(event_stream.binary_event("PayloadChunk", b"payload"))
    text[-6] ^= 1
    buffer = EventStreamBuffer()
    buffer.add_data(bytes(text))
    with pytest.raises(ChecksumMismatch):
        list(buffer)
