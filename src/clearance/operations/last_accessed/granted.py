"""Which services a policy's statements speak of: the only question last accessed reports ask.

"Service last accessed data does not use other policy types when determining whether a resource
could access a service … It only applies permissions policy logic" (IAM API Reference,
GetServiceLastAccessedDetails). Which service a statement is about is in its actions; resources and
conditions may narrow what can be done there, they do not change the service.
"""

from __future__ import annotations

from collections.abc import Iterable

from clearance.model.glob import Glob
from clearance.model.policy import AttachedPolicy, Effect, Statement

__all__ = ["grants", "services"]


def services(policies: Iterable[AttachedPolicy], prefixes: Iterable[str]) -> list[str]:
    """The service prefixes, of those given, to which the policies give some access."""
    held = tuple(policies)
    return [
        p for p in prefixes if any(grants(policy, p) for policy in held) and not _denied(held, p)
    ]


def grants(policy: AttachedPolicy, prefix: str) -> bool:
    """True when a statement allows some action of the service."""
    return any(
        statement.effect is Effect.ALLOW and _speaks_of(statement, prefix)
        for statement in policy.policy.statements
    )


def _denied(policies: Iterable[AttachedPolicy], prefix: str) -> bool:
    """True when a statement takes the whole service away, always and everywhere."""
    return any(
        statement.effect is Effect.DENY
        and not statement.conditions
        and statement.resources in {("*",), None}
        and not statement.not_resources
        and _covers(statement, prefix)
        for policy in policies
        for statement in policy.policy.statements
    )


def _speaks_of(statement: Statement, prefix: str) -> bool:
    """True when some action of the service is among the statement's."""
    if statement.not_actions:
        return not any(_whole(action, prefix) for action in statement.actions)
    return any(_matches(action.partition(":")[0], prefix) for action in statement.actions)


def _covers(statement: Statement, prefix: str) -> bool:
    """True when every action of the service is among the statement's."""
    if statement.not_actions:
        return not any(_matches(a.partition(":")[0], prefix) for a in statement.actions)
    return any(_whole(action, prefix) for action in statement.actions)


def _whole(action: str, prefix: str) -> bool:
    service, _, name = action.partition(":")
    return _matches(service, prefix) and (name == "*" or action == "*")


def _matches(pattern: str, prefix: str) -> bool:
    return pattern == "*" or Glob.of(pattern.lower()).matches(prefix)
