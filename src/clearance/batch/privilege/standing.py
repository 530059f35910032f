"""What somebody is allowed now by its own policies, and an estate in which that is replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from clearance.decide.gather import gather
from clearance.decide.identify import identify
from clearance.match.action import covers
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.decision import CheckType
from clearance.model.estate import Account, Estate, Role, TrustPolicy, User
from clearance.model.policy import AttachedPolicy, Effect, Statement
from clearance.model.request import Request
from clearance.prove.actions import actions_in

__all__ = ["allowing", "bare", "created", "current", "denying", "restricted", "with_policies"]

_NOBODY: Final = '{"Version":"2012-10-17","Statement":[]}'
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def current(estate: Estate, arn: str) -> tuple[AttachedPolicy, ...]:
    """The identity policies of a user or role, those of groups among them."""
    who = identify(arn, estate)
    probe = Request(who, "sts:GetCallerIdentity", "*", resource_account=who.account)
    layers = gather(estate, probe).layers
    return tuple(p for layer in layers if layer.type is CheckType.PRINCIPAL for p in layer.policies)


def allowing(policies: Iterable[AttachedPolicy]) -> tuple[tuple[AttachedPolicy, Statement], ...]:
    """The Allow statements."""
    return tuple((p, s) for p in policies for s in p.policy.statements if s.effect is Effect.ALLOW)


def denying(policies: Iterable[AttachedPolicy]) -> tuple[Statement, ...]:
    """The Deny statements, which are kept as they are."""
    found = (s for p in policies for s in p.policy.statements if s.effect is Effect.DENY)
    return tuple(dict.fromkeys(replace(s, index=0) for s in found))


def restricted(
    statements: Iterable[tuple[AttachedPolicy, Statement]], actions: Iterable[str], catalog: Catalog
) -> tuple[Statement, ...]:
    """What Allow statements say of some actions (patterns), and of no other."""
    wanted = tuple(
        dict.fromkeys(
            action
            for text in actions
            for action in (tuple(actions_in(catalog, (text.lower(),))) or (text,))
            if "*" not in action and "?" not in action
        )
    )
    found: dict[Statement, None] = {}
    for _, statement in statements:
        held = tuple(sorted(action for action in wanted if covers(statement, action)))
        if held:
            kept = replace(statement, index=0, sid=None, actions=held, not_actions=False)
            found[kept] = None
    return tuple(found)


def with_policies(estate: Estate, arn: str, texts: Sequence[str]) -> Estate:
    """The estate with these instead of all identity policies of a user or role.

    Whoever the estate does not hold is put into it, with nothing else.
    """
    told = Arn.of(arn)
    account = estate.account(told.account) or Account(told.account, told.partition)
    inline = {f"learned-{number}": text for number, text in enumerate(texts, 1)}
    if told.kind == "user":
        user = account.users.get(told.name) or User(told.name, "", _LONG_AGO, _path(told))
        changed = replace(user, inline=inline, attached=(), groups=())
        return estate.with_account(replace(account, users={**account.users, told.name: changed}))
    role = account.roles.get(told.name) or Role(
        told.name, "", _LONG_AGO, TrustPolicy(_NOBODY), _path(told)
    )
    held = replace(role, inline=inline, attached=())
    return estate.with_account(replace(account, roles={**account.roles, told.name: held}))


def created(estate: Estate, arn: str) -> str | None:
    """When a user or role was made, as CloudTrail would write it; None if nobody knows."""
    told = Arn.of(arn)
    account = estate.account(told.account)
    if account is None:
        return None
    held = account.users.get(told.name) if told.kind == "user" else account.roles.get(told.name)
    return f"{held.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if held is not None else None


def bare(estate: Estate, arn: str) -> Estate:
    """The estate in which somebody has no policies of its own."""
    return with_policies(estate, arn, ())


def _path(arn: Arn) -> str:
    inside = arn.resource.partition("/")[2]
    head, slash, _ = inside.rpartition("/")
    return f"/{head}/" if slash else "/"
