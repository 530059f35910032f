"""The picture the demo uploads, and how a thumbnail looks in a terminal."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from importlib import resources
from typing import Final

__all__ = ["draw", "function_zip", "size_of"]

WIDTH: Final = 64
HEIGHT: Final = 48
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# The sun: its centre and radius in pixels.
SUN: Final = (46, 14, 9)


def draw() -> bytes:
    """A PNG of a sun over hills, 64 by 48 pixels."""
    raw = b"".join(
        b"\x00" + b"".join(bytes(_colour(x, y)) for x in range(WIDTH)) for y in range(HEIGHT)
    )
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _colour(x: int, y: int) -> tuple[int, int, int]:
    centre_x, centre_y, radius = SUN
    if (x - centre_x) ** 2 + (y - centre_y) ** 2 <= radius**2:
        return 255, 204, 64
    hill = 30 + ((x - 20) ** 2) // 60
    if y > hill:
        return 40, 120 + (y - hill) * 3, 60
    return 90 + y, 150 + y, 230


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def function_zip() -> bytes:
    """The deployment package of ProcessImages."""
    code = resources.files("clearance.demo").joinpath("function/app.py").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", code)
    return packed.getvalue()
