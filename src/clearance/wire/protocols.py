"""The one door to all protocols: a routed request to its input, an output to its answer."""

from collections.abc import Mapping

from clearance.wire import json, query, rest_json, rest_xml
from clearance.wire.message import HttpAnswer, Message
from clearance.wire.route import Route
from clearance.wire.shapes import Operation, Protocol, Service, Value

__all__ = ["parse", "serialize"]


def parse(found: Route, message: Message) -> dict[str, Value]:
    """The operation's input, by member name.

    Raises:
        FaultError: the request cannot be read as the model asks.
    """
    service, operation = found.service, found.operation
    if found.protocol is Protocol.JSON:
        return json.parse(message, service, operation)
    if found.protocol is Protocol.REST_JSON:
        return rest_json.parse(message, service, operation, found.labels)
    if found.protocol is Protocol.REST_XML:
        return rest_xml.parse(message, service, operation, found.labels)
    return query.parse(found.parameters, service, operation, protocol=found.protocol)


def serialize(
    output: Mapping[str, Value],
    service: Service,
    operation: Operation,
    request_id: str,
    *,
    protocol: Protocol | None = None,
) -> HttpAnswer:
    """The answer that carries ``output`` in the protocol the request spoke."""
    speak = protocol or service.protocol
    if speak is Protocol.JSON:
        return json.serialize(output, service, operation, request_id)
    if speak is Protocol.REST_JSON:
        return rest_json.serialize(output, service, operation, request_id)
    if speak is Protocol.REST_XML:
        return rest_xml.serialize(output, service, operation, request_id)
    return query.serialize(output, service, operation, request_id, protocol=speak)
