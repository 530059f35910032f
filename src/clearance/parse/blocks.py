"""The two nested elements of a statement: Principal and Condition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import Condition, Effect, PolicyType, Principals, Quantifier
from clearance.parse.grammar import Grammar, Presence
from clearance.parse.problem import Problem
from clearance.parse.reading import Path
from clearance.parse.variables import VariableError, read_template

__all__ = ["read_conditions", "read_principals"]

PRINCIPAL_KEYS: Final = {
    "AWS": "aws",
    "Service": "service",
    "Federated": "federated",
    "CanonicalUser": "canonical_user",
}
_ACCOUNT: Final = re.compile(r"\d{12}")
_UNIQUE_ID: Final = re.compile(r"A[A-Z0-9]{15,}")
_PRINCIPAL_ARN: Final = re.compile(
    r"arn:[a-z-]+:(?:iam|sts)::(?:\d{12}|cloudfront):(?:root|[a-z-]+/.+|.+)"
)


def read_principals(
    value: Mapping[str, Any],
    path: Path,
    kind: PolicyType,
    grammar: Grammar,
    effect: Effect,
    *,
    strict: bool,
) -> tuple[bool, Principals | None]:
    """Principal or NotPrincipal: (negated, who)."""
    negated = "NotPrincipal" in value
    name = "NotPrincipal" if negated else "Principal"
    if name not in value:
        if grammar.principal is Presence.REQUIRED:
            raise Problem("`Principal` is missing", path)
        return False, None
    here = (*path, name)
    if grammar.principal is Presence.FORBIDDEN or (negated and not grammar.not_principal):
        raise Problem(f"`{name}` is not allowed in a {kind.value}", here)
    if strict and negated and effect is Effect.ALLOW:
        raise Problem("`NotPrincipal` with `Allow` is not supported; use `Principal`", here)
    principals = _principals(value[name], here)
    if grammar.everyone_only and not (principals.everyone and value[name] == "*"):
        raise Problem(f'the `Principal` of a {kind.value} is `"*"`', here)
    return negated, principals


def _principals(value: Any, path: Path) -> Principals:  # noqa: ANN401
    if value == "*":
        return Principals(everyone=True)
    if not isinstance(value, dict):
        raise Problem('a principal is `"*"` or an object such as `{"AWS": "…"}`', path)
    lists: dict[str, tuple[str, ...]] = {}
    for key, raw in value.items():
        if key not in PRINCIPAL_KEYS:
            known = ", ".join(PRINCIPAL_KEYS)
            raise Problem(f"unknown kind of principal `{key}`; use one of {known}", (*path, key))
        items = raw if isinstance(raw, list) else [raw]
        for place, item in enumerate(items):
            at = (*path, key, place) if isinstance(raw, list) else (*path, key)
            _check_principal(key, item, at)
        lists[PRINCIPAL_KEYS[key]] = tuple(items)
    aws = lists.get("aws", ())
    return Principals(
        everyone="*" in aws,
        aws=tuple(name for name in aws if name != "*"),
        service=lists.get("service", ()),
        federated=lists.get("federated", ()),
        canonical_user=lists.get("canonical_user", ()),
    )


def _check_principal(key: str, item: Any, path: Path) -> None:  # noqa: ANN401
    if not isinstance(item, str) or not item:
        raise Problem(f"a principal under `{key}` is a text", path)
    if key == "AWS":
        if item == "*" or _ACCOUNT.fullmatch(item) or _UNIQUE_ID.fullmatch(item):
            return
        if "*" in item or "?" in item:
            raise Problem(f"wildcards are not allowed in the principal `{item}`", path)
        if not _PRINCIPAL_ARN.fullmatch(item):
            problem = f"`{item}` is not a principal; write an account ID, an IAM or STS ARN, or `*`"
            raise Problem(problem, path)
    elif "*" in item or "?" in item:
        raise Problem(f"wildcards are not allowed in the principal `{item}`", path)


def read_conditions(
    value: Mapping[str, Any], path: Path, *, variables: bool, strict: bool
) -> tuple[Condition, ...]:
    """The Condition block, one Condition a key."""
    if "Condition" not in value:
        return ()
    block, here = value["Condition"], (*path, "Condition")
    if not isinstance(block, dict):
        raise Problem("`Condition` is an object of operators", here)
    return tuple(
        _condition(name, key, raw, (*here, name), variables=variables, strict=strict)
        for name, keys in block.items()
        for key, raw in _keys(name, keys, (*here, name))
    )


def _keys(name: str, keys: Any, path: Path) -> list[tuple[str, Any]]:  # noqa: ANN401
    if not isinstance(keys, dict):
        raise Problem(f"`{name}` holds an object of context keys", path)
    folded: set[str] = set()
    for key in keys:
        if key.lower() in folded:
            raise Problem(f"context key `{key}` occurs twice in different case", (*path, key))
        folded.add(key.lower())
    return list(keys.items())


def _condition(
    name: str,
    key: str,
    raw: Any,  # noqa: ANN401
    path: Path,
    *,
    variables: bool,
    strict: bool,
) -> Condition:
    quantifier, base, if_exists = _operator(name, path)
    here = (*path, key)
    if not key or any(character.isspace() for character in key):
        raise Problem(f"`{key}` is not a context key; write `prefix:name`", here)
    items = raw if isinstance(raw, list) else [raw]
    values = tuple(
        _value(item, (*here, place) if isinstance(raw, list) else here)
        for place, item in enumerate(items)
    )
    family = OPERATORS[base]
    if strict and family.family in {Family.BOOL, Family.NULL} and len(values) > 1:
        raise Problem(f"`{name}` takes one value, `true` or `false`", here)
    for text in values:
        if variables and family.variables:
            try:
                read_template(text, wildcards=False, variables=True)
            except VariableError as error:
                raise Problem(f"{error} in `{text}`", here) from None
    return Condition(base, key, values, quantifier, if_exists)


def _operator(name: str, path: Path) -> tuple[Quantifier | None, str, bool]:
    """An operator's name in its three parts."""
    prefix, colon, rest = name.rpartition(":")
    quantifier = next((q for q in Quantifier if q.value == prefix), None)
    if_exists = rest.endswith("IfExists")
    base = rest.removesuffix("IfExists")
    known = base in OPERATORS and (not colon or quantifier is not None)
    if not known:
        near = get_close_matches(base, OPERATORS, n=1, cutoff=0.6)
        hint = f"; did you mean `{near[0]}`?" if near and near[0] != base else ""
        raise Problem(f"unknown condition operator `{name}`{hint}", path)
    if base == "Null" and if_exists:
        raise Problem("`NullIfExists` is not an operator; `Null` asks that already", path)
    return quantifier, base, if_exists


def _value(item: Any, path: Path) -> str:  # noqa: ANN401
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return str(item)
    raise Problem("a condition value is a text, a number, true or false", path)
