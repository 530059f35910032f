"""The words service tables are written in: a row says what one operation must be allowed.

"DeleteRole": on(role),
"Invoke": on(function, action="lambda:InvokeFunction"),
"CreateFunction": all_of(on(function, vpc, layers), passed(role_given, LAMBDA)),
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from clearance.operations.permissions import tags
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Permission, Value

__all__ = [
    "Keys",
    "Row",
    "Target",
    "all_of",
    "anything",
    "beside",
    "every",
    "member",
    "members",
    "on",
    "on_each",
    "one",
    "same",
    "when",
]

Row: TypeAlias = Callable[[Ask], Iterable[Permission]]
Target: TypeAlias = Callable[[Ask], str | None]
Keys: TypeAlias = Callable[[Ask], Mapping[str, Value]]


def one(
    ask: Ask,
    action: str,
    resource: str | None,
    context: Mapping[str, Value] | None = None,
    *,
    dependent: bool = False,
) -> Permission:
    """One permission; no resource means ``*`` with a warning, never less."""
    name = action if ":" in action else f"{ask.prefix}:{action}"
    if resource is None:
        return Permission(
            name,
            context=context or {},
            dependent=dependent,
            derived=False,
            warning=f"no resource could be derived for `{name}` from `{ask.operation}`; using `*`",
        )
    owner = ask.owner(resource) if resource.startswith("arn:") else ask.call.account
    return Permission(name, resource, context or {}, owner, dependent)


def on(target: Target, *keys: Keys, action: str | None = None, tagged: bool = True) -> Row:
    """The operation's action (or another) on one resource, with its condition keys.

    Tags in the request are ``aws:RequestTag`` unless ``tagged`` is False.
    """

    def row(ask: Ask) -> Iterable[Permission]:
        context = _context(ask, keys) if tagged else _given(ask, keys)
        yield one(ask, action or ask.operation, target(ask), context)

    return row


def on_each(targets: Callable[[Ask], Iterable[str]], *keys: Keys, action: str | None = None) -> Row:
    """The action on each of several resources; with a warning on ``*`` when there is none."""

    def row(ask: Ask) -> Iterable[Permission]:
        context = _context(ask, keys)
        found = tuple(dict.fromkeys(targets(ask)))
        for resource in found or (None,):
            yield one(ask, action or ask.operation, resource, context)

    return row


def beside(action: str, target: Target, *keys: Keys, tagged: bool = False) -> Row:
    """A dependent action, asked only when its resource is in the request."""

    def row(ask: Ask) -> Iterable[Permission]:
        resource = target(ask)
        if resource is not None:
            context = _context(ask, keys) if tagged else _given(ask, keys)
            yield one(ask, action, resource, context, dependent=True)

    return row


def all_of(*rows: Row) -> Row:
    """All permissions of several rows."""

    def row(ask: Ask) -> Iterable[Permission]:
        for part in rows:
            yield from part(ask)

    return row


def when(holds: Callable[[Ask], object], then: Row, otherwise: Row | None = None) -> Row:
    """One row or another, by something in the request."""

    def row(ask: Ask) -> Iterable[Permission]:
        if holds(ask):
            yield from then(ask)
        elif otherwise is not None:
            yield from otherwise(ask)

    return row


def same(names: str, row: Row) -> dict[str, Row]:
    """The same row for several operations, named in one string."""
    return dict.fromkeys(names.split(), row)


def every(row: Row, **changes: str) -> Row:
    """The permissions of a row with some of their fields replaced."""
    return lambda ask: (replace(found, **changes) for found in row(ask))  # type: ignore[arg-type]


def anything(ask: Ask) -> str:
    """``*``: the action has no resource-level permissions (R41)."""
    del ask
    return "*"


def member(key: str, path: str) -> Keys:
    """A condition key that carries an input member, when it is sent."""

    def keys(ask: Ask) -> Mapping[str, Value]:
        found = ask.value(path)
        return {key: found} if isinstance(found, str | bool | int | float) else {}

    return keys


def members(key: str, path: str) -> Keys:
    """A multivalued condition key that carries a list member, when it is not empty."""

    def keys(ask: Ask) -> Mapping[str, Value]:
        found = ask.texts(path)
        return {key: found} if found else {}

    return keys


def _given(ask: Ask, keys: Iterable[Keys]) -> dict[str, Value]:
    context: dict[str, Value] = {}
    for part in keys:
        context |= part(ask)
    return context


def _context(ask: Ask, keys: Iterable[Keys]) -> dict[str, Value]:
    return {**tags.of(ask), **_given(ask, keys)}
