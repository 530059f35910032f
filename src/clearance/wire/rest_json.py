"""REST JSON (Lambda, Access Analyzer ...)."""

from collections.abc import Mapping

from clearance.wire import json, rest
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.shapes import Field, Kind, Operation, Service, Value

__all__ = ["parse", "serialize"]


def parse(
    message: Message, service: Service, operation: Operation, labels: Mapping[str, str]
) -> dict[str, Value]:
    """The operation's input, by member name.

    Raises:
        FaultError: the body is not JSON, or a value is of the wrong kind.
    """
    found = rest.read_outside(message, service, operation, labels)
    if operation.input is None:
        return found
    shape = service.shapes[operation.input]
    if shape.payload is not None:
        value = _payload(message.body, service, shape.members[shape.payload])
        return found if value is None else {**found, shape.payload: value}
    if all(field.location for field in shape.members.values()) or not message.body.strip():
        return found
    document = json.load(message.body)
    if document is None:
        return found
    if not isinstance(document, dict):
        raise _refusal("Start of list found where not expected")
    return {**found, **json.read_structure(service, shape, document)}


def _payload(body: bytes, service: Service, field: Field) -> Value:
    """The member that is the whole body; nothing if the body is empty."""
    if field.kind is Kind.BLOB or field.event_stream:
        return body or None
    if field.kind is not Kind.STRING:
        return json.read(service, field, json.load(body)) if body.strip() else None
    try:
        return body.decode() or None
    except UnicodeDecodeError as error:
        raise _refusal("The body is not UTF-8") from error


def _refusal(message: str) -> FaultError:
    return FaultError(Fault("SerializationException", message, 400))


def serialize(
    output: Mapping[str, Value], service: Service, operation: Operation, request_id: str
) -> HttpAnswer:
    """The answer that carries ``output``."""
    status, headers = rest.write_outside(output, service, operation)
    headers.insert(0, ("x-amzn-RequestId", request_id))
    body, content = _body(output, service, operation)
    if content is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content))
    return HttpAnswer(status, tuple(headers), body)


def _body(
    output: Mapping[str, Value], service: Service, operation: Operation
) -> tuple[bytes, str | None]:
    if operation.output is None:
        return b"", None
    shape = service.shapes[operation.output]
    if shape.payload is None:
        if shape.members and all(field.location for field in shape.members.values()):
            return b"", None
        return json.dump(json.write_structure(service, shape, output)), "application/json"
    field, value = shape.members[shape.payload], output.get(shape.payload)
    if field.kind in {Kind.BLOB, Kind.STRING} or field.event_stream:
        binary = value.encode() if isinstance(value, str) else value or b""
        return binary, "application/octet-stream" if field.streaming else "application/json"
    if value is None:
        return b"", None
    return json.dump(json.write(service, field, value)), "application/json"
