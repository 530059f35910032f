"""The nouns of a service model: service, operation, shape, field.

A field names its target shape; shapes are looked up by name in ``Service.shapes``, so
recursive shapes need no special care.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

__all__ = [
    "Field",
    "Kind",
    "Location",
    "Operation",
    "Protocol",
    "Service",
    "Shape",
    "ShapeError",
    "Value",
]

# A modelled value: str, int, float, bool, bytes, an aware datetime, a list or dict of these, or
# whatever JSON holds where a shape is a document.
Value: TypeAlias = Any


class Protocol(StrEnum):
    """How a service speaks HTTP, as botocore's models name it."""

    QUERY = "query"
    EC2 = "ec2"
    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    CBOR = "smithy-rpc-v2-cbor"


class Kind(StrEnum):
    """What a shape holds."""

    STRUCTURE = "structure"
    LIST = "list"
    MAP = "map"
    STRING = "string"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    BLOB = "blob"
    TIMESTAMP = "timestamp"


class Location(StrEnum):
    """Where a member travels if not in the body."""

    URI = "uri"
    QUERY_STRING = "querystring"
    HEADER = "header"
    HEADERS = "headers"
    STATUS_CODE = "statusCode"


@dataclass(frozen=True, slots=True)
class Field:
    """A reference to a shape: a member of a structure, an item of a list, a side of a map.

    The traits are those of the reference laid over those of the shape it names.
    """

    name: str
    target: str
    kind: Kind
    location: Location | None = None
    location_name: str | None = None
    query_name: str | None = None
    flattened: bool = False
    timestamp_format: str | None = None
    xml_namespace: str | None = None
    xml_prefix: str | None = None
    xml_attribute: bool = False
    json_value: bool = False
    streaming: bool = False
    event_stream: bool = False
    idempotency_token: bool = False
    host_label: bool = False

    @property
    def wire_name(self) -> str:
        """The name used on the wire."""
        return self.location_name or self.name


@dataclass(frozen=True, slots=True)
class ShapeError:
    """How an exception shape travels: its code if it differs from its name, and its status."""

    code: str | None = None
    status: int | None = None
    sender: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of a model; which fields are filled depends on ``kind``."""

    name: str
    kind: Kind
    members: Mapping[str, Field] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    payload: str | None = None
    member: Field | None = None
    key: Field | None = None
    value: Field | None = None
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    sensitive: bool = False
    document: bool = False
    union: bool = False
    exception: bool = False
    error: ShapeError | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its HTTP binding and its input, output and error shapes."""

    name: str
    method: str
    request_uri: str
    status: int = 200
    input: str | None = None
    input_root: Field | None = None
    output: str | None = None
    result_wrapper: str | None = None
    errors: tuple[str, ...] = ()
    auth: str | None = None
    deprecated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One service model; ``name`` is botocore's (`iam-toolbox`), ``signing_name`` SigV4's."""

    name: str
    service_id: str
    full_name: str
    signing_name: str
    endpoint_prefix: str
    protocols: tuple[Protocol, ...]
    api_version: str
    operations: Mapping[str, Operation]
    shapes: Mapping[str, Shape]
    xml_namespace: str | None = None
    target_prefix: str | None = None
    json_version: str | None = None
    query_compatible: bool = False

    @property
    def protocol(self) -> Protocol:
        """The protocol to answer in when nothing says otherwise."""
        return next((p for p in self.protocols if p is not Protocol.CBOR), self.protocols[0])
