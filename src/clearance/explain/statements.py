"""Small changes of a policy's text that leave everything else as its author wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = [
    "add_statement",
    "change_statement",
    "condition_set",
    "condition_value",
    "element_value",
    "element_without",
    "remove_statement",
    "set_version",
    "statement_at",
]

Statement = dict[str, Any]


def _write(document: Any, like: str | None) -> str:  # noqa: ANN401 - JSON
    indent = 2 if like is None or "\n" in like else None
    return json.dumps(document, indent=indent, ensure_ascii=False)


def _list(document: dict[str, Any]) -> list[Statement]:
    raw = document.get("Statement", [])
    return list(raw) if isinstance(raw, list) else [raw]


def add_statement(text: str | None, statement: Mapping[str, Any]) -> str:
    """The policy with one statement more, or a new policy with only that; its Sid stays unique."""
    if text is None:
        return _write({"Version": "2012-10-17", "Statement": [dict(statement)]}, None)
    document = json.loads(text)
    statements = _list(document)
    taken = {each.get("Sid") for each in statements}
    added, number = dict(statement), 2
    while added.get("Sid") and added["Sid"] in taken:
        added["Sid"] = f"{statement['Sid']}{number}"
        number += 1
    document["Statement"] = [*statements, added]
    return _write(document, text)


def change_statement(text: str, index: int, change: Callable[[Statement], None]) -> str:
    """The policy with one statement changed in place."""
    document = json.loads(text)
    raw = document["Statement"]
    change(raw[index] if isinstance(raw, list) else raw)
    return _write(document, text)


def statement_at(text: str, index: int) -> Statement:
    """One statement as its author wrote it."""
    return _list(json.loads(text))[index]


def remove_statement(text: str, index: int) -> str | None:
    """The policy without a statement; None when it was the only one."""
    document = json.loads(text)
    statements = _list(document)
    del statements[index]
    if not statements:
        return None
    document["Statement"] = statements
    return _write(document, text)


def set_version(text: str) -> str:
    """The policy under the version that knows variables."""
    document = json.loads(text)
    rest = {key: value for key, value in document.items() if key != "Version"}
    return _write({"Version": "2012-10-17", **rest}, text)


def _with(value: Any, new: str, old: str | None) -> str | list[str]:  # noqa: ANN401
    items = list(value) if isinstance(value, list) else [] if value is None else [value]
    if old in items:
        items[items.index(old)] = new
    elif new not in items:
        items.append(new)
    return items[0] if len(items) == 1 and not isinstance(value, list) else items


def element_value(element: str, new: str, old: str | None = None) -> Callable[[Statement], None]:
    """Add a value to Action, Resource … (``Principal.AWS`` too), or put it in another's place."""
    name, _, inner = element.partition(".")

    def change(statement: Statement) -> None:
        if not inner:
            statement[name] = _with(statement.get(name), new, old)
            return
        who = statement.get(name)
        holder = dict(who) if isinstance(who, dict) else {}
        statement[name] = {**holder, inner: _with(holder.get(inner), new, old)}

    return change


def element_without(element: str, value: str) -> Callable[[Statement], None]:
    """Take a value out of an element that has several."""

    def change(statement: Statement) -> None:
        kept = [each for each in statement[element] if each.lower() != value.lower()]
        statement[element] = kept[0] if len(kept) == 1 else kept

    return change


def condition_set(operator: str, key: str, value: str | list[str]) -> Callable[[Statement], None]:
    """Add a condition."""

    def change(statement: Statement) -> None:
        block = {name: dict(keys) for name, keys in statement.get("Condition", {}).items()}
        block.setdefault(operator, {})[key] = value
        statement["Condition"] = block

    return change


def condition_value(
    operator: str, key: str, new: str | None, old: str | None = None
) -> Callable[[Statement], None]:
    """Add a value to a condition or put it in another's place; None drops the condition."""

    def change(statement: Statement) -> None:
        block = {name: dict(keys) for name, keys in statement["Condition"].items()}
        found = next(name for name in block if name.lower() == operator.lower())
        held = next(each for each in block[found] if each.lower() == key.lower())
        if new is None:
            del block[found][held]
            block = {name: keys for name, keys in block.items() if keys}
        else:
            block[found][held] = _with(block[found][held], new, old)
        if block:
            statement["Condition"] = block
        else:
            del statement["Condition"]

    return change
