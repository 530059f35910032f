"""What REST JSON and REST XML share: members in the path, the query string and headers."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping

from clearance.wire import scalars
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import Message, query_pairs
from clearance.wire.shapes import Field, Kind, Location, Operation, Service, Shape, Value

__all__ = ["Outside", "bare", "read_outside", "write_outside"]

_HEADER_TIME = "rfc822"

Outside = tuple[dict[str, Value], set[str]]


def read_outside(
    message: Message, service: Service, operation: Operation, labels: Mapping[str, str]
) -> dict[str, Value]:
    """The input members that do not travel in the body.

    Raises:
        FaultError: a value is not of the kind the model asks for.
    """
    if operation.input is None:
        return {}
    found: dict[str, Value] = {}
    shape = service.shapes[operation.input]
    for name, field in shape.members.items():
        if field.location is None:
            continue
        read = _READERS.get(field.location)
        try:
            value = read(service, shape, field, message, labels) if read is not None else None
        except (scalars.ScalarError, binascii.Error, ValueError) as error:
            raise FaultError(Fault("SerializationException", str(error), 400)) from error
        if value is not None:
            found[name] = value
    return found


def _from_label(
    _service: Service, _shape: Shape, field: Field, _message: Message, labels: Mapping[str, str]
) -> Value:
    text = labels.get(field.wire_name)
    return None if text is None else scalars.from_text(field.kind, text, field.timestamp_format)


def _from_query(
    service: Service, shape: Shape, field: Field, message: Message, _labels: Mapping[str, str]
) -> Value:
    pairs = query_pairs(message.query)
    if field.kind is Kind.MAP:
        return _query_map(service, shape, field, pairs)
    texts = [value for key, value in pairs if key == field.wire_name]
    if not texts:
        return None
    if field.kind is not Kind.LIST:
        return scalars.from_text(field.kind, texts[0], field.timestamp_format)
    item = service.shapes[field.target].member
    if item is None:
        return None
    return [scalars.from_text(item.kind, text, item.timestamp_format) for text in texts]


def _query_map(
    service: Service, shape: Shape, field: Field, pairs: tuple[tuple[str, str], ...]
) -> dict[str, Value] | None:
    """The parameters that no other member claims."""
    taken = {
        other.wire_name
        for other in shape.members.values()
        if other.location is Location.QUERY_STRING and other is not field
    }
    value = service.shapes[field.target].value
    many = value is not None and value.kind is Kind.LIST
    found: dict[str, Value] = {}
    for key, text in pairs:
        if key in taken:
            continue
        if many:
            found.setdefault(key, []).append(text)
        else:
            found.setdefault(key, text)
    return found or None


def _from_header(
    service: Service, _shape: Shape, field: Field, message: Message, _labels: Mapping[str, str]
) -> Value:
    text = message.header(field.wire_name.lower())
    if text is None:
        return None
    if field.json_value:
        return json.loads(base64.b64decode(text))
    if field.kind is Kind.LIST:
        item = service.shapes[field.target].member
        if item is None:
            return None
        split = _timestamps if item.kind is Kind.TIMESTAMP else _split
        form = item.timestamp_format or _HEADER_TIME
        return [scalars.from_text(item.kind, part, form) for part in split(text)]
    return scalars.from_text(field.kind, text, field.timestamp_format or _HEADER_TIME)


def _split(text: str) -> list[str]:
    """The items of a header list; an item may be quoted."""
    if '"' not in text:
        return [part.strip() for part in text.split(",")]
    items, current, quoted, escaped = [], "", False, False
    for char in text:
        if escaped:
            current, escaped = current + char, False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            items.append(current.strip())
            current = ""
        else:
            current += char
    return [*items, current.strip()]


def _timestamps(text: str) -> list[str]:
    """The items of a list of HTTP dates, each of which has a comma of its own."""
    parts = text.split(",")
    return [f"{day},{rest}" for day, rest in zip(parts[::2], parts[1::2], strict=False)]


def _from_prefix(
    _service: Service, _shape: Shape, field: Field, message: Message, _labels: Mapping[str, str]
) -> Value:
    prefix = field.wire_name.lower()
    found = {
        name[len(prefix) :]: ",".join(values)
        for name, values in message.headers.items()
        if name.startswith(prefix)
    }
    return found or None


Reader = Callable[[Service, Shape, Field, Message, Mapping[str, str]], Value]
_READERS: dict[Location, Reader] = {
    Location.URI: _from_label,
    Location.QUERY_STRING: _from_query,
    Location.HEADER: _from_header,
    Location.HEADERS: _from_prefix,
}


def write_outside(
    output: Mapping[str, Value], service: Service, operation: Operation
) -> tuple[int, list[tuple[str, str]]]:
    """The status and the headers that an output asks for."""
    status, headers = operation.status, list[tuple[str, str]]()
    if operation.output is None:
        return status, headers
    for name, field in service.shapes[operation.output].members.items():
        value = output.get(name)
        if value is None or field.location is None:
            continue
        if field.location is Location.STATUS_CODE:
            status = int(value)
        elif field.location is Location.HEADERS:
            headers.extend((field.wire_name + key, bare(str(v))) for key, v in value.items())
        elif field.location is Location.HEADER:
            headers.append((field.wire_name, bare(_header_text(service, field, value))))
    return status, headers


def _header_text(service: Service, field: Field, value: Value) -> str:
    if field.json_value:
        return scalars.blob_text(json.dumps(value, separators=(",", ":")))
    if field.kind is Kind.LIST:
        item = service.shapes[field.target].member
        return ",".join(_header_text(service, item, v) for v in value) if item is not None else ""
    return scalars.to_text(field.kind, value, field.timestamp_format or _HEADER_TIME)


def bare(text: str) -> str:
    """A header value on one line; text beyond Latin-1 travels as UTF-8 bytes."""
    line = "".join(" " if c in "\r\n\0" else c for c in text)
    return line if line.isascii() else line.encode().decode("latin-1")
