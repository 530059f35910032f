"""Text <-> scalar values: timestamps, numbers, booleans, blobs."""

import base64
import binascii
import calendar
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from clearance.wire.shapes import Kind, Value

__all__ = ["ScalarError", "blob_text", "from_text", "number", "parse_time", "time_text", "to_text"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_BOOLEANS = {"true": True, "false": False}
LONG = range(-(2**63), 2**63)
INTEGERS = frozenset({Kind.INTEGER, Kind.LONG})
FLOATS = frozenset({Kind.FLOAT, Kind.DOUBLE})


class ScalarError(ValueError):
    """A text does not denote a value of the kind the model asks for."""


def from_text(kind: Kind, text: str, timestamp_format: str | None = None) -> Value:
    """The value that ``text`` denotes, as query strings, headers and XML write it."""
    if kind is Kind.STRING:
        return text
    if kind in INTEGERS:
        return _integer(text)
    if kind is Kind.BOOLEAN:
        found = _BOOLEANS.get(text.strip().lower())
        if found is None:
            raise ScalarError(f"`{text}` is not a boolean")
        return found
    if kind is Kind.TIMESTAMP:
        return parse_time(text, timestamp_format)
    if kind is Kind.BLOB:
        return _blob(text)
    return _float(text)


def to_text(kind: Kind, value: Value, timestamp_format: str) -> str:
    """The text of a value in XML, headers and query strings."""
    if kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if kind is Kind.TIMESTAMP:
        return str(time_text(value, timestamp_format))
    if kind is Kind.BLOB:
        return blob_text(value)
    if kind in FLOATS:
        return str(number(value))
    return str(value)


def number(value: float) -> float | str:
    """A float as JSON and XML write it; NaN and the infinities are words."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def blob_text(value: bytes | str) -> str:
    """Bytes in base64."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


def time_text(value: datetime, form: str) -> str | int | float:
    """A moment as `iso8601`, `rfc822` or `unixTimestamp` (then a number)."""
    moment = value.astimezone(UTC)
    lower = form.lower()
    if lower == "unixtimestamp":
        seconds = calendar.timegm(moment.timetuple())
        if not moment.microsecond:
            return seconds
        return (seconds * 10**6 + moment.microsecond) / 10**6
    if lower == "rfc822":
        return format_datetime(moment.replace(microsecond=0), usegmt=True)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"


def parse_time(text: str | float, form: str | None = None) -> datetime:
    """The moment that ``text`` names in any of AWS's formats; ``form`` is the one to expect."""
    try:
        if isinstance(text, int | float):
            return _EPOCH + timedelta(microseconds=round(text * 10**6))
        clean = text.strip()
        if form is not None and form.lower() == "rfc822":
            return parsedate_to_datetime(clean).astimezone(UTC)
        if clean[:1].isalpha():
            return parsedate_to_datetime(clean).astimezone(UTC)
        if clean.lstrip("-").replace(".", "", 1).isdigit() and not _compact(clean):
            return _EPOCH + timedelta(microseconds=round(float(clean) * 10**6))
        moment = datetime.fromisoformat(clean)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise ScalarError(f"`{text}` is not a timestamp") from error


def _compact(text: str) -> bool:
    """True for a date written `20150830`, which is not a count of seconds."""
    return len(text) == len("20150830") and text.startswith(("19", "20"))


def _integer(text: str) -> int:
    clean = text.strip()
    # `int` also reads underscores and other scripts' digits, which AWS does not.
    if not clean.removeprefix("-").removeprefix("+").isascii() or "_" in clean:
        raise ScalarError(f"`{text}` is not an integer")
    try:
        value = int(clean)
    except ValueError as error:
        raise ScalarError(f"`{text[:40]}` is not an integer") from error
    if value not in LONG:
        raise ScalarError(f"`{text[:40]}` is out of range")
    return value


def _float(text: str) -> float:
    clean = text.strip()
    if clean in _SPECIAL:
        return _SPECIAL[clean]
    if "_" in clean or clean[-1:].isalpha():
        raise ScalarError(f"`{text}` is not a number")
    try:
        return float(clean)
    except ValueError as error:
        raise ScalarError(f"`{text}` is not a number") from error


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScalarError("the value is not valid base64") from error
