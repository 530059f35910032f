"""Texts to attached policies; a text that cannot be read becomes a policy that fails closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from clearance.model.errors import PolicyError
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, Policy, PolicyType, Principals, Statement
from clearance.parse.document import parse_policy

__all__ = ["attach", "attach_managed", "unpin", "without_accounts"]

EMPTY = Policy(())


@lru_cache(maxsize=16384)
def _read(text: str, kind: PolicyType) -> tuple[Policy, str | None]:
    try:
        return parse_policy(text, kind, strict=False), None
    except PolicyError as error:
        return EMPTY, str(error)


def attach(
    text: str,
    kind: PolicyType,
    name: str,
    *,
    to: str | None = None,
    arn: str | None = None,
) -> AttachedPolicy:
    """A policy in its place."""
    policy, error = _read(text, kind)
    return AttachedPolicy(name, policy, kind, arn, to, text, error)


def attach_managed(
    estate: Estate, arns: Iterable[str], kind: PolicyType, *, to: str | None = None
) -> tuple[AttachedPolicy, ...]:
    """Managed policies by ARN; one the estate does not hold cannot be read (R55)."""
    found: list[AttachedPolicy] = []
    for arn in arns:
        name, text = arn.rsplit("/", 1)[-1], estate.managed_text(arn)
        if text is None:
            problem = f"the estate does not hold `{arn}`"
            found.append(AttachedPolicy(name, EMPTY, kind, arn, to, error=problem))
        else:
            found.append(attach(text, kind, name, to=to, arn=arn))
    return tuple(found)


def unpin(attached: AttachedPolicy, pins: Mapping[str, str]) -> AttachedPolicy:
    """A trust policy whose principals are the unique IDs they were saved as (R26)."""
    if not pins:
        return attached
    statements = tuple(_pinned(s, pins) for s in attached.policy.statements)
    return replace(attached, policy=replace(attached.policy, statements=statements), pins=pins)


def without_accounts(attached: AttachedPolicy) -> AttachedPolicy:
    """The policy with account principals left out of its Principal elements."""
    statements = tuple(_people(s) for s in attached.policy.statements)
    return replace(attached, policy=replace(attached.policy, statements=statements))


def _people(statement: Statement) -> Statement:
    who = statement.principals
    if who is None:
        return statement
    aws = tuple(name for name in who.aws if ":" in name and not name.endswith(":root"))
    return replace(statement, principals=replace(who, aws=aws))


def _pinned(statement: Statement, pins: Mapping[str, str]) -> Statement:
    who: Principals | None = statement.principals
    if who is None:
        return statement
    aws = tuple(pins.get(name, name) for name in who.aws)
    return replace(statement, principals=replace(who, aws=aws))
