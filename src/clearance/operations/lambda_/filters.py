"""Event filters: does a record match one of a mapping's patterns?

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

__all__ = ["matches"]

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING: Final = object()


def matches(pattern: Mapping[str, Any], record: Any) -> bool:  # noqa: ANN401
    """True when every key of the pattern finds a value it takes.

    >>> matches({"body": {"size": [{"numeric": [">", 10]}]}}, {"body": {"size": 12}})
    True
    """
    for key, wanted in pattern.items():
        if key == "$or" and isinstance(wanted, list):
            if not any(isinstance(p, Mapping) and matches(p, record) for p in wanted):
                return False
            continue
        value = record.get(key, _MISSING) if isinstance(record, Mapping) else _MISSING
        if isinstance(wanted, Mapping):
            if not matches(wanted, value):
                return False
        elif not _any_rule(wanted, value):
            return False
    return True


def _any_rule(rules: Any, value: Any) -> bool:  # noqa: ANN401
    if not isinstance(rules, list):
        return False
    values = value if isinstance(value, list) else [value]
    return any(_takes(rule, item) for rule in rules for item in values or [_MISSING])


def _takes(rule: Any, value: Any) -> bool:  # noqa: ANN401
    if not isinstance(rule, Mapping):
        return value is not _MISSING and type(value) is type(rule) and value == rule
    return any(_comparison(name, wanted, value) for name, wanted in rule.items())


def _comparison(name: str, wanted: Any, value: Any) -> bool:  # noqa: ANN401
    if name == "exists":
        # "Exists only works on leaf nodes" (the page above).
        there = value is not _MISSING and not isinstance(value, Mapping)
        return there is bool(wanted)
    if value is _MISSING:
        return False
    if name == "numeric":
        return _numeric(wanted, value)
    if name == "anything-but":
        return not _any_rule(wanted if isinstance(wanted, list) else [wanted], value)
    if not isinstance(value, str) or not isinstance(wanted, str):
        return False
    if name == "equals-ignore-case":
        return value.lower() == wanted.lower()
    if name == "prefix":
        return value.startswith(wanted)
    return name == "suffix" and value.endswith(wanted)


def _numeric(wanted: Any, value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not isinstance(wanted, Sequence) or len(wanted) % 2:
        return False
    pairs = zip(wanted[::2], wanted[1::2], strict=True)
    return bool(wanted) and all(
        sign in _COMPARE and isinstance(limit, int | float) and _COMPARE[sign](value, limit)
        for sign, limit in pairs
    )
