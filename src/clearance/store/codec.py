"""Model values as JSON, checked against their types; secrets are sealed on the way.

Missing fields take their defaults, so a newer Clearance reads what an older one wrote. Unknown
fields would be lost silently; `problem` finds them, and wrong types too, with the exact place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from clearance.model.errors import StoreError
from clearance.model.estate import Secret
from clearance.model.function import FunctionConfiguration

__all__ = ["PLAIN", "WITHHELD", "Codec", "Seal", "fingerprint", "problem"]

T = TypeVar("T")
Step: TypeAlias = Callable[[Any, Callable[[str], str]], Any]

# Texts that are secret to their owner though the model keeps them as plain texts.
_SEALED_TABLES: Final = {(FunctionConfiguration, "environment")}


class Seal(Protocol):
    """Turns secret texts into texts that may be stored, and back."""

    def seal(self, content: bytes) -> str:
        """A text that only `open` understands."""

    def open(self, sealed: str) -> bytes:
        """The bytes sealed before."""


class _Plain:
    def seal(self, content: bytes) -> str:
        return content.decode()

    def open(self, sealed: str) -> bytes:
        return sealed.encode()


class _Withheld:
    def seal(self, content: bytes) -> str:  # noqa: ARG002 (the point is to drop it)
        return ""

    def open(self, sealed: str) -> bytes:
        return sealed.encode()


PLAIN: Final[Seal] = _Plain()
"""Secrets in clear: for seeds that a person writes."""

WITHHELD: Final[Seal] = _Withheld()
"""Secrets left out: for files that are shown to others."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Model values to JSON and back, with one way of sealing.

    A ``strict`` codec refuses fields it does not know, others skip them.
    """

    sealing: Seal = PLAIN
    strict: bool = False

    def encode(self, value: object, kind: object) -> bytes:
        """The value as JSON."""
        step = _step(kind)
        if step is not None and self.sealing is not PLAIN:
            value = step(value, lambda text: self.sealing.seal(text.encode()))
        return msgspec.json.encode(value)

    def decode(self, text: bytes | memoryview | msgspec.Raw | str, kind: type[T]) -> T:
        """The value a JSON text stands for."""
        shape: Any = kind
        try:
            value: T = _decoder(shape).decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreError(f"cannot be read as {_name(shape)}: {_said(error)}") from error
        if self.strict and (text_problem := problem(msgspec.json.decode(text), shape)):
            raise StoreError(f"cannot be read as {_name(shape)}: {text_problem}")
        step = _step(shape)
        if step is None or self.sealing is PLAIN:
            return value
        opened: T = step(value, lambda sealed: self.sealing.open(sealed).decode())
        return opened


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401
    return msgspec.json.Decoder(kind)


@cache
def _hints(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401
    return get_type_hints(kind)


def _name(kind: object) -> str:
    return getattr(kind, "__name__", str(kind)).lower()


def _said(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]


# --- sealing --------------------------------------------------------------------------------------


@cache
def _step(kind: Any) -> Step | None:  # noqa: ANN401
    """How to turn the secrets inside a value of this type; None when it can hold none."""
    if kind is Secret:
        return lambda value, turn: Secret(turn(value.value))
    origin = get_origin(kind)
    if origin is Mapping:
        return _table_step(_step(get_args(kind)[1]))
    if origin is tuple and get_args(kind)[-1] is Ellipsis:
        return _tuple_step(_step(get_args(kind)[0]))
    if origin in {Union, UnionType}:
        inner = [step for arm in get_args(kind) if arm is not NoneType and (step := _step(arm))]
        return _optional_step(inner[0]) if inner else None
    if is_dataclass(kind):
        return _dataclass_step(kind)
    return None


def _table_step(inner: Step | None) -> Step | None:
    if inner is None:
        return None
    return lambda value, turn: {k: inner(v, turn) for k, v in value.items()}


def _tuple_step(inner: Step | None) -> Step | None:
    if inner is None:
        return None
    return lambda value, turn: tuple(inner(v, turn) for v in value)


def _optional_step(inner: Step) -> Step:
    return lambda value, turn: None if value is None else inner(value, turn)


def _dataclass_step(kind: Any) -> Step | None:  # noqa: ANN401
    steps = {
        name: found
        for name, hint in _hints(kind).items()
        if (
            found := _table_step(lambda value, turn: turn(value))
            if (kind, name) in _SEALED_TABLES
            else _step(hint)
        )
    }
    if not steps:
        return None

    def step(value: Any, turn: Callable[[str], str]) -> Any:  # noqa: ANN401
        turned = {
            name: inner(held, turn)
            for name, inner in steps.items()
            if (held := getattr(value, name))
        }
        return replace(value, **turned) if turned else value

    return step


# --- checking -------------------------------------------------------------------------------------


def problem(raw: object, kind: Any, path: str = "$") -> str | None:  # noqa: ANN401
    """What is wrong with plain JSON data as a value of a type, and where; None if nothing."""
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        arms = [arm for arm in get_args(kind) if arm is not NoneType]
        if raw is None or len(arms) != 1:
            return _mismatch(raw, kind, path)
        return problem(raw, arms[0], path)
    if origin is Mapping and isinstance(raw, dict):
        inner = get_args(kind)[1]
        found = (problem(v, inner, f"{path}[{k!r}]") for k, v in raw.items())
        return next((text for text in found if text), None)
    if origin in {tuple, frozenset} and isinstance(raw, list):
        inner = get_args(kind)[0]
        found = (problem(v, inner, f"{path}[{i}]") for i, v in enumerate(raw))
        return next((text for text in found if text), None)
    if is_dataclass(kind) and isinstance(raw, dict):
        return _dataclass_problem(raw, kind, path)
    return _mismatch(raw, kind, path)


def _dataclass_problem(raw: dict[str, Any], kind: Any, path: str) -> str | None:  # noqa: ANN401
    hints = _hints(kind)
    for name, value in raw.items():
        if name not in hints:
            near = get_close_matches(name, hints, 1)
            mend = f"; did you mean `{near[0]}`?" if near else f"; known: {', '.join(hints)}"
            return f"{path}: unknown field `{name}`{mend}"
        text = problem(value, hints[name], f"{path}.{name}")
        if text:
            return text
    for field in fields(kind):
        if field.name not in raw and field.default is field.default_factory is MISSING:
            return f"{path}: the field `{field.name}` is missing"
    return None


def _mismatch(raw: object, kind: Any, path: str) -> str | None:  # noqa: ANN401
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        return f"{path}: {_said(error)}"
    return None


@cache
def fingerprint(kind: Any) -> str:  # noqa: ANN401
    """A short name for the shape of a type; it changes when a field comes, goes or changes."""
    return sha256("\n".join(sorted(_shape(kind, set()))).encode()).hexdigest()[:16]


def _shape(kind: Any, seen: set[Any]) -> list[str]:  # noqa: ANN401
    shape: Any = kind
    if is_dataclass(kind):
        if kind in seen:
            return []
        seen.add(kind)
        hints = _hints(shape)
        lines = [f"{_name(kind)}.{name}: {hint}" for name, hint in hints.items()]
        return lines + [line for hint in hints.values() for line in _shape(hint, seen)]
    return [line for arm in get_args(kind) for line in _shape(arm, seen)]
