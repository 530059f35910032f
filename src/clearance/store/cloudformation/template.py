"""Template files: JSON, or YAML with its short tags, and the line each value stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from clearance.model.errors import EstateError, PolicyError
from clearance.parse.reading import spans

__all__ = ["Place", "Template", "is_template", "read_template"]

Place: TypeAlias = tuple[str | int, ...]

# The same in C where PyYAML was built with it; ten times as fast.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_NODES: Final = 200_000
_MAX_DEPTH: Final = 100
# Tags whose long form is not `Fn::` and their name.
_PLAIN: Final = {"Ref", "Condition"}
_YAML: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Template:
    """A template and where its values stand."""

    body: Mapping[str, Any]
    file: Path
    lines: Mapping[Place, int] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """A top-level section: an object, empty if it is absent."""
        found = self.body.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self.fail(f"`{name}` is an object", (name,))
        return found

    def where(self, place: Place) -> str:
        """How to say where something stands: ``line 12, Resources.Role.Properties``."""
        line = next(
            (self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines),
            None,
        )
        path = ".".join(map(str, place))
        return ", ".join([*([f"line {line}"] if line else []), *([path] if path else [])])

    def fail(self, problem: str, place: Place = ()) -> EstateError:
        """An error about a value."""
        where = self.where(place)
        return EstateError(f"`{self.file}`: {f'{where}: ' if where else ''}{problem}")


def is_template(body: object) -> bool:
    """True for what looks like a CloudFormation or SAM template."""
    if not isinstance(body, dict):
        return False
    resources = body.get("Resources")
    if not isinstance(resources, dict):
        return "AWSTemplateFormatVersion" in body
    return "AWSTemplateFormatVersion" in body or any(
        isinstance(item, dict) and isinstance(item.get("Type"), str) for item in resources.values()
    )


def read_template(text: str, file: Path) -> Template:
    """The template in a text.

    Raises:
        EstateError: it is neither JSON nor YAML, or no template; says line and column.
    """
    template = _json(text, file) if text.lstrip().startswith("{") else _yaml(text, file)
    if not is_template(template.body):
        raise template.fail(
            "it is no CloudFormation template: expected `Resources`, each with a `Type` such as "
            "`AWS::IAM::Role`"
        )
    return template


def _json(text: str, file: Path) -> Template:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise EstateError(
            f"`{file}` is not JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        ) from error
    except (RecursionError, ValueError) as error:
        raise EstateError(f"`{file}` is not JSON that can be read: {error}") from error
    try:
        lines = {place: span.line for place, span in spans(text).items()}
    except (PolicyError, RecursionError):
        lines = {}
    return Template(body if isinstance(body, dict) else {}, file, lines)


def _yaml(text: str, file: Path) -> Template:
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise EstateError(f"`{file}` is not YAML: {where}{error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise EstateError(f"`{file}` is not YAML: {said}") from error
    reader = _Reader(file)
    body = reader.value(node, (), 0) if node is not None else {}
    return Template(body if isinstance(body, dict) else {}, file, reader.lines)


class _Reader:
    """YAML nodes to plain values; tags such as ``!Sub`` become ``{"Fn::Sub": ...}``."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self.left = _MAX_NODES

    def fail(self, node: yaml.Node, problem: str) -> EstateError:
        mark = node.start_mark
        return EstateError(
            f"`{self.file}`: line {mark.line + 1}, column {mark.column + 1}: {problem}"
        )

    def value(self, node: yaml.Node, place: Place, depth: int) -> Any:  # noqa: ANN401
        self.left -= 1
        # Aliases make a small file large, and may lead into themselves.
        if depth > _MAX_DEPTH or self.left < 0:
            raise self.fail(node, "nested too deeply or too large to be a template")
        self.lines.setdefault(place, node.start_mark.line + 1)
        tag = str(node.tag)
        if tag.startswith("!") and len(tag) > 1:
            return self._tagged(node, tag[1:], place, depth)
        return self._plain(node, place, depth)

    def _tagged(self, node: yaml.Node, name: str, place: Place, depth: int) -> dict[str, Any]:
        key = name if name in _PLAIN else f"Fn::{name}"
        if isinstance(node, yaml.ScalarNode):
            found: Any = node.value
            if name == "GetAtt" and "." in node.value:
                found = node.value.split(".", 1)
        else:
            found = self._plain(node, (*place, key), depth)
        return {key: found}

    def _plain(self, node: yaml.Node, place: Place, depth: int) -> Any:  # noqa: ANN401
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place, depth)
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(item, (*place, number), depth + 1)
                for number, item in enumerate(node.value)
            ]
        return _scalar(str(node.tag).removeprefix(_YAML), str(node.value))

    def _mapping(self, node: yaml.MappingNode, place: Place, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            if str(key.tag) == f"{_YAML}merge":
                raise self.fail(key, "CloudFormation knows no hash merges (`<<`); write it out")
            if not isinstance(key, yaml.ScalarNode):
                raise self.fail(key, "a key is a text")
            if key.value in found:
                raise self.fail(key, f"`{key.value}` occurs twice")
            # As it is written: an account ID is a text though it looks like a number.
            found[str(key.value)] = self.value(item, (*place, str(key.value)), depth + 1)
        return found


def _scalar(kind: str, text: str) -> Any:  # noqa: ANN401 - any scalar
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on"}
    if kind == "int" and text.lstrip("+-").isdecimal() and (text == "0" or text[0] != "0"):
        return int(text)
    if kind == "float":
        try:
            return float(text)
        except ValueError:
            return text
    # Dates (`Version: 2012-10-17`) and numbers with a leading zero (account IDs) are texts.
    return text
