"""A document as the checks see it: statements, entries and conditions, each with its place.

Nothing here refuses anything: what has the wrong shape is simply not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.operators import OPERATORS, OperatorName
from clearance.model.policy import PolicyType
from clearance.validate.codes import CODES
from clearance.validate.finding import AtKey, Edit, Finding, Fix, Place, Step
from clearance.validate.source import Kind, Member, Node

__all__ = [
    "Condition",
    "Document",
    "Entry",
    "Principal",
    "Statement",
    "covered",
    "found",
    "view",
]

_QUALIFIERS: Final = ("ForAllValues", "ForAnyValue")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a list, or the only one."""

    node: Node
    path: tuple[Step, ...]

    @property
    def text(self) -> str:
        """What it says."""
        return self.node.text

    @property
    def known(self) -> bool:
        """False for a value that only deployment knows."""
        return self.node.kind not in {Kind.OPAQUE, Kind.BROKEN}

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.path, self.node.start, self.node.end)


def covered(code: str, entry: Entry, owner: Entry, entries: tuple[Entry, ...]) -> Finding:
    """An entry of a list that says no more than another, and the edit that takes it out."""
    same = entry.text == owner.text
    details = f"`{entry.text}` is " + ("listed twice" if same else f"covered by `{owner.text}`")
    place = next(i for i, one in enumerate(entries) if one is entry)
    start, end = entry.node.start, entry.node.end
    if place:
        start = entries[place - 1].node.end
    else:
        end = entries[1].node.start
    return found(
        code, entry.place, details, ("leave it out", (Edit(start, end, ""),)), (owner.place,)
    )


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal under its kind (``AWS``); kind is empty for a plain ``"*"``."""

    kind: str
    entry: Entry

    @property
    def text(self) -> str:
        """Who."""
        return self.entry.text


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator. ``operator`` is None when AWS has none of that name."""

    written: str
    key: str
    values: tuple[Entry, ...]
    place: Place
    operator_place: Place
    value_node: Node
    base: str = ""
    qualifier: str = ""
    if_exists: bool = False

    @property
    def operator(self) -> OperatorName | None:
        """What is known of the operator."""
        return OPERATORS.get(self.base)

    @property
    def folded(self) -> str:
        """The key without regard to case (R102)."""
        return self.key.lower()

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as texts."""
        return tuple(value.text for value in self.values if value.known)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; lists are empty where the element is missing or has another shape."""

    node: Node
    path: tuple[Step, ...]
    index: int
    effect: str = ""
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False
    actions: tuple[Entry, ...] = ()
    resources: tuple[Entry, ...] = ()
    principals: tuple[Principal, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def place(self) -> Place:
        """The whole statement."""
        return Place(self.path, self.node.start, self.node.end)

    def member(self, *names: str) -> Member | None:
        """The first member with one of these names."""
        return next((m for m in self.node.members if m.key in names), None)

    def at(self, name: str) -> Place:
        """The value of an element; the statement when it is not there."""
        member = self.member(name)
        if member is None:
            return self.place
        return Place((*self.path, name), member.value.start, member.value.end)

    def at_key(self, member: Member) -> Place:
        """The name of an element."""
        return Place((*self.path, AtKey(member.key)), member.start, member.end)

    @property
    def everyone(self) -> bool:
        """True when it speaks about every principal."""
        return any(p.text == "*" and p.kind in {"", "AWS"} for p in self.principals)

    def tested(self) -> frozenset[str]:
        """The context keys it asks about, in lower case."""
        return frozenset(condition.folded for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy of one type. ``resource`` is its CloudFormation type, e.g. ``AWS::S3::Bucket``."""

    text: str
    root: Node
    kind: PolicyType
    catalog: Catalog
    resource: str | None = None
    version: str | None = None
    statements: tuple[Statement, ...] = field(default=())
    prefix: tuple[Step, ...] = ()

    @property
    def place(self) -> Place:
        """The whole document."""
        return Place(self.prefix, self.root.start, self.root.end)

    @property
    def variables(self) -> bool:
        """True when ``${…}`` is a variable (R2)."""
        return self.version == "2012-10-17"

    def at(self, name: str) -> Place:
        """The value of a top-level element."""
        node = self.root.get(name)
        return Place((*self.prefix, name), node.start, node.end) if node else self.place


def found(
    code: str,
    place: Place,
    details: str,
    fix: tuple[str, tuple[Edit, ...]] | None = None,
    others: tuple[Place, ...] = (),
) -> Finding:
    """A finding under one of AWS's codes."""
    made = Fix(*fix) if fix else None
    return Finding(code, CODES[code].type, details, place, made, others)


def view(
    text: str,
    root: Node,
    kind: PolicyType,
    catalog: Catalog,
    resource: str | None = None,
    prefix: tuple[Step, ...] = (),
) -> Document:
    """A document laid out for the checks."""
    version = root.get("Version")
    statements: list[Statement] = []
    raw = root.get("Statement")
    if raw is not None and raw.kind is Kind.ARRAY:
        for index, item in enumerate(raw.items):
            if item.kind is Kind.OBJECT:
                statements.append(_statement(item, (*prefix, "Statement", index), index))
    elif raw is not None and raw.kind is Kind.OBJECT:
        statements.append(_statement(raw, (*prefix, "Statement"), 0))
    stated = version.text if version is not None and version.kind is Kind.STRING else None
    return Document(text, root, kind, catalog, resource, stated, tuple(statements), prefix)


def _statement(node: Node, path: tuple[Step, ...], index: int) -> Statement:
    names = {member.key for member in node.members}
    action, not_actions = _pick(node, names, "Action")
    resource, not_resources = _pick(node, names, "Resource")
    principal, not_principals = _pick(node, names, "Principal")
    effect = node.get("Effect")
    return Statement(
        node,
        path,
        index,
        effect.text if effect is not None else "",
        not_actions,
        not_resources,
        not_principals,
        tuple(_entries(action, (*path, "NotAction" if not_actions else "Action"))),
        tuple(_entries(resource, (*path, "NotResource" if not_resources else "Resource"))),
        tuple(_principals(principal, (*path, "NotPrincipal" if not_principals else "Principal"))),
        tuple(_conditions(node.get("Condition"), (*path, "Condition"))),
    )


def _pick(node: Node, names: set[str], name: str) -> tuple[Node | None, bool]:
    if name in names:
        return node.get(name), False
    return node.get(f"Not{name}"), f"Not{name}" in names


def _entries(node: Node | None, path: tuple[Step, ...]) -> Iterator[Entry]:
    if node is None:
        return
    if node.kind is Kind.ARRAY:
        yield from (
            Entry(item, (*path, place)) for place, item in enumerate(node.items) if item.is_scalar
        )
    elif node.is_scalar:
        yield Entry(node, path)


def _principals(node: Node | None, path: tuple[Step, ...]) -> Iterator[Principal]:
    if node is None:
        return
    if node.kind is Kind.STRING:
        yield Principal("", Entry(node, path))
    for member in node.members:
        for entry in _entries(member.value, (*path, member.key)):
            yield Principal(member.key, entry)


def _conditions(node: Node | None, path: tuple[Step, ...]) -> Iterator[Condition]:
    if node is None:
        return
    for operator in node.members:
        qualifier, base, if_exists = _operator(operator.key)
        for key in operator.value.members:
            here = (*path, operator.key, key.key)
            yield Condition(
                operator.key,
                key.key,
                tuple(_entries(key.value, here)),
                Place((*path, operator.key, AtKey(key.key)), key.start, key.end),
                Place((*path, AtKey(operator.key)), operator.start, operator.end),
                key.value,
                base,
                qualifier,
                if_exists,
            )


def _operator(name: str) -> tuple[str, str, bool]:
    prefix, _, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    return (prefix if prefix in _QUALIFIERS else ""), base, rest != base
