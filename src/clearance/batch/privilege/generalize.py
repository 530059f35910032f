"""From the resources that were used to patterns: each, by prefix, or by type."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from clearance.model.catalog import Catalog
from clearance.operations.permissions.arns import fits, templates, variables

__all__ = ["Level", "exactly", "generalized"]

# So many different continuations of a name are taken for examples of more to come.
FAN: Final = 3
# At the very beginning of a name (a bucket's first folders) that would be rash.
ROOT_FAN: Final = 8
_HEAD: Final = 5  # colons before an ARN's resource
_TOKEN: Final = re.compile(r"[^/:._=-]*[/:._=-]|[^/:._=-]+")
# "${*}", "${?}" and "${$}" are text (reference_policies_variables).
_ESCAPES: Final = {ord("*"): "${*}", ord("?"): "${?}", ord("$"): "${$}"}


class Level(Enum):
    """How resources are written. Each level allows all that the one before does."""

    RESOURCE = "resource"
    PREFIX = "prefix"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where a resource's name begins, and what stands before it.

    ``open``: the name may be left out altogether, as an object's in its bucket.
    """

    stem: str
    name: str
    open: bool
    pattern: str  # for all of the type


@dataclass
class _Node:
    leaf: bool = False
    children: dict[str, _Node] = field(default_factory=dict)


def generalized(
    asked: Iterable[tuple[str, str]], level: Level, catalog: Catalog
) -> Mapping[tuple[str, str], str]:
    """A pattern for each action and resource that was used.

    All actions of a service see the same patterns, so that few statements say it all.
    """
    pairs = dict.fromkeys(asked)
    found = {pair: exactly(pair[1]) for pair in pairs}
    if level is Level.RESOURCE:
        return found
    kinds = {(a, r): _kind(a, r, catalog) for a, r in pairs if r != "*"}
    if level is Level.TYPE:
        return {**found, **{pair: kind.pattern for pair, kind in kinds.items()}}
    by_stem: dict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
    for kind in kinds.values():
        by_stem[kind.stem, kind.open].setdefault(kind.name)
    shared = {key: _by_prefix(names, root=key[1]) for key, names in by_stem.items()}
    for pair, kind in kinds.items():
        prefix = shared[kind.stem, kind.open].get(kind.name)
        if prefix is not None:
            found[pair] = f"{(kind.stem + prefix).translate(_ESCAPES)}*"
    return found


def exactly(resource: str) -> str:
    """The pattern for one resource; ``*`` stands for itself."""
    return resource if resource == "*" else resource.translate(_ESCAPES)


def _by_prefix(names: Iterable[str], *, root: bool) -> Mapping[str, str]:
    """The prefix to be written for each name that has one."""
    listed = tuple(names)
    top = _Node()
    for name in listed:
        node = top
        for token in _TOKEN.findall(name):
            node = node.children.setdefault(token, _Node())
        node.leaf = True
    found: dict[str, str] = {}
    for name in listed:
        node, prefix = top, ""
        for token in _TOKEN.findall(name):
            enough = (ROOT_FAN if root else None) if node is top else FAN
            if enough is not None and len(node.children) >= enough:
                found[name] = prefix
                break
            prefix += token
            node = node.children[token]
    return found


def _kind(action: str, arn: str, catalog: Catalog) -> _Kind:
    template = _template(action, arn, catalog)
    parts = arn.split(":", _HEAD)
    if template is None or len(parts) <= _HEAD:
        head, slash, name = arn.rpartition("/")
        return _Kind(head + slash, name, bool(slash), arn.translate(_ESCAPES))
    head, resource = ":".join(parts[:_HEAD]) + ":", parts[_HEAD]
    told = template.split(":", _HEAD)[-1]
    names = variables(told)
    first = told.index("${") if names else len(told)
    pattern = re.sub(r"\$\{\w+\}", "*", told)
    if len(names) > 1:
        between = told[told.index("}", first) + 1 :].split("${", 1)[0]
        end = resource.index(between, first) + len(between)
        if not parts[_HEAD - 1]:  # without an account a bucket's name says whose it is
            rest = re.sub(r"\$\{\w+\}", "*", told[told.index("}", first) + 1 :])
            pattern = resource[: end - len(between)].translate(_ESCAPES) + rest
        return _Kind(head + resource[:end], resource[end:], open=True, pattern=head + pattern)
    if not parts[_HEAD - 1] and names:
        pattern = resource.translate(_ESCAPES)  # the bucket itself
    return _Kind(head + resource[:first], resource[first:], open=False, pattern=head + pattern)


def _template(action: str, arn: str, catalog: Catalog) -> str | None:
    """The ARN template of the action's resource types that this is one of: the most specific."""
    service = catalog.service(action.partition(":")[0])
    facts = catalog.action(action)
    if service is None or facts is None:
        return None
    kinds = (service.resource_types.get(name.lower()) for name in facts.resources)
    known = [t for kind in kinds if kind for t in templates(kind.arn) if fits(t, arn)]
    return max(known, key=lambda text: (len(text.split("${")), len(text)), default=None)
