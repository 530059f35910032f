"""A policy's text to a Policy, or a PolicyError that says where and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from clearance.model.errors import PolicyError, Span
from clearance.model.policy import Effect, Policy, PolicyType, Statement
from clearance.parse.blocks import read_conditions, read_principals
from clearance.parse.grammar import GRAMMARS, STATEMENT_KEYS, TOP_LEVEL_KEYS, Grammar, Presence
from clearance.parse.problem import Problem
from clearance.parse.reading import Path, excerpt, fail, read_json
from clearance.parse.variables import VariableError, read_template

__all__ = ["parse_policy", "policy_of"]

VERSIONS: Final = ("2008-10-17", "2012-10-17")
_FOREIGN: Final = re.compile(r"[^\t\n\r\x20-\xff]")
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?-]+")
_SID: Final = re.compile(r"[A-Za-z0-9]*")
ARN_HEAD: Final = 5


def parse_policy(text: str, kind: PolicyType, *, strict: bool = True) -> Policy:
    """Read a policy of one type.

    ``strict`` also applies the rules AWS applies when a policy is saved (Sids, characters,
    Version in organization policies); without it everything AWS can evaluate is accepted. An
    unknown element or operator, a duplicate key and a wrong type are refused either way (R12).

    >>> text = '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    >>> parse_policy(text, PolicyType.IDENTITY).statements[0].actions
    ('s3:*',)

    Raises:
        PolicyError: with line, column and JSON path.
    """
    if strict and (foreign := _FOREIGN.search(text)):
        offset = foreign.start()
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        span = Span(line, column, line, column)
        problem = f"character U+{ord(foreign.group()):04X} is not allowed in a policy"
        raise PolicyError(problem, span, excerpt=excerpt(text, span))
    value = read_json(text)
    try:
        return policy_of(value, kind, strict=strict)
    except Problem as problem:
        fail(text, problem.text, problem.path)


def policy_of(value: Any, kind: PolicyType, *, strict: bool = True) -> Policy:  # noqa: ANN401
    """A Policy from values that JSON gave; raises Problem with a path."""
    grammar = GRAMMARS[kind]
    if not isinstance(value, dict):
        raise Problem("a policy is a JSON object", ())
    _refuse_unknown(value, TOP_LEVEL_KEYS, ())
    version = _text(value, "Version", ())
    if version is not None and version not in VERSIONS:
        raise Problem(f"unknown version `{version}`; use `2012-10-17`", ("Version",))
    if strict and grammar.needs_version and version != "2012-10-17":
        raise Problem(f"a {kind.value} needs `Version` `2012-10-17`", ())
    if "Id" in value and not grammar.id and strict:
        raise Problem(f"`Id` belongs in resource-based policies, not in this {kind.value}", ("Id",))
    if "Statement" not in value:
        raise Problem("`Statement` is missing", ())
    raw = value["Statement"]
    items = raw if isinstance(raw, list) else [raw]
    if not items:
        raise Problem("`Statement` is empty; write at least one statement", ("Statement",))
    variables = version == "2012-10-17"
    statements = tuple(
        _statement(item, index, path, kind, grammar, variables=variables, strict=strict)
        for index, item in enumerate(items)
        for path in [("Statement", index) if isinstance(raw, list) else ("Statement",)]
    )
    if strict and grammar.plain_sids:
        _unique_sids(statements)
    return Policy(statements, version, _text(value, "Id", ()))


def _statement(
    value: Any,  # noqa: ANN401
    index: int,
    path: Path,
    kind: PolicyType,
    grammar: Grammar,
    *,
    variables: bool,
    strict: bool,
) -> Statement:
    if not isinstance(value, dict):
        raise Problem("a statement is a JSON object", path)
    _refuse_unknown(value, STATEMENT_KEYS, path)
    for name in ("Action", "Resource", "Principal"):
        if name in value and f"Not{name}" in value:
            raise Problem(f"`{name}` and `Not{name}` exclude each other", (*path, f"Not{name}"))
    effect = _effect(value, path)
    not_actions, actions = _element(value, "Action", path, Presence.REQUIRED)
    if not_actions and not grammar.not_action:
        raise Problem(f"`NotAction` is not allowed in a {kind.value}", (*path, "NotAction"))
    action_path = (*path, "NotAction" if not_actions else "Action")
    for place, action in enumerate(actions or ()):
        named = strict and grammar.named_actions
        _check_action(action, _at(value, action_path, place), named=named)
    not_resources, resources = _element(value, "Resource", path, grammar.resource, kind)
    resource_path = (*path, "NotResource" if not_resources else "Resource")
    for place, resource in enumerate(resources or ()):
        at = _at(value, resource_path, place)
        whole = strict and grammar.whole_arns
        _check_resource(resource, at, variables=variables, strict=strict, whole=whole)
    not_principals, principals = read_principals(value, path, kind, grammar, effect, strict=strict)
    if strict and grammar.deny_only and effect is Effect.ALLOW:
        raise Problem(f"a {kind.value} can only deny", (*path, "Effect"))
    sid = _text(value, "Sid", path)
    if strict and grammar.plain_sids and sid is not None and not _SID.fullmatch(sid):
        raise Problem(f"`Sid` `{sid}` may hold only letters and digits", (*path, "Sid"))
    return Statement(
        index=index,
        effect=effect,
        actions=actions or (),
        resources=resources,
        principals=principals,
        conditions=read_conditions(value, path, variables=variables, strict=strict),
        sid=sid or None,
        not_actions=not_actions,
        not_resources=not_resources,
        not_principals=not_principals,
    )


def _effect(value: Mapping[str, Any], path: Path) -> Effect:
    if "Effect" not in value:
        raise Problem("`Effect` is missing; use `Allow` or `Deny`", path)
    try:
        return Effect(value["Effect"])
    except ValueError:
        problem = f"unknown effect `{value['Effect']}`; use `Allow` or `Deny`"
        raise Problem(problem, (*path, "Effect")) from None


def _element(
    value: Mapping[str, Any],
    name: str,
    path: Path,
    presence: Presence,
    kind: PolicyType | None = None,
) -> tuple[bool, tuple[str, ...] | None]:
    """An element or its Not- form: (negated, values)."""
    negated = f"Not{name}" in value
    key = f"Not{name}" if negated else name
    if key not in value:
        if presence is Presence.REQUIRED:
            raise Problem(f"`{name}` or `Not{name}` is missing", path)
        return False, None
    if presence is Presence.FORBIDDEN:
        raise Problem(
            f"`{key}` is not allowed in a {kind.value if kind else 'policy'}", (*path, key)
        )
    raw = value[key]
    items = raw if isinstance(raw, list) else [raw]
    for place, item in enumerate(items):
        if not isinstance(item, str):
            raise Problem(f"`{key}` holds text", _at(value, (*path, key), place))
    return negated, tuple(str(item) for item in items)


def _check_action(action: str, path: Path, *, named: bool) -> None:
    if named and action == "*":
        raise Problem("`*` alone is not an action here; write `service:*`", path)
    if not _ACTION.fullmatch(action):
        raise Problem(f"`{action}` is not an action; write `service:Action` or `*`", path)


def _check_resource(
    resource: str, path: Path, *, variables: bool, strict: bool, whole: bool
) -> None:
    try:
        read_template(resource, wildcards=True, variables=variables)
    except VariableError as error:
        raise Problem(f"{error} in `{resource}`", path) from None
    if strict and resource != "*" and not resource.startswith("arn:"):
        raise Problem(f"`{resource}` is not an ARN; write an ARN or `*`", path)
    if whole and resource != "*" and resource.count(":") < ARN_HEAD:
        raise Problem(f"`{resource}` is not a whole ARN; write all six parts", path)


def _unique_sids(statements: tuple[Statement, ...]) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid in seen:
            path = ("Statement", statement.index, "Sid")
            raise Problem(f"`Sid` `{statement.sid}` occurs twice", path)
        if statement.sid:
            seen.add(statement.sid)


def _refuse_unknown(value: Mapping[str, Any], known: tuple[str, ...], path: Path) -> None:
    for key in value:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.6) or [
                name for name in known if name.lower() == key.lower()
            ]
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise Problem(f"unknown element `{key}`{hint}", (*path, "", key))


def _text(value: Mapping[str, Any], key: str, path: Path) -> str | None:
    found = value.get(key)
    if found is None and key not in value:
        return None
    if not isinstance(found, str):
        _refuse_type(key, path)
    return str(found)


def _refuse_type(key: str, path: Path) -> NoReturn:
    raise Problem(f"`{key}` is a text", (*path, key))


def _at(value: Mapping[str, Any], path: Path, place: int) -> Path:
    """The path of one item; a scalar stands at the element itself."""
    return (*path, place) if isinstance(value[str(path[-1])], list) else path
