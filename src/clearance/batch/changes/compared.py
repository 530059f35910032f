"""What two estates, before and after a change, say about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from clearance.batch.changes.events import Done
from clearance.batch.changes.finding import Finding, Level
from clearance.decide.attach import attach
from clearance.decide.who import AccessIndex
from clearance.model.catalog import Catalog
from clearance.model.estate import Account, Estate, ManagedPolicy, Resource, Role, User
from clearance.model.function import Function
from clearance.model.policy import AttachedPolicy, Effect, PolicyType
from clearance.prove import Verdict, World, no_public_access
from clearance.reach import ADMIN, Method, Path, admins, edges, paths
from clearance.reach.edges import is_full
from clearance.store.changes import ABSENT, Change

__all__ = ["Compared"]

_ACCOUNT: Final = re.compile(r"(?:^|:)(\d{12})(?=$|:)")
_OWN: Final = frozenset({"users", "roles", "groups", "policies"})
_TABLE: Final = 3  # steps of a path before the name
MOST: Final = 300  # principals beyond which paths are not looked for


@dataclass
class Compared:
    """Compares estates; ``known`` are accounts that one trusts."""

    catalog: Catalog
    world: World
    methods: Sequence[Method]
    known: frozenset[str] = frozenset()
    _paths: dict[int, tuple[Estate, dict[str, Path]]] = field(default_factory=dict)

    def findings(
        self, done: Done, before: Estate, after: Estate, changes: Sequence[Change]
    ) -> Iterator[Finding]:
        """Public access, strangers, new administrators and new paths to that."""
        for arn, old, new in _policies(changes, after):
            yield from self._opened(arn, old, new, after)
        touched = [change for change in changes if _about_permissions(change)]
        if not touched:
            return
        made = tuple(self._administrators(before, after, touched))
        for arn in made:
            yield Finding("administrator", Level.ALERT, f"{arn} can do anything now")
        if done.caller in _whose(touched, after):
            yield Finding("self-grant", Level.WARNING, f"{done.caller} changed its own permissions")
        yield from self._escalations(before, after, made)

    def _opened(
        self, arn: str, old: AttachedPolicy | None, new: AttachedPolicy, after: Estate
    ) -> Iterator[Finding]:
        if self._public(new) and not (old is not None and self._public(old)):
            yield Finding("public", Level.ALERT, f"anybody can use {arn}")
        strangers = _accounts(new) - (_accounts(old) if old else set()) - self.known
        strangers -= {arn.split(":")[4], *after.accounts}
        strangers -= {a for org in after.organizations.values() for a in org.accounts}
        if strangers:
            told = ", ".join(sorted(strangers))
            yield Finding(
                "unknown-account", Level.ALERT, f"{arn} lets in account {told}, unknown here"
            )

    def _public(self, policy: AttachedPolicy) -> bool:
        return no_public_access((policy,), self.world).verdict is Verdict.REFUTED

    def _administrators(
        self, before: Estate, after: Estate, touched: Iterable[Change]
    ) -> Iterator[str]:
        for arn in sorted(_whose(touched, after)):
            if is_full(after, arn) and not (_holds(before, arn) and is_full(before, arn)):
                yield arn

    def _escalations(self, before: Estate, after: Estate, made: Sequence[str]) -> Iterator[Finding]:
        if _size(after) > MOST:
            return
        old, new = self._reach(before), self._reach(after)
        for arn, path in new.items():
            if arn in made or (arn in old and (old[arn].certain or not path.certain)):
                continue
            if arn not in old and not _holds(before, arn) and not path.certain:
                continue
            steps = ", ".join(edge.method.says for edge in path.edges)
            doubt = f" (if {', '.join(path.keys)})" if path.keys else ""
            level = Level.ALERT if path.certain else Level.WARNING
            target = "give itself anything" if path.target == ADMIN else f"become {path.target}"
            says = f"{arn} can {target}: {steps}{doubt}"
            yield Finding("escalation", level, says)

    def _reach(self, estate: Estate) -> dict[str, Path]:
        """The path of everybody who can become an administrator; the last two are remembered."""
        known = self._paths.get(id(estate))
        if known is None:
            index = AccessIndex(estate, catalog=self.catalog)
            found = paths(edges(index, self.methods), admins(index))
            if len(self._paths) > 1:
                self._paths.pop(next(iter(self._paths)))
            known = self._paths[id(estate)] = (estate, {path.source: path for path in found})
        return known[1]


def _in_account(change: Change) -> bool:
    """True for something in an account: ``accounts/ID/TABLE/NAME``."""
    return change.path[0] == "accounts" and len(change.path) > _TABLE


def _about_permissions(change: Change) -> bool:
    """True when policies, groups or a boundary changed, rather than keys or tags."""
    if not _in_account(change) or change.path[2] not in _OWN:
        return False
    return _permissions(change.before) != _permissions(change.after)


def _permissions(value: object) -> tuple[object, ...]:
    names = ("inline", "attached", "groups", "boundary", "trust", "versions", "default_version")
    return tuple(getattr(value, name, None) for name in names)


def _policies(
    changes: Iterable[Change], after: Estate
) -> Iterator[tuple[str, AttachedPolicy | None, AttachedPolicy]]:
    """The resource and trust policies that changed, as they were and as they are."""
    for change in changes:
        if not _in_account(change) or change.after is ABSENT:
            continue
        account = after.accounts[change.path[1]]
        old, new = dict(_texts(account, change.before)), dict(_texts(account, change.after))
        for (arn, kind), text in new.items():
            was = old.get((arn, kind))
            if was != text:
                name = kind.value
                held = attach(was, kind, name, to=arn) if was is not None else None
                yield arn, held, attach(text, kind, name, to=arn)


def _texts(account: Account, value: object) -> Iterator[tuple[tuple[str, PolicyType], str]]:
    if isinstance(value, Role):
        yield (account.role_arn(value), PolicyType.TRUST), value.trust.text
    elif isinstance(value, Resource) and value.policy is not None:
        yield (value.arn, PolicyType.RESOURCE), value.policy
    elif isinstance(value, Function):
        for qualifier, held in value.policies.items():
            arn = value.arn(account.id, qualifier, account.partition)
            yield (arn, PolicyType.RESOURCE), held.text


def _accounts(policy: AttachedPolicy) -> set[str]:
    """The accounts that Allow statements name."""
    found: set[str] = set()
    for statement in policy.policy.statements:
        who = statement.principals
        if statement.effect is Effect.ALLOW and who is not None and not statement.not_principals:
            found |= {hit for name in who.aws for hit in _ACCOUNT.findall(name)}
    return found


def _whose(touched: Iterable[Change], after: Estate) -> frozenset[str]:
    """The users and roles whose policies some changes touch."""
    found: set[str] = set()
    for change in touched:
        account = after.accounts.get(change.path[1])
        if account is None or change.after is ABSENT:
            continue
        table, name = change.path[2], change.path[3]
        if isinstance(change.after, User):
            found.add(account.user_arn(change.after))
        elif isinstance(change.after, Role):
            found.add(account.role_arn(change.after))
        elif table == "groups":
            found |= {account.user_arn(u) for u in account.users.values() if name in u.groups}
        elif isinstance(change.after, ManagedPolicy):
            found |= set(_holders(account, name))
    return frozenset(found)


def _holders(account: Account, policy: str) -> Iterator[str]:
    groups = {g.name for g in account.groups.values() if policy in g.attached}
    for user in account.users.values():
        if policy in user.attached or groups.intersection(user.groups):
            yield account.user_arn(user)
    for role in account.roles.values():
        if policy in role.attached:
            yield account.role_arn(role)


def _holds(estate: Estate, arn: str) -> bool:
    account = estate.account(arn.split(":")[4])
    name = arn.rpartition("/")[2]
    return account is not None and (name in account.users or name in account.roles)


def _size(estate: Estate) -> int:
    return sum(len(a.users) + len(a.roles) for a in estate.accounts.values())
