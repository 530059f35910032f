"""Management policies, merged down the tree to what is effective.

Value-setting operators (``@@assign``, ``@@append``, ``@@remove``) and what lower levels may use
(``@@operators_allowed_for_child_policies``); Organizations User Guide, policy-operators and
inheritance_mgmt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["effective"]

_ALLOWED: Final = "@@operators_allowed_for_child_policies"
_SETTERS: Final = frozenset({"@@append", "@@assign", "@@remove"})


@dataclass(slots=True)
class _Node:
    """A place in a policy: its value, what is under it, which operators lower levels may use.

    ``allowed`` is None where nothing was said; ``name`` is as the highest policy spells it.
    """

    name: str = ""
    value: Any = None
    under: dict[str, _Node] = field(default_factory=dict)
    allowed: frozenset[str] | None = None
    coming: frozenset[str] | None = None


def effective(levels: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    """The policy that results from the policies of each level, from the root down."""
    top = _Node()
    for level in levels:
        for policy in level:
            _merge(top, policy, _SETTERS)
        _settle(top)  # limits hold for the levels below, not among policies of one level
    found = _written(top)
    return found if isinstance(found, dict) else {}


def _merge(node: _Node, policy: Mapping[str, Any], allowed: frozenset[str]) -> None:
    allowed = node.allowed if node.allowed is not None else allowed
    for name, given in policy.items():
        if name == _ALLOWED:
            said = _operators(given)
            node.coming = said if node.coming is None else node.coming & said
        elif name in _SETTERS:
            if name in allowed:
                node.value = _set(name, node.value, given)
        elif isinstance(given, Mapping):
            # "Policy keys … are case insensitive" where a tag key is one (tag policy syntax).
            child = node.under.get(name.lower())
            if child is None:
                if not allowed:
                    continue
                child = node.under[name.lower()] = _Node(name)
            _merge(child, given, allowed)


def _operators(given: object) -> frozenset[str]:
    names = frozenset(given if isinstance(given, list) else [given])
    return _SETTERS if "@@all" in names else frozenset() if "@@none" in names else names & _SETTERS


def _set(operator: str, value: Any, given: Any) -> Any:  # noqa: ANN401
    if operator == "@@assign":
        return given
    there = value if isinstance(value, list) else [] if value is None else [value]
    named = given if isinstance(given, list) else [given]
    if operator == "@@remove":
        return [item for item in there if item not in named]
    return [*there, *(item for item in named if item not in there)]


def _settle(node: _Node) -> None:
    if node.coming is not None:
        node.allowed = node.coming if node.allowed is None else node.allowed & node.coming
        node.coming = None
    for child in node.under.values():
        _settle(child)


def _written(node: _Node) -> Any:  # noqa: ANN401
    """The value, or what is under it; None where there is neither."""
    if node.value is not None:
        return node.value
    under = {child.name: _written(child) for child in node.under.values()}
    found = {name: value for name, value in under.items() if value is not None}
    return found or None
