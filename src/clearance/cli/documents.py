"""YAML, TOML and JSON as nodes that know where they stand."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearance.model.errors import UsageError
from clearance.validate.source import Kind, Member, Node, read

if TYPE_CHECKING:
    import yaml

__all__ = ["of_yaml", "read_document"]

_DEEPEST: Final = 80
_SCALARS: Final = {
    "tag:yaml.org,2002:bool": Kind.BOOLEAN,
    "tag:yaml.org,2002:int": Kind.NUMBER,
    "tag:yaml.org,2002:float": Kind.NUMBER,
    "tag:yaml.org,2002:null": Kind.NULL,
}
_BOOLEAN: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def read_document(path: Path, text: str) -> Node:
    """A document by the ending of its name.

    Raises:
        UsageError: says what is wrong, and in which line.
    """
    ending = path.suffix.lower()
    if ending == ".toml":
        return _toml(text)
    if ending == ".json":
        node, faults = read(text)
        if faults:
            line = text.count("\n", 0, faults[0].start) + 1
            raise UsageError(f"line {line}: {faults[0].problem}")
        return node
    return _yaml(text)


def _yaml(text: str) -> Node:
    try:
        import yaml
    except ImportError:
        raise UsageError("YAML needs PyYAML: `pip install pyyaml`; TOML needs nothing") from None
    try:
        found = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark: Any = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = str(getattr(error, "problem", None) or "not YAML")
        raise UsageError(f"line {line}: {problem}") from None
    return of_yaml(found) if found is not None else Node(Kind.OBJECT, 0, 0)


def of_yaml(node: yaml.Node, depth: int = 0) -> Node:
    """A node of YAML as one of ours; CloudFormation's tags are values of deployment."""
    start, end = node.start_mark.index, node.end_mark.index
    value: Any = node.value
    if node.tag.startswith("!") or depth > _DEEPEST:
        return Node(Kind.OPAQUE, start, end)
    if isinstance(value, str):
        kind = _SCALARS.get(node.tag, Kind.STRING)
        text = value.lower() if kind is Kind.BOOLEAN else value
        return Node(kind, start, end, _BOOLEAN.get(text, text) if kind is Kind.BOOLEAN else text)
    if node.tag == "tag:yaml.org,2002:map":
        members = tuple(
            Member(str(k.value), k.start_mark.index, k.end_mark.index, of_yaml(v, depth + 1))
            for k, v in value
        )
        return Node(Kind.OBJECT, start, end, members=members)
    return Node(Kind.ARRAY, start, end, items=tuple(of_yaml(item, depth + 1) for item in value))


def _toml(text: str) -> Node:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(str(error)) from None
    # The reader keeps no places: a table of an array stands at its own header.
    heads = {
        name: [
            m.start()
            for m in re.finditer(rf"^[ \t]*\[\[\s*{re.escape(name)}\s*\]\]", text, re.MULTILINE)
        ]
        for name in table
    }
    members = []
    for key, value in table.items():
        node = _value(value, 0)
        places = heads[key]
        if node.kind is Kind.ARRAY and len(places) == len(node.items):
            items = tuple(_at(item, at) for item, at in zip(node.items, places, strict=True))
            node = Node(Kind.ARRAY, 0, 0, items=items)
        members.append(Member(key, 0, 0, node))
    return Node(Kind.OBJECT, 0, 0, members=tuple(members))


def _at(node: Node, at: int) -> Node:
    """A node with all it holds at one place."""
    return Node(
        node.kind,
        at,
        at,
        node.text,
        tuple(Member(m.key, at, at, _at(m.value, at)) for m in node.members),
        tuple(_at(item, at) for item in node.items),
    )


def _value(value: Any, at: int) -> Node:  # noqa: ANN401 - as TOML goes
    if isinstance(value, dict):
        members = tuple(Member(str(k), at, at, _value(v, at)) for k, v in value.items())
        return Node(Kind.OBJECT, at, at, members=members)
    if isinstance(value, list):
        return Node(Kind.ARRAY, at, at, items=tuple(_value(item, at) for item in value))
    if isinstance(value, bool):
        return Node(Kind.BOOLEAN, at, at, json.dumps(value))
    if isinstance(value, int | float):
        return Node(Kind.NUMBER, at, at, str(value))
    return Node(Kind.STRING, at, at, str(value))
