"""Service models from botocore's data files, read when they are first asked for."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Generic, TypeVar

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from clearance.wire.shapes import (
    Field,
    Kind,
    Location,
    Operation,
    Protocol,
    Service,
    Shape,
    ShapeError,
)

__all__ = ["UnknownModelError", "service", "service_names", "services_signed_as"]

_MODEL = "service-2"
_HEAD = 4096  # compressed bytes that are sure to hold a model's `metadata`

# The model named like its signing name, or named here, is tried first; the others follow in
# alphabetical order.
_MAIN = {
    "access-analyzer": "accessanalyzer",
    "elasticloadbalancing": "elbv2",
    "aws-marketplace": "marketplace-catalog",
    "execute-api": "apigatewaymanagementapi",
    "ses": "sesv2",
    "cassandra": "keyspaces",
    "mobiletargeting": "pinpoint",
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
}

# awsQueryCompatible services still answer the query protocol they migrated from, but their
# models no longer carry its namespace.
_QUERY_NAMESPACE = {"sqs": "http://queue.amazonaws.com/doc/2012-11-05/"}

Raw = Mapping[str, Any]
V = TypeVar("V")


class UnknownModelError(LookupError):
    """No installed model has this name."""


class _Lazy(Mapping[str, V], Generic[V]):
    """A mapping that builds each value when it is first read."""

    __slots__ = ("_build", "_built", "_raw")

    def __init__(self, raw: Raw, build: Callable[[str, Raw], V]) -> None:
        self._raw = raw
        self._build = build
        self._built: dict[str, V] = {}

    def __getitem__(self, name: str) -> V:
        found = self._built.get(name)
        if found is None:
            found = self._built[name] = self._build(name, self._raw[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@cache
def _loader() -> Loader:
    return Loader()


@cache
def service_names() -> tuple[str, ...]:
    """The names of all installed models, in alphabetical order."""
    return tuple(sorted(_loader().list_available_services(_MODEL)))


@cache
def service(name: str) -> Service:
    """The model with botocore's name `name`, such as `iam` or `s3control`."""
    try:
        raw = _loader().load_service_model(name, _MODEL)
    except (UnknownServiceError, DataNotFoundError) as error:
        raise UnknownModelError(f"no service model is named `{name}`") from error
    return _service(name, raw)


@lru_cache(maxsize=1024)  # an unsigned caller chooses the name
def services_signed_as(signing_name: str) -> tuple[Service, ...]:
    """The models whose requests are signed with this name, the main one first."""
    return tuple(service(name) for name in _signed().get(signing_name, ()))


@cache
def _signed() -> Mapping[str, tuple[str, ...]]:
    """Signing name -> model names, from the first kilobytes of each model (70 ms)."""
    found: dict[str, list[str]] = {}
    for name in service_names():
        metadata = _metadata(name)
        found.setdefault(metadata.get("signingName") or metadata["endpointPrefix"], []).append(name)
    return {
        signing: tuple(sorted(names, key=lambda n: (n not in {signing, _MAIN.get(signing)}, n)))
        for signing, names in found.items()
    }


def _metadata(name: str) -> Raw:
    """A model's `metadata`, without reading the model if its head has it."""
    loader = _loader()
    version = loader.determine_latest_version(name, _MODEL)
    for folder in loader.search_paths:
        plain = Path(folder, name, version, f"{_MODEL}.json")
        packed = plain.with_suffix(".json.gz")
        if packed.exists():
            with packed.open("rb") as file:
                text = zlib.decompressobj(31).decompress(file.read(_HEAD)).decode(errors="ignore")
        elif plain.exists():
            with plain.open("rb") as file:
                text = file.read(_HEAD).decode(errors="ignore")
        else:
            continue
        return _head_metadata(text) or _whole_metadata(packed if packed.exists() else plain)
    raise UnknownModelError(f"no service model is named `{name}`")


def _head_metadata(text: str) -> Raw | None:
    at = text.find('"metadata"')
    if at < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, text.index("{", at))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _whole_metadata(path: Path) -> Raw:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found: Raw = json.loads(data)["metadata"]
    return found


