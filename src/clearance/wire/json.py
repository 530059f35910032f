"""AWS JSON 1.0 and 1.1, and the reading and writing of modelled values as JSON."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from clearance.wire import scalars
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.shapes import Field, Kind, Operation, Service, Shape, Value

__all__ = ["dump", "load", "parse", "read", "read_structure", "serialize", "write_structure"]

_TIME = "unixTimestamp"

# How the Coral framework names what it found where it expected something else.
_FOUND = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE", bool: "TRUE_VALUE"}
_WANTED = {
    Kind.STRING: "String",
    Kind.INTEGER: "Integer",
    Kind.LONG: "Long",
    Kind.FLOAT: "Float",
    Kind.DOUBLE: "Double",
    Kind.BOOLEAN: "Boolean",
    Kind.BLOB: "ByteBuffer",
    Kind.TIMESTAMP: "Date",
}


def _refusal(message: str) -> FaultError:
    return FaultError(Fault("SerializationException", message, 400))


def _constant(text: str) -> float:
    raise ValueError(text)


def load(body: bytes) -> Value:
    """The JSON value of a body.

    Raises:
        FaultError: the body is not JSON.
    """
    try:
        return json.loads(body, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise _refusal("Could not parse request body into json") from error


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def dump(document: object) -> bytes:
    """A JSON document, compact."""
    return _ENCODER.encode(document).encode()


def parse(message: Message, service: Service, operation: Operation) -> dict[str, Value]:
    """The operation's input, by member name.

    Raises:
        FaultError: the body is not JSON, or a value is of the wrong kind.
    """
    document = load(message.body) if message.body.strip() else {}
    if not isinstance(document, dict):
        raise _refusal("Start of list found where not expected")
    if operation.input is None:
        return {}
    return read_structure(service, service.shapes[operation.input], document)


def read_structure(
    service: Service, shape: Shape, document: Mapping[str, Value]
) -> dict[str, Value]:
    """The members of a structure that a JSON object holds; unknown names are ignored."""
    found: dict[str, Value] = {}
    for name, field in shape.members.items():
        value = document.get(field.wire_name)
        if value is not None and field.location is None:
            found[name] = read(service, field, value)
    return found


def read(service: Service, field: Field, value: Value) -> Value:
    """The modelled value of a JSON value.

    Raises:
        FaultError: the value is not of the kind the model asks for.
    """
    kind = field.kind
    if kind is Kind.STRUCTURE:
        shape = service.shapes[field.target]
        if shape.document:
            return value
        if not isinstance(value, dict):
            raise _mismatch(field, value)
        return read_structure(service, shape, value)
    if kind is Kind.LIST:
        item = service.shapes[field.target].member
        if not isinstance(value, list) or item is None:
            raise _mismatch(field, value)
        return [None if v is None else read(service, item, v) for v in value]
    if kind is Kind.MAP:
        item = service.shapes[field.target].value
        if not isinstance(value, dict) or item is None:
            raise _mismatch(field, value)
        return {k: None if v is None else read(service, item, v) for k, v in value.items()}
    return _SCALARS[kind](field, value)


def _mismatch(field: Field, value: Value) -> FaultError:
    if isinstance(value, dict | list):
        return _refusal("Start of structure or map found where not expected.")
    found = "FALSE_VALUE" if value is False else _FOUND.get(type(value), "NULL_VALUE")
    wanted = _WANTED.get(field.kind)
    if wanted is None:
        return _refusal(f"Unexpected field type: {found} where {field.kind} was expected")
    article = "an" if wanted[0] in "AEIOU" else "a"
    return _refusal(f"{found} can not be converted to {article} {wanted}")


def _string(field: Field, value: Value) -> Value:
    # A `jsonvalue` is text that holds JSON; botocore lets callers pass the JSON itself.
    if not isinstance(value, str) and not field.json_value:
        raise _mismatch(field, value)
    return value


def _boolean(field: Field, value: Value) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(field, value)
    return value


def _integer(field: Field, value: Value) -> int:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(whole, bool) or not isinstance(whole, int) or whole not in scalars.LONG:
        raise _mismatch(field, value)
    return whole


def _float(field: Field, value: Value) -> float:
    if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"}:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch(field, value)
    return float(value)


def _blob(field: Field, value: Value) -> bytes:
    if not isinstance(value, str):
        raise _mismatch(field, value)
    try:
        found: bytes = scalars.from_text(Kind.BLOB, value)
    except scalars.ScalarError as error:
        raise _refusal("Invalid base64 in a binary value") from error
    return found


def _timestamp(field: Field, value: Value) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _mismatch(field, value)
    try:
        return scalars.parse_time(value, field.timestamp_format)
    except scalars.ScalarError as error:
        raise _mismatch(field, value) from error


_SCALARS: dict[Kind, Callable[[Field, Value], Value]] = {
    Kind.STRING: _string,
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.LONG: _integer,
    Kind.FLOAT: _float,
    Kind.DOUBLE: _float,
    Kind.BLOB: _blob,
    Kind.TIMESTAMP: _timestamp,
}


def write_structure(service: Service, shape: Shape, value: Mapping[str, Value]) -> dict[str, Value]:
    """The JSON object of a structure; members that travel elsewhere are left out."""
    found: dict[str, Value] = {}
    members = shape.members
    for name, item in value.items():  # of the many members of a shape most answers have few
        if item is None:
            continue
        field = members.get(name)
        if field is None or field.location is not None:
            continue
        called = field.location_name or name
        if field.kind is Kind.STRING:
            found[called] = item
            continue
        writer = _WRITERS.get(field.kind)
        found[called] = item if writer is None else writer(service, field, item)
    return found


def write(service: Service, field: Field, value: Value) -> Value:
    """The JSON value of a modelled value."""
    writer = _WRITERS.get(field.kind)
    return value if value is None or writer is None else writer(service, field, value)


def _write_structure(service: Service, field: Field, value: Value) -> Value:
    shape = service.shapes[field.target]
    return value if shape.document else write_structure(service, shape, value)


def _write_list(service: Service, field: Field, value: Value) -> Value:
    item = service.shapes[field.target].member
    return [write(service, item, v) for v in value] if item is not None else []


def _write_map(service: Service, field: Field, value: Value) -> Value:
    item = service.shapes[field.target].value
    return {k: write(service, item, v) for k, v in value.items()} if item is not None else {}


_WRITERS: dict[Kind, Callable[[Service, Field, Value], Value]] = {
    Kind.STRUCTURE: _write_structure,
    Kind.LIST: _write_list,
    Kind.MAP: _write_map,
    Kind.TIMESTAMP: lambda _, f, v: scalars.time_text(v, f.timestamp_format or _TIME),
    Kind.BLOB: lambda _, __, v: scalars.blob_text(v),
    Kind.BOOLEAN: lambda _, __, v: bool(v),
    Kind.FLOAT: lambda _, __, v: scalars.number(v),
    Kind.DOUBLE: lambda _, __, v: scalars.number(v),
}


def serialize(
    output: Mapping[str, Value], service: Service, operation: Operation, request_id: str
) -> HttpAnswer:
    """The answer that carries ``output``."""
    body = b""
    if operation.output is not None:
        body = dump(write_structure(service, service.shapes[operation.output], output))
    return HttpAnswer(
        operation.status,
        (
            ("x-amzn-RequestId", request_id),
            ("Content-Type", f"application/x-amz-json-{service.json_version or '1.1'}"),
        ),
        body,
    )
