"""A suite from a document: tests, tables and invariants, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from clearance.model.errors import UsageError
from clearance.model.request import Context
from clearance.validate.source import Kind, Node

__all__ = ["LAYERS", "Case", "Invariant", "Suite", "read_suite"]

LAYERS: Final = ("identity", "resource", "trust", "boundary", "session", "scp", "rcp")
_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+", re.IGNORECASE)
_PATTERN: Final = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """One request and whether it must be allowed."""

    name: str
    who: str
    action: str
    resource: str
    allowed: bool
    context: Context
    line: int
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Invariant:
    """What nobody of ``who`` but ``but`` may ever do; no ``who`` means everybody."""

    name: str
    who: tuple[str, ...]
    but: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Context
    line: int


@dataclass(frozen=True, slots=True)
class Suite:
    """A file of tests and what they are decided in: an estate, or policies by layer."""

    estate: str | None = None
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    invariants: tuple[Invariant, ...] = ()


_TOP: Final = ("estate", "policies", "given", "absent", "tests", "tables", "must_not")
_TEST: Final = ("name", "who", "can", "cannot", "on", "given", "absent", "owner")
_TABLE: Final = ("name", "on", "who", "columns", "rows", "given", "absent", "owner")
_NEVER: Final = ("name", "who", "except", "do", "on", "given", "absent")
_CELLS: Final = {"can": True, "yes": True, "true": True, "cannot": False, "no": False,
                 "false": False, "-": None, "": None}  # fmt: skip


def read_suite(root: Node, line_of: Callable[[int], int]) -> Suite:
    """The suite in a document; ``line_of`` tells the line of an offset.

    Raises:
        UsageError: with the line, and what to write instead.
    """
    return _Reader(line_of).suite(root)


class _Reader:
    def __init__(self, line_of: Callable[[int], int]) -> None:
        self.line_of = line_of

    def fail(self, node: Node, problem: str) -> UsageError:
        return UsageError(f"line {self.line_of(node.start)}: {problem}")

    def suite(self, root: Node) -> Suite:
        self.object(root, _TOP, "a test file")
        estate = root.get("estate")
        policies = root.get("policies")
        if estate is not None and policies is not None:
            raise self.fail(policies, "give either `estate` or `policies`")
        given = self.given(root)
        tests = self.list_of(root, "tests")
        tables = self.list_of(root, "tables")
        never = self.list_of(root, "must_not")
        suite = Suite(
            self.text(estate, "estate") if estate is not None else None,
            self.policies(policies) if policies is not None else {},
            (
                *(case for node in tests for case in self.test(node, given)),
                *(case for node in tables for case in self.table(node, given)),
            ),
            tuple(self.invariant(node, given) for node in never),
        )
        if not suite.cases and not suite.invariants:
            raise self.fail(root, "no `tests`, `tables` or `must_not` in it")
        return suite

    def object(self, node: Node, keys: tuple[str, ...], what: str) -> None:
        if node.kind is not Kind.OBJECT:
            raise self.fail(node, f"{what} is an object with {_names(keys)}")
        for member in node.members:
            if member.key not in keys:
                near = get_close_matches(member.key, keys, n=1, cutoff=0.5)
                hint = f"; did you mean `{near[0]}`?" if near else f"; it has {_names(keys)}"
                raise UsageError(
                    f"line {self.line_of(member.start)}: {what} has no `{member.key}`{hint}"
                )

    def list_of(self, node: Node, key: str) -> tuple[Node, ...]:
        found = node.get(key)
        if found is None:
            return ()
        if found.kind is not Kind.ARRAY:
            raise self.fail(found, f"`{key}` is a list")
        return found.items

    def text(self, node: Node, what: str) -> str:
        if node.kind not in {Kind.STRING, Kind.NUMBER, Kind.BOOLEAN} or not node.text:
            raise self.fail(node, f"`{what}` is a text")
        return node.text

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        if node is None:
            return ()
        items = node.items if node.kind is Kind.ARRAY else (node,)
        return tuple(self.text(item, what) for item in items)

    def policies(self, node: Node) -> Mapping[str, tuple[str, ...]]:
        self.object(node, LAYERS, "`policies`")
        return {m.key: self.texts(m.value, m.key) for m in node.members}

    def given(self, node: Node, before: Context | None = None) -> Context:
        """Context keys; those of the file hold for every test that does not say otherwise."""
        values: dict[str, str | list[str]] = {}
        absent = set(before.absent if before else ())
        if before is not None:
            values = {v.key: _plain(v.values, v.multivalued) for v in before.values.values()}
        found = node.get("given")
        if found is not None and found.kind is not Kind.OBJECT:
            raise self.fail(found, "`given` is an object of context keys")
        for member in found.members if found is not None else ():
            if ":" not in member.key:
                raise self.fail(member.value, f"`{member.key}` is not a context key")
            values = {k: v for k, v in values.items() if k.lower() != member.key.lower()}
            texts = self.texts(member.value, member.key)
            values[member.key] = _plain(texts, member.value.kind is Kind.ARRAY)
            absent.discard(member.key.lower())
        for key in self.texts(node.get("absent"), "absent"):
            values = {k: v for k, v in values.items() if k.lower() != key.lower()}
            absent.add(key.lower())
        return Context.of(values, absent=absent)

    def test(self, node: Node, before: Context) -> Iterator[Case]:
        self.object(node, _TEST, "a test")
        who = self.needed(node, "who")
        on = self.texts(node.get("on"), "on") or ("*",)
        if node.get("can") is None and node.get("cannot") is None:
            raise self.fail(node, "a test says what somebody `can` or `cannot` do")
        context = self.given(node, before)
        owner = node.get("owner")
        self.name(node, "")
        asked = sum(len(self.texts(node.get(key), key)) for key in ("can", "cannot"))
        several = asked * len(who) * len(on) > 1
        for key in ("can", "cannot"):
            for action in self.actions(node, key, _ACTION):
                for one in who:
                    for resource in on:
                        yield Case(
                            _title(node, several, f"{one} {key} {action} on {resource}"),
                            one,
                            action,
                            resource,
                            key == "can",
                            context,
                            self.line_of(node.start),
                            self.text(owner, "owner") if owner is not None else None,
                        )

    def table(self, node: Node, before: Context) -> Iterator[Case]:
        """Rows of principals (or resources, with ``who``), columns of actions."""
        self.object(node, _TABLE, "a table")
        columns = self.actions(node, "columns", _ACTION)
        who, on = self.texts(node.get("who"), "who"), self.texts(node.get("on"), "on")
        rows = node.get("rows")
        if not columns or rows is None or rows.kind is not Kind.OBJECT:
            raise self.fail(node, "a table has `columns` of actions and `rows` of answers")
        if bool(who) == bool(on):
            raise self.fail(node, "a table has either `on` (rows are principals) or `who`")
        context = self.given(node, before)
        title = self.name(node, "table")
        for row in rows.members:
            cells = row.value.items if row.value.kind is Kind.ARRAY else (row.value,)
            if len(cells) != len(columns):
                problem = f"`{row.key}` has {len(cells)} answers for {len(columns)} columns"
                raise self.fail(row.value, problem)
            for action, cell in zip(columns, cells, strict=True):
                if cell.text.lower() not in _CELLS:
                    raise self.fail(cell, f"`{cell.text}` is not an answer; write can, cannot or -")
                allowed = _CELLS[cell.text.lower()]
                if allowed is None:
                    continue
                word = "can" if allowed else "cannot"
                for other in who or on:
                    one, resource = (other, row.key) if who else (row.key, other)
                    name = f"{title}: {one} {word} {action} on {resource}"
                    line = self.line_of(row.start)
                    yield Case(name, one, action, resource, allowed, context, line)

    def invariant(self, node: Node, before: Context) -> Invariant:
        self.object(node, _NEVER, "an invariant")
        actions = self.actions(node, "do", _PATTERN)
        if not actions:
            raise self.fail(node, "an invariant says what nobody may `do`")
        resources = self.texts(node.get("on"), "on") or ("*",)
        who = tuple(w for w in self.texts(node.get("who"), "who") if w not in {"anyone", "*"})
        what = f"{', '.join(actions)} on {', '.join(resources)}"
        return Invariant(
            self.name(node, f"nobody can {what}"),
            who,
            self.texts(node.get("except"), "except"),
            actions,
            resources,
            self.given(node, before),
            self.line_of(node.start),
        )

    def needed(self, node: Node, key: str) -> tuple[str, ...]:
        found = self.texts(node.get(key), key)
        if not found:
            raise self.fail(node, f"`{key}` is missing")
        return found

    def actions(self, node: Node, key: str, form: re.Pattern[str]) -> tuple[str, ...]:
        found = self.texts(node.get(key), key)
        for action in found:
            if not form.fullmatch(action):
                raise self.fail(node, f"`{action}` is not an action; write `service:Action`")
        return found

    def name(self, node: Node, otherwise: str) -> str:
        found = node.get("name")
        return self.text(found, "name") if found is not None else otherwise


def _title(node: Node, several: bool, request: str) -> str:  # noqa: FBT001
    """A test's own name; with the request when the test makes several."""
    name = node.get("name")
    if name is None:
        return request
    return f"{name.text}: {request}" if several else name.text


def _plain(values: tuple[str, ...], several: bool) -> str | list[str]:  # noqa: FBT001
    return list(values) if several else values[0]


def _names(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)
