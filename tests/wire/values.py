"""Plausible values for any shape, and botocore's own serializer and parser to compare with."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest, create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from clearance.wire.message import HttpAnswer, Message
from clearance.wire.shapes import Field, Kind, Location, Service, Value

_WHEN = datetime(2026, 8, 30, 12, 36, 5, tzinfo=UTC)
_DEPTH = 4


@cache
def model(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


class Plausible:
    """Deterministic values for the shapes of one service; recursion ends after a few levels."""

    def __init__(self, service: Service) -> None:
        self.shapes = service.shapes
        self.builders: dict[Kind, Callable[[Field, int], Value]] = {
            Kind.STRUCTURE: self.structure,
            Kind.LIST: self.list,
            Kind.MAP: self.map,
            Kind.STRING: self.string,
            Kind.TIMESTAMP: lambda _, __: _WHEN,
            Kind.BLOB: lambda field, _: b"\x00blob " + field.name.encode(),
            Kind.BOOLEAN: lambda field, _: len(field.name) % 2 == 0,
            Kind.INTEGER: self.integer,
            Kind.LONG: self.integer,
            Kind.FLOAT: lambda _, __: 2.5,
            Kind.DOUBLE: lambda _, __: -0.125,
        }

    def of(self, shape: str | None) -> dict[str, Value]:
        if shape is None:
            return {}
        return self.structure(Field("", shape, Kind.STRUCTURE), 0)

    def value(self, field: Field, depth: int) -> Value:
        return self.builders[field.kind](field, depth)

    def structure(self, field: Field, depth: int) -> dict[str, Value]:
        shape = self.shapes[field.target]
        if shape.document:
            return {"a": [1, {"b": True}]}
        found = {}
        for name, member in shape.members.items():
            deep = member.kind in {Kind.STRUCTURE, Kind.LIST, Kind.MAP}
            # A union must hold something.
            limit = _DEPTH * 2 if shape.union else _DEPTH
            if member.event_stream or (deep and depth >= limit):
                continue
            value = self.value(member, depth + 1)
            if value in ({}, [{}, {}]):
                continue  # form parameters and XML cannot carry it
            found[name] = value
            if shape.union:
                break
        return found

    def list(self, field: Field, depth: int) -> Value:
        item = self.shapes[field.target].member
        assert item is not None
        return [self.value(item, depth + 1) for _ in range(2)]

    def map(self, field: Field, depth: int) -> Value:
        shape = self.shapes[field.target]
        assert shape.key is not None
        assert shape.value is not None
        if field.location is not None:
            return {"one": "1"}
        enum = self.shapes[shape.key.target].enum
        return {(enum[0] if enum else f"key <{field.name}>"): self.value(shape.value, depth + 1)}

    def integer(self, field: Field, _depth: int) -> Value:
        return 202 if field.location is Location.STATUS_CODE else len(field.name) + 3

    def string(self, field: Field, _depth: int) -> Value:
        enum = self.shapes[field.target].enum
        if enum:
            return enum[-1]
        if field.json_value:
            return {"j": 1}
        if field.host_label:  # part of the URL's host; only letters may be there
            return field.name
        if field.location in {Location.HEADER, Location.HEADERS}:
            return f"{field.name}-a&b"
        return f'{field.name} <a&"b/é>'


def as_message(operation: OperationModel, given: dict[str, Value], protocol: str) -> Message:
    """The request that botocore would send."""
    serializer = create_serializer(protocol, include_validation=False)
    serialized = serializer.serialize_to_request(given, operation)
    prepare_request_dict(serialized, endpoint_url="http://localhost", context={})
    return from_botocore(create_request_object(serialized))


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def from_botocore(request: AWSRequest) -> Message:
    """A request of botocore's as it goes over the wire."""
    prepared = request.prepare()
    split = urlsplit(prepared.url)
    headers = [(k, text(v)) for k, v in prepared.headers.items()]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("Host", split.netloc))
    body: Value = prepared.body or b""
    return Message.of(
        prepared.method,
        split.path + (f"?{split.query}" if split.query else ""),
        headers,
        body.encode() if isinstance(body, str) else bytes(body),
    )


class Headers(dict[str, str]):
    """Headers that are found in any case, as botocore expects them."""

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        super().__init__({name.lower(): text for name, text in pairs})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Value = None) -> Value:
        return super().get(name.lower(), default)


def parsed(answer: HttpAnswer, shape: Shape | None, protocol: str) -> dict[str, Value]:
    """What botocore reads from an answer."""
    found: dict[str, Value] = create_parser(protocol).parse(
        {
            "status_code": answer.status,
            "headers": Headers(answer.headers),
            "body": answer.body,
            "context": {},
        },
        shape,  # type: ignore[arg-type] # None is how botocore says "no output"
    )
    return found
