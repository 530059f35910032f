"""What goes back when a call does not succeed: a code, a sentence, a status, and their rendering.

``Fault`` is the value; ``FaultError`` carries one to whoever answers; ``render`` writes it the way
the service's protocol does, so that every SDK reads the same code and message as from AWS.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from clearance.model.errors import ClearanceError
from clearance.wire import xml
from clearance.wire.message import HttpAnswer
from clearance.wire.shapes import Operation, Protocol, Service, Shape

__all__ = ["Fault", "FaultError", "modelled", "render"]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_INTERNAL = 500
_MESSAGE_MEMBERS = ("message", "Message", "errorMessage")

# The namespaces that AWS's JSON services put before `#` in `__type`, seen in public issues:
# https://github.com/aws/aws-sdk-js/issues/832 (DynamoDB) and
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/ (SQS, JSON).
_FRAMEWORK = "com.amazon.coral.service"
_FRAMEWORK_USERS = frozenset({"dynamodb", "dynamodbstreams", "sqs", "cloudwatch"})
_OWN_NAMESPACE = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810",
    "sqs": "com.amazonaws.sqs",
}

# Services whose unmodelled faults say `Message`; elsewhere the member is `message`.
# {"__type": ..., "Message": ...}: https://github.com/aws/aws-sdk-js/issues/832 (DynamoDB)
_CAPITAL_MESSAGE = frozenset({"dynamodb", "dynamodbstreams"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One error answer; ``members`` are further members of the error's shape."""

    code: str
    message: str = ""
    status: int = 400
    sender: bool = True
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    message_member: str | None = None
    query_code: str | None = None


