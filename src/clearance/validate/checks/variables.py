"""Policy variables: where they may stand and how they are written (R130-R136)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from clearance.model.operators import Family
from clearance.validate.finding import Edit, Finding
from clearance.validate.source import Kind
from clearance.validate.view import Condition, Document, Entry, Statement, found

__all__ = ["document", "statement"]

_LITERALS: Final = frozenset({"*", "?", "$"})
_VARIABLE: Final = re.compile(r"\$\{[^*?$}][^}]*\}")
_TAKES: Final = frozenset({Family.STRING, Family.ARN})
HEAD: Final = 5


def document(doc: Document) -> Iterator[Finding]:
    """Variables in a version that has none."""
    if doc.variables or doc.version not in {None, "2008-10-17"}:
        return
    for one in doc.statements:
        values = [v for c in one.conditions for v in c.values]
        for entry in (*one.resources, *values):
            if entry.known and _VARIABLE.search(entry.text):
                details = f"`{entry.text}` is plain text without `Version` `2012-10-17`"
                yield found("VARIABLE_UNSUPPORTED_IN_VERSION", entry.place, details)


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Variables of one statement."""
    yield from _elsewhere(one)
    if not doc.variables:
        return
    for entry in one.resources:
        if entry.known:
            yield from _head(entry)
            yield from _written(entry)
    for condition in one.conditions:
        for value in condition.values:
            if value.known and "${" in value.text:
                yield from _value(condition, value)


def _value(condition: Condition, value: Entry) -> Iterator[Finding]:
    if condition.operator is not None and condition.operator.family not in _TAKES:
        details = f"`{condition.base}` does not replace variables; String and Arn operators do"
        yield found("INVALID_VARIABLE_FOR_OPERATOR", value.place, details)
    else:
        yield from _written(value)


def _elsewhere(one: Statement) -> Iterator[Finding]:
    elsewhere = [*one.actions, *(p.entry for p in one.principals)]
    sid = one.member("Sid")
    if sid is not None and sid.value.kind is Kind.STRING:
        elsewhere.append(Entry(sid.value, (*one.path, "Sid")))
    for entry in elsewhere:
        if entry.known and (hit := _VARIABLE.search(entry.text)):
            details = (
                f"`{hit.group()}` is not replaced here; variables are for resources and values"
            )
            yield found("VARIABLE_UNSUPPORTED_IN_ELEMENT", entry.place, details)


def _head(entry: Entry) -> Iterator[Finding]:
    head = ":".join(entry.text.split(":", HEAD)[:HEAD])
    if entry.text.startswith("arn:") and (hit := _VARIABLE.search(head)):
        details = f"`{hit.group()}` is not replaced before the fifth colon of an ARN"
        yield found("VARIABLE_UNSUPPORTED_IN_ELEMENT", entry.place, details)


def _written(entry: Entry) -> Iterator[Finding]:
    text, at = entry.text, 0
    while (start := text.find("${", at)) >= 0:
        end = text.find("}", start)
        if end < 0:
            fix = None
            if entry.node.end - entry.node.start == len(text) + 2 and not re.search(
                r"[/:*\s]", text[start + 2 :].partition(":")[2]
            ):
                fix = ("write `}`", (Edit(entry.node.end - 1, entry.node.end - 1, "}"),))
            details = f"the variable `{text[start:]}` has no `}}`"
            yield found("MISSING_BRACE_IN_VARIABLE", entry.place, details, fix)
            return
        inner = text[start + 2 : end]
        name, comma, default = inner.partition(",")
        if not inner.strip():
            yield found("EMPTY_VARIABLE", entry.place, "the variable `${}` has no name")
        elif inner not in _LITERALS:
            if any(c.isspace() for c in name):
                details = f"the name of the variable `${{{name}}}` contains a space"
                yield found("UNSUPPORTED_SPACE_IN_VARIABLE", entry.place, details)
            value = default.strip()
            if comma and not (len(value) > 1 and value[0] == value[-1] == "'"):
                details = f"a default is written `${{{name}, 'text'}}`"
                yield found("MISSING_QUOTE_IN_VARIABLE", entry.place, details)
        at = end + 1
