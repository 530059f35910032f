"""Which operation a request calls."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote

from clearance.wire import query
from clearance.wire.faults import Fault, FaultError
from clearance.wire.message import Message, query_pairs
from clearance.wire.shapes import Location, Operation, Protocol, Service

__all__ = ["Route", "route"]

_FORM = "application/x-www-form-urlencoded"
_REST = frozenset({Protocol.REST_JSON, Protocol.REST_XML})
_FORMS = frozenset({Protocol.QUERY, Protocol.EC2})


@dataclass(frozen=True, slots=True)
class Route:
    """The operation, the protocol the request speaks, and what finding it already read."""

    service: Service
    operation: Operation
    protocol: Protocol
    labels: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def route(services: Sequence[Service], message: Message) -> Route:
    """The operation that a request calls, among the services its signature may mean.

    Raises:
        FaultError: no operation answers to this request; the fault is the protocol's own.
    """
    if not services:
        raise FaultError(Fault("UnknownOperationException", "", 404))
    if message.header("smithy-protocol") == Protocol.CBOR.removeprefix("smithy-"):
        problem = "the RPC v2 CBOR protocol is not spoken here; use JSON or query"
        raise FaultError(Fault("UnknownOperationException", problem, 404))
    target = message.header("x-amz-target")
    if target is not None and (found := _by_target(services, target)):
        return found
    forms = [s for s in services if not _FORMS.isdisjoint(s.protocols)]
    parameters = query.form(message) if forms and _may_be_form(message) else {}
    if "Action" in parameters and (found := _by_action(forms, parameters)):
        return found
    rests = [s for s in services if not _REST.isdisjoint(s.protocols)]
    if "Action" not in parameters:
        for service in rests:
            if found := _by_path(service, message):
                return found
    raise FaultError(_unknown(services, message, target, parameters))


def _may_be_form(message: Message) -> bool:
    """True if the parameters may hold an Action; SQS posts its queries to the queue's own URL."""
    content = message.header("content-type")
    return content.startswith(_FORM) if content is not None else message.path == "/"


def _by_target(services: Sequence[Service], target: str) -> Route | None:
    prefix, _, name = target.rpartition(".")
    for service in services:
        if Protocol.JSON in service.protocols and service.target_prefix == prefix:
            operation = service.operations.get(name)
            if operation is not None:
                return Route(service, operation, Protocol.JSON)
    return None


def _by_action(services: Sequence[Service], parameters: Mapping[str, str]) -> Route | None:
    """The operation of a query; `Version` chooses between models that share a signing name."""
    name, version = parameters["Action"], parameters.get("Version")
    having = [service for service in services if name in service.operations]
    for service in having:
        if version in {None, service.api_version}:
            protocol = next(p for p in service.protocols if p in _FORMS)
            return Route(service, service.operations[name], protocol, {}, parameters)
    return None


@dataclass(frozen=True, slots=True)
class _Template:
    """One compiled request URI; the more specific of two that match is tried first."""

    operation: Operation
    path: re.Pattern[str]
    labels: tuple[str, ...]
    literals: tuple[tuple[str, str | None], ...]
    required_query: tuple[str, ...]
    required_headers: tuple[str, ...]
    rank: tuple[int, int, int]


@lru_cache(maxsize=512)
def _templates(service: Service) -> Mapping[str, tuple[_Template, ...]]:
    """The service's templates by HTTP method, most specific first."""
    found: dict[str, list[_Template]] = {}
    for operation in service.operations.values():
        found.setdefault(operation.method, []).append(_compile(service, operation))
    return {
        method: tuple(sorted(templates, key=lambda t: t.rank, reverse=True))
        for method, templates in found.items()
    }