class FaultError(ClearanceError):
    """The request is answered with this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.message}")
        self.fault = fault


@lru_cache(maxsize=4096)
def _exception(service: Service, code: str) -> Shape | None:
    """The modelled exception that travels under this code or has this name."""
    for name in (code, f"{code}Exception", code.rpartition(".")[2]):
        if name in service.shapes and (shape := service.shapes[name]).exception:
            return shape
    named = (service.shapes[name] for op in service.operations.values() for name in op.errors)
    return next((s for s in named if s.error is not None and s.error.code == code), None)


def modelled(
    service: Service, name: str, message: str, /, *, status: int | None = None, **members: object
) -> Fault:
    """The fault of an exception in the service's model, by shape name or code.

    A name that is not in the model is a sender's fault with status 400.
    """
    shape = _exception(service, name)
    error = shape.error if shape is not None else None
    if error is None:
        server = bool(shape and shape.name.startswith(("InternalS", "ServiceUnavail")))
        return Fault(name, message, status or (500 if server else 400), not server, members)
    return Fault(
        error.code or (shape.name if shape else name),
        message,
        status or error.status or (400 if error.sender else 500),
        error.sender,
        members,
    )


def render(
    fault: Fault,
    service: Service | None,
    request_id: str,
    *,
    protocol: Protocol | None = None,
    operation: Operation | None = None,
    head: bool = False,
    host_id: str = "",
) -> HttpAnswer:
    """The answer that carries ``fault`` to a client of ``service``.

    ``protocol`` is the one the request spoke; ``head`` drops the body, as HTTP asks for HEAD.
    """
    del operation  # the code alone says which exception it is
    speak = protocol or (service.protocol if service is not None else Protocol.REST_JSON)
    if service is not None and service.name == "s3":
        answer = _s3(fault, request_id, host_id)
    elif speak in {Protocol.JSON, Protocol.CBOR}:
        answer = _json(fault, service, request_id, "1.0" if speak is Protocol.CBOR else None)
    elif speak is Protocol.REST_JSON:
        answer = _rest_json(fault, service, request_id)
    elif speak is Protocol.EC2:
        answer = _ec2(fault, request_id)
    else:
        answer = _query(fault, service, request_id)
    return HttpAnswer(answer.status, answer.headers, b"") if head else answer


def _kind(fault: Fault) -> str:
    return "Sender" if fault.sender else "Receiver"


def _extras(fault: Fault) -> str:
    return "".join(xml.text_tag(name, str(value)) for name, value in fault.members.items())


def _query(fault: Fault, service: Service | None, request_id: str) -> HttpAnswer:
    namespace = service.xml_namespace if service is not None else None
    error = (
        xml.text_tag("Type", _kind(fault))
        + xml.text_tag("Code", fault.code)
        + xml.text_tag("Message", fault.message)
        + _extras(fault)
    )
    body = xml.tag(
        "ErrorResponse",
        xml.tag("Error", error) + xml.text_tag("RequestId", request_id),
        xml.attribute("xmlns", namespace) if namespace else "",
    )
    return HttpAnswer(
        fault.status,
        (("x-amzn-RequestId", request_id), ("Content-Type", "text/xml"), *fault.headers),
        body.encode(),
    )


def _ec2(fault: Fault, request_id: str) -> HttpAnswer:
    error = xml.text_tag("Code", fault.code) + xml.text_tag("Message", fault.message)
    body = _DECLARATION + xml.tag(
        "Response",
        xml.tag("Errors", xml.tag("Error", error + _extras(fault)))
        + xml.text_tag("RequestID", request_id),
    )
    return HttpAnswer(
        fault.status,
        (
            ("x-amzn-RequestId", request_id),
            ("Content-Type", "text/xml;charset=UTF-8"),
            *fault.headers,
        ),
        body.encode(),
    )


def _s3(fault: Fault, request_id: str, host_id: str) -> HttpAnswer:
    # <Error><Code/><Message/><Resource/><RequestId/></Error>
    # (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)
    body = _DECLARATION + xml.tag(
        "Error",
        xml.text_tag("Code", fault.code)
        + xml.text_tag("Message", fault.message)
        + _extras(fault)
        + xml.text_tag("RequestId", request_id)
        + xml.text_tag("HostId", host_id),
    )
    return HttpAnswer(
        fault.status,
        (
            ("x-amz-request-id", request_id),
            ("x-amz-id-2", host_id),
            ("Content-Type", "application/xml"),
            *fault.headers,
        ),
        body.encode(),
    )


def _document(fault: Fault, service: Service | None, shape: Shape | None) -> dict[str, Any]:
    """The JSON members of a fault: the message under its name, `Type` where modelled."""
    member = fault.message_member
    if member is None and shape is not None:
        member = next((m for m in _MESSAGE_MEMBERS if m in shape.members), None)
    if member is None:
        capital = service is not None and service.name in _CAPITAL_MESSAGE
        member = "Message" if capital else "message"
    document: dict[str, Any] = {member: fault.message}
    if shape is not None and "Type" in shape.members:
        # Lambda blames the user for its 502s too: the key, subnet or file is the user's.
        document["Type"] = "Service" if fault.status == _INTERNAL else "User"
    document.update(fault.members)
    return document


def _json(
    fault: Fault, service: Service | None, request_id: str, version: str | None
) -> HttpAnswer:
    shape = _exception(service, fault.code) if service is not None else None
    name = shape.name if shape is not None else fault.code
    headers = [("x-amzn-RequestId", request_id)]
    if service is not None:
        version = version or service.json_version
        space = _OWN_NAMESPACE.get(service.name) if shape is not None else None
        if space is None and service.name in _FRAMEWORK_USERS:
            space = _FRAMEWORK
        if service.query_compatible:
            # "x-amzn-query-error: errorCode;fault" (smithy.io, awsQueryCompatible trait)
            code = fault.query_code or fault.code
            headers.append(("x-amzn-query-error", f"{code};{_kind(fault)}"))
        name = f"{space}#{name}" if space else name
    headers.append(("Content-Type", f"application/x-amz-json-{version or '1.1'}"))
    document = {"__type": name, **_document(fault, service, shape)}
    return HttpAnswer(fault.status, (*headers, *fault.headers), _dump(document))


def _rest_json(fault: Fault, service: Service | None, request_id: str) -> HttpAnswer:
    shape = _exception(service, fault.code) if service is not None else None
    name = shape.name if shape is not None else fault.code
    document = _document(fault, service, shape)
    moved = [
        (member.wire_name, str(document.pop(member.name)))
        for member in (shape.members.values() if shape is not None else ())
        if member.location is not None and member.name in document
    ]
    return HttpAnswer(
        fault.status,
        (
            ("x-amzn-RequestId", request_id),
            ("x-amzn-ErrorType", name),
            ("Content-Type", "application/json"),
            *moved,
            *fault.headers,
        ),
        _dump(document),
    )


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
