"""``aws_iam_policy_document`` as JSON, when Terraform itself will only write it during apply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from clearance.store.terraform.plan import Thing, longest

__all__ = ["render"]

_LISTS: Final = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS: Final = {"principals": "Principal", "not_principals": "NotPrincipal"}

Resolve = Callable[[object], str | None]
"""The text that an expression means, where that is sure."""


def render(thing: Thing, resolve: Resolve) -> tuple[str, tuple[str, ...]]:
    """The document, and what is not in it: statements with something only apply will tell."""
    statements, missing = [], []
    given = thing.values.get("statement")
    unknown = _list(thing.unknown.get("statement"))
    written = _list(thing.expressions.get("statement"))
    for number, raw in enumerate(given if isinstance(given, list) else ()):
        statement, problem = _statement(
            raw if isinstance(raw, dict) else {},
            _at(unknown, number),
            _at(written, number),
            resolve,
        )
        if problem is None:
            statements.append(statement)
        else:
            missing.append(f"{statement.get('Sid') or f'statement {number + 1}'}: {problem}")
    missing += [
        f"`{name}`"
        for name in ("source_policy_documents", "override_policy_documents")
        if thing.values.get(name) or thing.is_unknown(name)
    ]
    if thing.unknown.get("statement") is True:
        missing.append("its statements")
    document: dict[str, Any] = {"Version": thing.values.get("version") or "2012-10-17"}
    if thing.values.get("policy_id"):
        document["Id"] = thing.values["policy_id"]
    return json.dumps({**document, "Statement": statements}), tuple(missing)


def _statement(
    raw: Mapping[str, Any], unknown: object, written: object, resolve: Resolve
) -> tuple[dict[str, Any], str | None]:
    unknown = unknown if isinstance(unknown, dict) else {}
    written = written if isinstance(written, dict) else {}
    made: dict[str, Any] = {"Effect": raw.get("effect") or "Allow"}
    if raw.get("sid"):
        made["Sid"] = raw["sid"]
    problem: str | None = None
    for member, element in _LISTS.items():
        if _leaf(unknown.get(member)):
            # `aws_s3_bucket.b.arn` and "${aws_s3_bucket.b.arn}/*" look alike in a plan.
            problem = f"its `{element}` is not known until apply{_from(written.get(member))}"
        elif raw.get(member):
            made[element] = _one(raw[member])
    for member, element in _PRINCIPALS.items():
        found, hole = _principals(
            raw.get(member), unknown.get(member), written.get(member), resolve
        )
        if hole:
            problem = f"its `{element}` is not known until apply{_from(written.get(member))}"
        elif found:
            made[element] = found
    if _leaf(unknown.get("condition")):
        problem = f"its `Condition` is not known until apply{_from(written.get('condition'))}"
    elif raw.get("condition"):
        made["Condition"] = _conditions(raw["condition"])
    return made, problem


def _principals(
    raw: object, unknown: object, written: object, resolve: Resolve
) -> tuple[Any, bool]:
    """The element, and whether something in it is not sure.

    A principal is a whole ARN, so a reference is all of it.
    """
    found: dict[str, list[str]] = {}
    for number, block in enumerate(_list(raw)):
        if not isinstance(block, dict):
            return None, True
        hidden, said = _at(_list(unknown), number), _at(_list(written), number)
        names = block.get("identifiers")
        if _leaf(hidden):
            expression = said.get("identifiers") if isinstance(said, dict) else None
            name = resolve(expression)
            if name is None:
                return None, True
            names = [name]
        found.setdefault(str(block.get("type")), []).extend(map(str, _list(names)))
    if found == {"*": ["*"]}:
        return "*", False
    return {kind: _one(names) for kind, names in found.items()}, False


def _conditions(blocks: object) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for block in _list(blocks):
        if isinstance(block, dict):
            keys = made.setdefault(str(block.get("test")), {})
            values = [*_list(keys.get(str(block.get("variable")), [])), *_list(block.get("values"))]
            keys[str(block.get("variable"))] = values
    return {test: {k: _one(v) for k, v in keys.items()} for test, keys in made.items()}


def _from(expression: object) -> str:
    """What the value comes from, for the reader."""
    if isinstance(expression, list):
        expression = {"references": [r for e in expression for r in _list(_named(e))]}
    names = longest(tuple(r for r in _list(_named(expression)) if isinstance(r, str)))
    return f" (it comes from {', '.join(f'`{n}`' for n in names[:2])})" if names else ""


def _named(expression: object) -> object:
    if isinstance(expression, dict):
        if "references" in expression:
            return expression["references"]
        return [r for e in expression.values() for r in _list(_named(e))]
    return None


def _leaf(value: object) -> bool:
    if isinstance(value, dict):
        return any(_leaf(item) for item in value.values())
    if isinstance(value, list):
        return any(_leaf(item) for item in value)
    return value is True


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict | str) else []


def _at(values: list[Any], number: int) -> object:
    return values[number] if number < len(values) else None


def _one(values: object) -> object:
    return values[0] if isinstance(values, list) and len(values) == 1 else values
