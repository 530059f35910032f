"""ProcessImages: makes a thumbnail of a PNG image. Runs inside Lambda, with nothing but Python."""

import base64
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def handler(event, context):
    """``{"image": base64, "width": n}`` to ``{"thumbnail": base64, "width", "height"}``."""
    width, height, rows = read_png(base64.b64decode(event["image"]))
    factor = max(1, width // event.get("width", 16))
    small = shrink(rows, factor)
    print(f"{width}x{height} -> {len(small[0])}x{len(small)} as {context.function_name}")
    return {
        "thumbnail": base64.b64encode(write_png(small)).decode(),
        "width": len(small[0]),
        "height": len(small),
        "from": {"width": width, "height": height},
    }


def read_png(data):
    """Width, height and rows of (r, g, b) of an 8-bit RGB PNG."""
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG image")
    at, packed, width, height = len(SIGNATURE), b"", 0, 0
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            if (depth, colour) != (8, 2):
                raise ValueError("only 8-bit RGB images are supported")
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    return width, height, unfilter(zlib.decompress(packed), width, height)


def unfilter(raw, width, height):
    """Undo PNG's five row filters."""
    stride, rows, above = width * 3, [], bytearray(width * 3)
    for y in range(height):
        start = y * (stride + 1)
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for x in range(stride):
            left = row[x - 3] if x >= 3 else 0
            corner = above[x - 3] if x >= 3 else 0
            row[x] = (row[x] + predict(kind, left, above[x], corner)) & 0xFF
        above = row
        rows.append([tuple(row[i : i + 3]) for i in range(0, stride, 3)])
    return rows


def predict(kind, left, up, corner):
    """The value a filter predicts from its neighbours."""
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda value: abs(guess - value))
    return (0, left, up, (left + up) // 2)[kind]


def shrink(rows, factor):
    """Average squares of ``factor`` pixels."""
    return [
        [average(rows, x, y, factor) for x in range(0, len(rows[0]) - factor + 1, factor)]
        for y in range(0, len(rows) - factor + 1, factor)
    ]


def average(rows, x, y, factor):
    """The mean colour of one square."""
    square = [rows[y + dy][x + dx] for dy in range(factor) for dx in range(factor)]
    return tuple(sum(channel) // len(square) for channel in zip(*square))


def write_png(rows):
    """An 8-bit RGB PNG."""
    raw = b"".join(b"\x00" + bytes(value for pixel in row for value in pixel) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return SIGNATURE + b"".join(chunk(kind, body) for kind, body in chunks)


def chunk(kind, body):
    """One PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
