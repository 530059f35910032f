"""A Policy back to JSON; ``parse_policy(render(p)) == p``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clearance.model.policy import Condition, Policy, Principals, Statement

__all__ = ["policy_value", "render", "statement_value"]


def render(policy: Policy, *, indent: int | None = 2) -> str:
    """The policy as JSON text in AWS's usual order."""
    return json.dumps(policy_value(policy), indent=indent, ensure_ascii=False)


def policy_value(policy: Policy) -> dict[str, Any]:
    """The policy as plain values."""
    head = {"Version": policy.version, "Id": policy.id}
    body = [statement_value(statement) for statement in policy.statements]
    return {**{k: v for k, v in head.items() if v is not None}, "Statement": body}


def statement_value(statement: Statement) -> dict[str, Any]:
    """One statement as plain values; one-element lists become scalars."""
    parts: dict[str, Any] = {"Sid": statement.sid} if statement.sid else {}
    parts["Effect"] = statement.effect.value
    if statement.principals is not None:
        name = "NotPrincipal" if statement.not_principals else "Principal"
        parts[name] = _principals(statement.principals)
    parts["NotAction" if statement.not_actions else "Action"] = _scalar(statement.actions)
    if statement.resources is not None:
        name = "NotResource" if statement.not_resources else "Resource"
        parts[name] = _scalar(statement.resources)
    if statement.conditions:
        parts["Condition"] = _conditions(statement.conditions)
    return parts


def _scalar(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _principals(principals: Principals) -> str | dict[str, Any]:
    aws = (("*",) if principals.everyone else ()) + principals.aws
    lists: Mapping[str, tuple[str, ...]] = {
        "AWS": aws,
        "Service": principals.service,
        "Federated": principals.federated,
        "CanonicalUser": principals.canonical_user,
    }
    filled = {key: _scalar(values) for key, values in lists.items() if values}
    return "*" if filled == {"AWS": "*"} else filled


def _conditions(conditions: tuple[Condition, ...]) -> dict[str, dict[str, Any]]:
    block: dict[str, dict[str, Any]] = {}
    for condition in conditions:
        block.setdefault(condition.name, {})[condition.key] = _scalar(condition.values)
    return block
