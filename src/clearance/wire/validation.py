"""Does an input obey its model? If not, the sentences in which AWS says so.

    1 validation error detected: Value 'x y' at 'functionName' failed to satisfy constraint:
    Member must satisfy regular expression pattern: ...

Seen for Lambda in https://github.com/aarondfrancis/sidecar/issues/147, for IAM in
https://github.com/SWO-GS/auto-tag/issues/90, for STS in
https://github.com/newscorpaus/consigliere/issues/18.
"""

from collections.abc import Iterator, Mapping

from clearance.wire import patterns
from clearance.wire.faults import Fault, FaultError
from clearance.wire.shapes import Field, Kind, Operation, Protocol, Service, Shape, Value

__all__ = ["problems", "validate"]

# Services that refuse a value outside an enumeration; others take what a newer SDK may know.
_ENUMS = frozenset({"iam", "sts", "lambda", "organizations", "kms", "accessanalyzer"})
_FORMS = frozenset({Protocol.QUERY, Protocol.EC2})
_NUMBERS = frozenset({Kind.INTEGER, Kind.LONG, Kind.FLOAT, Kind.DOUBLE})
_SIZED = frozenset({Kind.STRING, Kind.BLOB, Kind.LIST, Kind.MAP})


def validate(
    given: Mapping[str, Value],
    service: Service,
    operation: Operation,
    protocol: Protocol | None = None,
) -> None:
    """Nothing, if the input obeys the model.

    Raises:
        FaultError: it does not; the fault names every problem.
    """
    found = tuple(problems(given, service, operation))
    if not found:
        return
    noun = "error" if len(found) == 1 else "errors"
    message = f"{len(found)} validation {noun} detected: {'; '.join(found)}"
    form = (protocol or service.protocol) in _FORMS
    raise FaultError(Fault("ValidationError" if form else "ValidationException", message, 400))


def problems(given: Mapping[str, Value], service: Service, operation: Operation) -> Iterator[str]:
    """One sentence for each constraint that the input breaks."""
    if operation.input is not None:
        yield from _structure(service, service.shapes[operation.input], given, "")


def _structure(
    service: Service, shape: Shape, given: Mapping[str, Value], path: str
) -> Iterator[str]:
    for name, field in shape.members.items():
        value = given.get(name)
        if value is None and name not in shape.required:
            continue
        # Coral names members in lower camel case, by their first letter only: `kMSKeyArn`.
        where = f"{path}.{name[:1].lower()}{name[1:]}".removeprefix(".")
        if value is None:
            yield f"Value null at '{where}' failed to satisfy constraint: {_NOT_NULL}"
        else:
            yield from _value(service, field, value, where)


_NOT_NULL = "Member must not be null"


def _value(service: Service, field: Field, value: Value, path: str) -> Iterator[str]:
    shape = service.shapes[field.target]
    for constraint in _broken(service, shape, value):
        yield _sentence(shape, value, path, constraint)
    if shape.kind is Kind.STRUCTURE and not shape.document:
        yield from _structure(service, shape, value, path)
    elif shape.kind is Kind.LIST and shape.member is not None:
        yield from _items(service, shape, shape.member, value, path)
    elif shape.kind is Kind.MAP and shape.key is not None and shape.value is not None:
        yield from _entries(service, shape, value, path)


def _items(service: Service, shape: Shape, field: Field, value: Value, path: str) -> Iterator[str]:
    """The problems of a list's items; those of plain items are told about the whole list."""
    item = service.shapes[field.target]
    if item.kind in {Kind.STRUCTURE, Kind.LIST, Kind.MAP}:
        for number, one in enumerate(value, 1):
            if one is not None:
                yield from _value(service, field, one, f"{path}.{number}.member")
    elif any(one is None or any(_broken(service, item, one)) for one in value):
        all_of = ", ".join([*_constraints(service, item), _NOT_NULL])
        yield _sentence(shape, value, path, f"Member must satisfy constraint: [{all_of}]")


def _entries(service: Service, shape: Shape, value: Value, path: str) -> Iterator[str]:
    for words, field, ones in (
        ("Map keys must satisfy constraint", shape.key, value.keys()),
        ("Map value must satisfy constraint", shape.value, value.values()),
    ):
        if field is None:
            continue
        item = service.shapes[field.target]
        if item.kind in {Kind.STRUCTURE, Kind.LIST, Kind.MAP}:
            for key, one in value.items():
                if one is not None:
                    yield from _value(service, field, one, f"{path}.{key}.member")
        elif any(one is None or any(_broken(service, item, one)) for one in ones):
            all_of = ", ".join([*_constraints(service, item), _NOT_NULL])
            yield _sentence(shape, value, path, f"{words}: [{all_of}]")


def _sentence(shape: Shape, value: Value, path: str, constraint: str) -> str:
    shown = "Value" if shape.sensitive else f"Value '{_shown(value)}'"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Value) -> str:
    """A value as Java prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


def _whole(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _broken(service: Service, shape: Shape, value: Value) -> Iterator[str]:
    """The shape's own constraints that a value breaks, in the order Coral tells them."""
    if shape.enum and service.name in _ENUMS and value not in shape.enum:
        yield _enum(shape)
    if (
        shape.pattern is not None
        and isinstance(value, str)
        and not patterns.matches(shape.pattern, value, shape.maximum)
    ):
        yield f"Member must satisfy regular expression pattern: {shape.pattern}"
    measure = _measure(shape, value)
    if measure is None:
        return
    if shape.minimum is not None and measure < shape.minimum:
        yield _minimum(shape)
    if shape.maximum is not None and measure > shape.maximum:
        yield _maximum(shape)


def _measure(shape: Shape, value: Value) -> Value:
    """What `min` and `max` speak of: a length or a number."""
    if shape.kind in _SIZED:
        return len(value)
    return value if shape.kind in _NUMBERS else None


def _constraints(service: Service, shape: Shape) -> Iterator[str]:
    """All constraints of a shape, broken or not."""
    if shape.maximum is not None:
        yield _maximum(shape)
    if shape.minimum is not None:
        yield _minimum(shape)
    if shape.pattern is not None:
        yield f"Member must satisfy regular expression pattern: {shape.pattern}"
    if shape.enum and service.name in _ENUMS:
        yield _enum(shape)


def _enum(shape: Shape) -> str:
    return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"


def _minimum(shape: Shape) -> str:
    noun = "value" if shape.kind in _NUMBERS else "length"
    return f"Member must have {noun} greater than or equal to {_whole(shape.minimum or 0)}"


def _maximum(shape: Shape) -> str:
    noun = "value" if shape.kind in _NUMBERS else "length"
    return f"Member must have {noun} less than or equal to {_whole(shape.maximum or 0)}"