def _service(name: str, raw: Raw) -> Service:
    metadata = raw["metadata"]
    shapes = raw.get("shapes", {})
    compatible = "awsQueryCompatible" in metadata
    protocols = [metadata["protocol"], *metadata.get("protocols", ())]
    if compatible:
        protocols.append(Protocol.QUERY)
    return Service(
        name=name,
        service_id=metadata.get("serviceId", name),
        full_name=metadata["serviceFullName"],
        signing_name=metadata.get("signingName") or metadata["endpointPrefix"],
        endpoint_prefix=metadata["endpointPrefix"],
        protocols=tuple(dict.fromkeys(Protocol(p) for p in protocols)),
        api_version=metadata["apiVersion"],
        operations=_Lazy(raw["operations"], lambda n, op: _operation(n, op, shapes)),
        shapes=_Lazy(shapes, lambda n, shape: _shape(n, shape, shapes)),
        xml_namespace=metadata.get("xmlNamespace") or _QUERY_NAMESPACE.get(name),
        target_prefix=metadata.get("targetPrefix"),
        json_version=metadata.get("jsonVersion"),
        query_compatible=compatible,
    )


def _operation(name: str, raw: Raw, shapes: Raw) -> Operation:
    http = raw["http"]
    given, answered = raw.get("input"), raw.get("output")
    return Operation(
        name=name,
        method=http["method"],
        request_uri=http["requestUri"],
        status=http.get("responseCode", 200),
        input=given and given["shape"],
        input_root=_field("", given, shapes) if given else None,
        output=answered and answered["shape"],
        result_wrapper=answered and answered.get("resultWrapper"),
        errors=tuple(error["shape"] for error in raw.get("errors", ())),
        auth=raw.get("authtype") or (raw.get("auth") or [None])[0],
        deprecated=bool(raw.get("deprecated")),
    )


def _shape(name: str, raw: Raw, shapes: Raw) -> Shape:
    error = raw.get("error")
    return Shape(
        name=name,
        kind=Kind(raw["type"]),
        members={n: _field(n, m, shapes) for n, m in raw.get("members", {}).items()},
        required=tuple(raw.get("required", ())),
        payload=raw.get("payload"),
        member=_field("member", raw["member"], shapes) if "member" in raw else None,
        key=_field("key", raw["key"], shapes) if "key" in raw else None,
        value=_field("value", raw["value"], shapes) if "value" in raw else None,
        enum=tuple(raw.get("enum", ())),
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        pattern=raw.get("pattern"),
        sensitive=bool(raw.get("sensitive")),
        document=bool(raw.get("document")),
        union=bool(raw.get("union")),
        exception=bool(raw.get("exception")),
        error=_shape_error(error, raw) if error else None,
    )


def _shape_error(error: Raw, raw: Raw) -> ShapeError:
    status = error.get("httpStatusCode")
    ours = raw.get("fault") or (status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR)
    return ShapeError(error.get("code"), status, bool(error.get("senderFault", not ours)))


def _field(name: str, reference: Raw, shapes: Raw) -> Field:
    traits = {**shapes[reference["shape"]], **reference}
    namespace = traits.get("xmlNamespace") or {}
    if isinstance(namespace, str):
        namespace = {"uri": namespace}
    return Field(
        name=name,
        target=reference["shape"],
        kind=Kind(traits["type"]),
        location=Location(traits["location"]) if "location" in traits else None,
        location_name=traits.get("locationName"),
        query_name=traits.get("queryName"),
        flattened=bool(traits.get("flattened")),
        timestamp_format=traits.get("timestampFormat"),
        xml_namespace=namespace.get("uri"),
        xml_prefix=namespace.get("prefix"),
        xml_attribute=bool(traits.get("xmlAttribute")),
        json_value=bool(traits.get("jsonvalue")),
        streaming=bool(traits.get("streaming")),
        event_stream=bool(traits.get("eventstream")),
        idempotency_token=bool(traits.get("idempotencyToken")),
        host_label=bool(traits.get("hostLabel")),
    )
