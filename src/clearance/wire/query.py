"""The query protocol (IAM, STS, SNS ...) and its EC2 dialect: form parameters in, XML out."""

from collections.abc import Mapping

from clearance.wire import scalars, xml, xml_shapes
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import HttpAnswer, Message, query_pairs
from clearance.wire.shapes import Field, Kind, Operation, Protocol, Service, Shape, Value

__all__ = ["form", "parse", "serialize"]

_MAX_DEPTH = 32
_INDEX_DIGITS = 9

# Parameter names of SQS's query protocol where its (JSON) model lost them: item names of lists.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ (each action's example)
_SQS_ITEMS = {
    "AttributeNames": "AttributeName",
    "MessageAttributeNames": "MessageAttributeName",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "TagKeys": "TagKey",
    "Attributes": "Attribute",
    "Tags": "Tag",
    "tags": "Tag",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributes": "MessageSystemAttribute",
    "QueueUrls": "QueueUrl",
    "queueUrls": "QueueUrl",
    "Messages": "Message",
    "Successful": "ResultEntry",
    "Failed": "BatchResultErrorEntry",
}


class _Node:
    """One dotted prefix: its own value, and what follows the next dot."""

    __slots__ = ("children", "value")

    def __init__(self) -> None:
        self.value: str | None = None
        self.children: dict[str, _Node] = {}


def form(message: Message) -> dict[str, str]:
    """The request's parameters, from the query string and a form body; the first of a name wins.

    Raises:
        FaultError: the body is not text.
    """
    found: dict[str, str] = {}
    if message.body:
        content = message.header("content-type") or ""
        if content.startswith("application/x-www-form-urlencoded") or not content:
            try:
                text = message.body.decode()
            except UnicodeDecodeError as error:
                raise FaultError(_malformed("the body is not UTF-8")) from error
            for name, value in _pairs(text):
                found.setdefault(name, value)
    for name, value in query_pairs(message.query):
        found.setdefault(name, value)
    return found


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    # The cache of `query_pairs` is for short, repeated strings; policies would fill it.
    short = len(text) <= 256  # noqa: PLR2004
    return query_pairs(text) if short else query_pairs.__wrapped__(text)


def _malformed(message: str) -> Fault:
    # "MalformedInput" is what IAM and STS answer to parameters that cannot be read.
    return Fault("MalformedInput", message, 400)


def parse(
    parameters: Mapping[str, str],
    service: Service,
    operation: Operation,
    *,
    protocol: Protocol = Protocol.QUERY,
) -> dict[str, Value]:
    """The operation's input, by member name.

    Raises:
        FaultError: a parameter cannot be read as the model asks.
    """
    if operation.input is None:
        return {}
    root = _Node()
    for name, value in parameters.items():
        parts = name.split(".")
        if len(parts) > _MAX_DEPTH:
            raise FaultError(_malformed("a parameter name is nested too deeply"))
        node = root
        for part in parts:
            node = node.children.setdefault(part, _Node())
        node.value = value
    reader = _Reader(service, protocol)
    try:
        return reader.structure(service.shapes[operation.input], root)
    except scalars.ScalarError as error:
        raise FaultError(_malformed(str(error))) from error


class _Reader:
    """Reads the tree of parameters by the shapes of one service."""

    def __init__(self, service: Service, protocol: Protocol) -> None:
        self.shapes = service.shapes
        self.ec2 = protocol is Protocol.EC2
        self.items = _SQS_ITEMS if service.name == "sqs" else {}

    def structure(self, shape: Shape, node: _Node) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, field in shape.members.items():
            wire = self._name(field)
            child = node.children.get(wire)
            if field.kind in {Kind.LIST, Kind.MAP} and (field.flattened or self.ec2):
                item = self._item_name(field)
                other = node.children.get(item) if item else None
                if other is not None:
                    child = other
            if child is not None:
                value = self.value(field, child)
                if value is not None:
                    found[name] = value
        return found

    def _name(self, field: Field) -> str:
        if not self.ec2:
            return field.wire_name
        if field.query_name:
            return field.query_name
        name = field.wire_name
        return name[:1].upper() + name[1:] if field.location_name else name

    def _item_name(self, field: Field) -> str | None:
        if self.ec2:
            return None
        member = self.shapes[field.target].member
        return (member.location_name if member else None) or self.items.get(field.name)

    def value(self, field: Field, node: _Node) -> Value:
        if field.kind is Kind.STRUCTURE:
            return self.structure(self.shapes[field.target], node)
        if field.kind is Kind.LIST:
            return self._list(field, node)
        if field.kind is Kind.MAP:
            return self._map(field, node)
        if node.value is None:
            return None
        return scalars.from_text(field.kind, node.value, field.timestamp_format)

    def _list(self, field: Field, node: _Node) -> list[Value] | None:
        item = self.shapes[field.target].member
        if item is None:
            return None
        if not (field.flattened or self.ec2):
            inner = node.children.get(item.location_name or "member")
            if inner is None:
                return [] if node.value == "" else None
            node = inner
        values = [self.value(item, child) for child in _numbered(node)]
        if not values and node.value != "":
            return None
        return [value for value in values if value is not None]

    def _map(self, field: Field, node: _Node) -> dict[str, Value] | None:
        shape = self.shapes[field.target]
        if shape.key is None or shape.value is None:
            return None
        if not field.flattened:
            inner = node.children.get("entry")
            if inner is None:
                return {} if node.value == "" else None
            node = inner
        found: dict[str, Value] = {}
        names = (self._map_name(shape.key, "key"), self._map_name(shape.value, "value"))
        for child in _numbered(node):
            key, value = (child.children.get(name) for name in names)
            if key is not None and key.value is not None and value is not None:
                found[key.value] = self.value(shape.value, value)
        return found

    def _map_name(self, field: Field, default: str) -> str:
        if field.location_name:
            return field.location_name
        # SQS writes `Attribute.1.Name` and `Tag.1.Key`; its model has neither.
        if self.items:
            capital = {"TagKey": "Key", "TagValue": "Value"}.get(field.target)
            return capital or ("Name" if default == "key" else "Value")
        return default


def _numbered(node: _Node) -> list[_Node]:
    """The children named by numbers, in the order of those numbers."""
    numbers = [
        (int(name), child)
        for name, child in node.children.items()
        if name.isascii() and name.isdigit() and len(name) <= _INDEX_DIGITS
    ]
    return [child for _, child in sorted(numbers, key=lambda pair: pair[0])]


def serialize(
    output: Mapping[str, Value],
    service: Service,
    operation: Operation,
    request_id: str,
    *,
    protocol: Protocol = Protocol.QUERY,
) -> HttpAnswer:
    """The answer that carries ``output``."""
    shape = service.shapes[operation.output] if operation.output is not None else None
    inner = xml_shapes.write_members(service, shape, output) if shape is not None else ""
    if protocol is Protocol.EC2:
        body = xml.text_tag("requestId", request_id) + inner
    else:
        if operation.result_wrapper is not None:
            inner = xml.tag(operation.result_wrapper, inner)
        elif service.query_compatible and shape is not None:
            inner = xml.tag(f"{operation.name}Result", inner)
        body = inner + xml.tag("ResponseMetadata", xml.text_tag("RequestId", request_id))
    namespace = xml.attribute("xmlns", service.xml_namespace) if service.xml_namespace else ""
    return HttpAnswer(
        operation.status,
        (("x-amzn-RequestId", request_id), ("Content-Type", "text/xml")),
        xml.tag(f"{operation.name}Response", body, namespace).encode(),
    )
