"""What else a change allows or denies: requests about the estate's own, decided before and after.

This is a sample, and says so; whoever can compare all requests passes a ``Prover`` instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from clearance.decide import identify
from clearance.decide.compile import Engine
from clearance.explain.edits import Edit, Place
from clearance.explain.findings import (
    Access,
)
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.decision import DecisionEffect
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal
from clearance.model.request import Request

__all__ = ["Change", "Prover", "sampled"]

_PRINCIPALS: Final = 10
_ACTIONS: Final = 5
_RESOURCES: Final = 6


@dataclass(frozen=True, slots=True)
class Change:
    """What became allowed or denied; ``asked``: how many requests were compared."""

    newly_allowed: tuple[Access, ...]
    newly_denied: tuple[Access, ...]
    how: str
    asked: int


Prover: TypeAlias = Callable[
    [Estate, Estate, tuple[Edit, ...], Sequence[Request], datetime | None, Catalog | None], Change
]
"""Tells exactly what edits change: (before, after, edits, requests, now, catalog) to a `Change`."""


def sampled(
    before: Estate,
    after: Estate,
    edits: tuple[Edit, ...],
    requests: Sequence[Request],
    now: datetime | None,
    catalog: Catalog | None = None,
) -> Change:
    """Decide each principal that an edit reaches x each action x each resource, twice."""
    allowed: list[Access] = []
    denied: list[Access] = []
    asked = 0
    first, second = Engine(before, catalog=catalog), Engine(after, catalog=catalog)
    for request in _requests(before, edits, requests, catalog):
        asked += 1
        was = first.decide(request, now=now) is DecisionEffect.ALLOW
        is_now = second.decide(request, now=now) is DecisionEffect.ALLOW
        if was is not is_now:
            access = Access(request.principal.display, request.action, request.resource)
            (allowed if is_now else denied).append(access)
    return Change(tuple(allowed), tuple(denied), "sampled", asked)


def _requests(
    estate: Estate,
    edits: tuple[Edit, ...],
    requests: Sequence[Request],
    catalog: Catalog | None,
) -> Iterator[Request]:
    seen: set[tuple[str, str, str]] = set()
    for request in requests:
        yield request
        seen.add((request.principal.display, request.action, request.resource))
    first = requests[0]
    callers = {p.display: p for p in _principals(estate, edits, first)}
    written = (action for action in _actions(edits) if _is_real(action, catalog))
    actions = tuple(dict.fromkeys([*(r.action for r in requests), *written]))[:_ACTIONS]
    resources = tuple(r for r in dict.fromkeys(_resources(estate, edits, requests)) if _can_be(r))
    for principal in callers.values():
        own = principal.display == first.principal.display
        for action in actions:
            for resource in resources:
                key = (principal.display, action, resource)
                if key not in seen and _sensible(action, resource):
                    seen.add(key)
                    context = first.context if own else replace(first.context, values={})
                    yield Request(principal, action, resource, context)


def _is_real(action: str, catalog: Catalog | None) -> bool:
    return catalog is None or catalog.action(action) is not None


def _can_be(resource: str) -> bool:
    """False for ARNs that no resource has: a function with two qualifiers."""
    _, function, rest = resource.partition(":function:")
    return not function or rest.count(":") < 2  # noqa: PLR2004


def _sensible(action: str, resource: str) -> bool:
    """A service's actions are about its own resources; a role is assumed, passed or read."""
    arn = Arn.find(resource)
    service = action.partition(":")[0].lower()
    return arn is None or arn.service == service or (service == "sts" and arn.service == "iam")


def _principals(estate: Estate, edits: tuple[Edit, ...], first: Request) -> Iterator[Principal]:
    yield first.principal
    arns: list[str] = []
    for edit in edits:
        arns += _reached(estate, edit)
    for arn in list(dict.fromkeys(arns))[:_PRINCIPALS]:
        if arn not in {first.principal.arn, first.principal.role_arn}:
            yield identify(arn, estate)


def _reached(estate: Estate, edit: Edit) -> list[str]:
    """The users and roles an edit can make a difference to."""
    target, account = edit.target, estate.account(edit.target.owner)
    if target.place is Place.INLINE and ":group/" in target.holder and account:
        group = target.holder.rpartition("/")[2]
        return [account.user_arn(u) for u in account.users.values() if group in u.groups]
    if target.place is Place.INLINE:
        return [target.holder]
    if target.place is Place.MANAGED and account:
        return list(_holders(account, target.name))
    everyone = [arn for each in estate.accounts.values() for arn in _everyone(each)]
    named = [name for name in _values(edit, "Principal") if name in everyone]
    return [*named, *everyone[:_PRINCIPALS]]


def _holders(account: Account, arn: str) -> Iterator[str]:
    groups = {group.name for group in account.groups.values() if arn in group.attached}
    for user in account.users.values():
        if arn in user.attached or user.boundary == arn or groups & set(user.groups):
            yield account.user_arn(user)
    for role in account.roles.values():
        if arn in role.attached or role.boundary == arn:
            yield account.role_arn(role)


def _everyone(account: Account) -> Iterator[str]:
    yield from (account.user_arn(user) for user in account.users.values())
    yield from (account.role_arn(role) for role in account.roles.values())


def _actions(edits: Iterable[Edit]) -> Iterator[str]:
    for edit in edits:
        for action in _values(edit, "Action"):
            if ":" in action and not set(action) & set("*?"):
                yield action


def _resources(
    estate: Estate, edits: tuple[Edit, ...], requests: Sequence[Request]
) -> Iterator[str]:
    for request in requests:
        yield request.resource
        if Arn.find(request.resource):
            yield f"{request.resource}-other"  # shows an edit that takes in neighbours
    for edit in edits:
        for resource in _values(edit, "Resource"):
            yield resource.replace("*", "any").replace("?", "x")
    arn = Arn.find(requests[0].resource)
    account = estate.account(arn.account) if arn else None
    if arn is None or account is None:
        return
    if arn.service == "lambda":
        functions = list(account.functions.values())[:_RESOURCES]
        yield from (f.arn(account.id, partition=account.partition) for f in functions)
    elif arn.service == "iam":
        yield from list(_everyone(account))[:_RESOURCES]
    else:
        held = [each for each in account.resources if f":{arn.service}:" in each]
        yield from held[:_RESOURCES]


def _values(edit: Edit, element: str) -> Iterator[str]:
    """The values of an element in the statements that the edit adds or changes."""
    old, new = _statements(edit.before), _statements(edit.after)
    for statement in (each for each in [*new, *old] if each not in new or each not in old):
        for name in (element, f"Not{element}"):
            yield from _texts(statement.get(name))


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _statements(text: str | None) -> list[dict[str, Any]]:
    document = json.loads(text) if text else {}
    raw = document.get("Statement", []) if isinstance(document, dict) else []
    return [each for each in (raw if isinstance(raw, list) else [raw]) if isinstance(each, dict)]
