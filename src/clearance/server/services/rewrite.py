"""The request moto sees, written anew from the input that was authorized.

Two readers of one request may disagree: about a parameter sent twice, an escape in a path, a
header in two spellings. moto reads none of what the client sent; it reads what we decided on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote

from clearance.wire import faults, protocols
from clearance.wire.faults import FaultError
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.route import Route
from clearance.wire.shapes import Protocol

__all__ = ["asked_as", "rewritten", "translated"]

# Headers that are no members of any input and yet mean something to a service.
_KEPT: Final = frozenset({"host"})
_TAGGING: Final = {
    "PutBucketTagging": "DeleteBucketTagging",
    "PutObjectTagging": "DeleteObjectTagging",
}


def asked_as(found: Route, given: Mapping[str, Any] | None = None) -> Route:
    """The route as moto is asked: in a protocol that botocore can write, and that moto can read.

    SQS still answers the query protocol, but its model no longer has that protocol's names. A set
    of no tags, which S3 takes, is more than moto understands: it is asked to delete them.
    """
    name = found.operation.name
    if found.service.name == "sqs" and found.protocol is Protocol.QUERY:
        return replace(found, protocol=Protocol.JSON)
    if name in _TAGGING and given is not None and not (given.get("Tagging") or {}).get("TagSet"):
        return replace(found, operation=found.service.operations[_TAGGING[name]])
    return found


def translated(answer: HttpAnswer, found: Route, request_id: str) -> HttpAnswer:
    """An answer in the protocol the client speaks.

    Raises:
        FaultError: the answer is an error.
    """
    if found.operation.name == "PutObjectTagging" and answer.status == HTTPStatus.NO_CONTENT:
        return replace(answer, status=HTTPStatus.OK)
    asked = asked_as(found)
    if asked is found:
        return answer
    operation = _model(found.service.name, found.operation.name)
    reply = {
        "status_code": answer.status,
        "headers": {name.lower(): value for name, value in answer.headers},
        "body": answer.body,
    }
    parser = import_module("botocore.parsers").create_parser(asked.protocol.value)
    output = parser.parse(reply, operation.output_shape)
    output.pop("ResponseMetadata", None)
    if "Error" in output:
        error = output["Error"]
        fault = faults.modelled(found.service, error["Code"], error["Message"])
        raise FaultError(replace(fault, status=answer.status))
    return protocols.serialize(
        output, found.service, found.operation, request_id, protocol=found.protocol
    )


def rewritten(found: Route, given: Mapping[str, Any], original: Message) -> Message:
    """The message that carries the input, in the protocol of the route."""
    operation = _model(found.service.name, found.operation.name)
    shape = operation.input_shape
    given = {k: v for k, v in given.items() if shape is not None and k in shape.members}
    # botocore's client side is slow to import; a start does not wait for it.
    create = import_module("botocore.serialize").create_serializer
    serializer = create(found.protocol.value, include_validation=False)
    made = serializer.serialize_to_request(dict(given), operation)
    path, _, literal = str(made["url_path"]).partition("?")
    query = "&".join(part for part in (literal, _query(made["query_string"] or {})) if part)
    headers = [(name, value) for name in _KEPT if (value := original.header(name)) is not None]
    headers += [(name, str(value)) for name, value in dict(made["headers"]).items()]
    body = made["body"]
    if isinstance(body, Mapping):  # the query protocol: a form
        content, body = "application/x-www-form-urlencoded; charset=utf-8", _query(body)
        headers = [h for h in headers if h[0].lower() != "content-type"]
        headers.append(("content-type", content))
    held = body.encode() if isinstance(body, str) else bytes(body or b"")
    return Message.of(made["method"], f"{path}?{query}" if query else path, headers, held)


@cache
def _model(service: str, operation: str) -> Any:  # noqa: ANN401
    return _session().get_service_model(service).operation_model(operation)


@cache
def _session() -> Any:  # noqa: ANN401
    return import_module("botocore.session").Session()


def _query(parameters: Mapping[str, Any]) -> str:
    pairs = (
        (name, item)
        for name, value in parameters.items()
        for item in (value if isinstance(value, list | tuple) else (value,))
    )
    return "&".join(f"{quote(str(n), safe='-._~')}={quote(str(v), safe='-._~')}" for n, v in pairs)
