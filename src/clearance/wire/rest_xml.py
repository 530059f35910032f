"""REST XML (S3, Route 53, CloudFront)."""

from collections.abc import Mapping

from clearance.wire import rest, scalars, xml, xml_shapes
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.shapes import Field, Kind, Operation, Service, Value

__all__ = ["parse", "serialize"]

# S3: "MalformedXML: The XML you provided was not well-formed or did not validate against our
# published schema." (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)
_MALFORMED = Fault(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    400,
)


def parse(
    message: Message, service: Service, operation: Operation, labels: Mapping[str, str]
) -> dict[str, Value]:
    """The operation's input, by member name.

    Raises:
        FaultError: the body is not XML, or a value is of the wrong kind.
    """
    found = rest.read_outside(message, service, operation, labels)
    if operation.input is None or operation.input_root is None or not message.body:
        return found
    shape = service.shapes[operation.input]
    if shape.payload is not None:
        field = shape.members[shape.payload]
        if field.kind is Kind.BLOB or field.event_stream:
            found[shape.payload] = message.body
        elif field.kind is Kind.STRING:
            found[shape.payload] = message.body.decode(errors="replace")
        else:
            found[shape.payload] = _read(message.body, service, field)
        return found
    if any(field.location is None for field in shape.members.values()):
        found.update(_read(message.body, service, operation.input_root))
    return found


def _read(body: bytes, service: Service, field: Field) -> Value:
    try:
        return xml_shapes.read(service, field, xml.parse(body))
    except (xml.XmlError, scalars.ScalarError) as error:
        raise FaultError(_MALFORMED) from error


def serialize(
    output: Mapping[str, Value], service: Service, operation: Operation, request_id: str
) -> HttpAnswer:
    """The answer that carries ``output``."""
    status, headers = rest.write_outside(output, service, operation)
    headers.insert(0, ("x-amz-request-id", request_id))
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
        if all(field.location for field in shape.members.values()):
            return b"", None
        inner = xml_shapes.write_members(service, shape, output)
        namespace = _default_namespace(service)
        return _document(xml.tag(shape.name, inner, namespace)), "application/xml"
    field, value = shape.members[shape.payload], output.get(shape.payload)
    if field.kind in {Kind.BLOB, Kind.STRING} or field.event_stream:
        binary = value.encode() if isinstance(value, str) else value or b""
        return binary, "application/octet-stream"
    if value is None:
        return b"", None
    written = xml_shapes.write(service, field, field.location_name or field.target, value)
    return _document(written), "application/xml"


def _default_namespace(service: Service) -> str:
    space = service.xml_namespace
    if space is None and service.name == "s3":
        space = f"http://s3.amazonaws.com/doc/{service.api_version}/"
    return xml.attribute("xmlns", space) if space else ""


def _document(text: str) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()