def _compile(service: Service, operation: Operation) -> _Template:
    path, _, literal = operation.request_uri.partition("?")
    pattern, labels, fixed, greedy = [], [], 0, 0
    # A trailing slash of the template is optional in the request.
    for piece in re.split(r"(\{[^}]+\})", path.rstrip("/")):
        if piece.startswith("{"):
            label = piece[1:-1]
            greedy += label.endswith("+")
            labels.append(label.removesuffix("+"))
            pattern.append("(.+)" if label.endswith("+") else "([^/]+)")
        else:
            fixed += len(piece)
            pattern.append(re.escape(piece))
    literals = tuple(
        (name, value if separator else None)
        for name, separator, value in (part.partition("=") for part in literal.split("&") if part)
    )
    members = service.shapes[operation.input].members if operation.input is not None else {}
    required = service.shapes[operation.input].required if operation.input is not None else ()
    named = [members[name] for name in required]
    return _Template(
        operation=operation,
        path=re.compile("".join(pattern) + "/?", re.DOTALL),
        labels=tuple(labels),
        literals=literals,
        required_query=tuple(f.wire_name for f in named if f.location is Location.QUERY_STRING),
        required_headers=tuple(f.wire_name.lower() for f in named if f.location is Location.HEADER),
        rank=(path.count("/"), fixed, -greedy),
    )


def _by_path(service: Service, message: Message) -> Route | None:
    pairs = query_pairs(message.query)
    names = {name for name, _ in pairs}
    best: tuple[tuple[int, ...], _Template, Mapping[str, str]] | None = None
    for template, labels in _matching(service, message.method, message.path):
        if not _literals_present(template, names, pairs):
            continue
        fit = _fit(template, names, message)
        if best is None or fit > best[0]:
            best = (fit, template, labels)
    if best is None:
        return None
    _, template, labels = best
    protocol = next(p for p in service.protocols if p in _REST)
    return Route(service, template.operation, protocol, labels)


@lru_cache(maxsize=1024)
def _matching(
    service: Service, method: str, path: str
) -> tuple[tuple[_Template, Mapping[str, str]], ...]:
    """The templates whose path matches, with their labels."""
    found = []
    for template in _templates(service).get(method, ()):
        match = template.path.fullmatch(path)
        if match is not None:
            pairs = zip(template.labels, match.groups(), strict=True)
            found.append((template, MappingProxyType({name: unquote(t) for name, t in pairs})))
    return tuple(found)


def _literals_present(
    template: _Template, names: set[str], pairs: tuple[tuple[str, str], ...]
) -> bool:
    return all(
        name in names if value is None else (name, value) in pairs
        for name, value in template.literals
    )


def _fit(template: _Template, names: set[str], message: Message) -> tuple[int, ...]:
    """How well a request fits a template whose path matches; greater is better.

    Operations that share method and path are told apart by what they require: PUT of an S3 key is
    UploadPart with `partNumber` and `uploadId`, CopyObject with `x-amz-copy-source`.
    """
    have = sum(name in names for name in template.required_query)
    have += sum(name in message.headers for name in template.required_headers)
    missing = len(template.required_query) + len(template.required_headers) - have
    # `x-id` is how newer SDKs name the operation outright.
    named = int(message.parameter("x-id") == template.operation.name) if "x-id" in names else 0
    return (
        named,
        *template.rank,
        len(template.literals),
        -missing,
        have,
        -int(template.operation.deprecated),
    )


def _unknown(
    services: Sequence[Service],
    message: Message,
    target: str | None,
    parameters: Mapping[str, str],
) -> Fault:
    """The fault of the first service's protocol for a call it does not know."""
    service = services[0]
    protocols = set(service.protocols)
    if service.name == "s3":
        # "The specified method is not allowed against this resource."
        # (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)
        text = "The specified method is not allowed against this resource."
        members = {"Method": message.method, "ResourceType": "SERVICE"}
        return Fault("MethodNotAllowed", text, 405, members=members)
    if target is not None or not protocols & (_FORMS | _REST):
        return Fault("UnknownOperationException", "", 400)
    if protocols & _FORMS:
        if "Action" not in parameters:
            text = "The action or parameter is missing; a request must name an Action"
            return Fault("MissingAction", text, 400)
        action, version = parameters["Action"], parameters.get("Version", service.api_version)
        if Protocol.EC2 in protocols:
            text = f"The action {action} is not valid for this web service."
        else:
            text = f"Could not find operation {action} for version {version}"
        return Fault("InvalidAction", text, 400)
    return Fault("UnknownOperationException", "", 404)
