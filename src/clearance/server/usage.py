"""When keys, roles, services and actions were last used: marked in memory, kept in batches.

A journal row for every call would be most of the journal; AWS itself is minutes late with this. So
a use is written when somebody asks, at the end, or when what is written is some time older.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from clearance.model.access import Accessed, Use
from clearance.model.estate import AccessKey, Account, Estate, Role, User
from clearance.model.principal import Principal, PrincipalKind

__all__ = ["SHOWING", "Usage"]

RECENT: Final = timedelta(minutes=15)
# Operations whose answers show what is kept here.
SHOWING: Final = frozenset(
    {
        "GenerateCredentialReport",
        "GetAccessKeyLastUsed",
        "GetAccountAuthorizationDetails",
        "GetRole",
        "GetOrganizationsAccessReport",
        "GetServiceLastAccessedDetails",
        "GetServiceLastAccessedDetailsWithEntities",
        "ListAccessKeys",
        "DeleteServiceLinkedRole",
    }
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One use."""

    when: datetime
    service: str
    region: str


@dataclass(frozen=True, slots=True)
class _Known:
    """Whether a use may wait: what the estate says of it is recent."""

    estate: Estate

    def key(self, number: str, name: str | None, key: str, used: Mark) -> bool:
        account = self.estate.account(number)
        user = account.users.get(name) if account and name else None
        keys = user.keys if user else account.root_keys if account and name is None else {}
        found = keys.get(key)
        return found is not None and _recent(found.last_used, used.when)

    def role(self, number: str, name: str, used: Mark) -> bool:
        account = self.estate.account(number)
        role = account.roles.get(name) if account else None
        return role is not None and _recent(role.last_used, used.when)

    def actions(self, number: str, who: str, uses: Mapping[str, Use]) -> bool:
        account = self.estate.account(number)
        known = account.accessed.get(who) if account else None
        return known is not None and all(
            action in known.actions and _recent(known.actions[action].when, use.when)
            for action, use in uses.items()
        )


def _recent(written: datetime | None, now: datetime) -> bool:
    return written is not None and now - written < RECENT


@dataclass(slots=True)
class Usage:
    """Uses that the estate does not show yet."""

    _keys: dict[tuple[str, str | None, str], Mark] = field(default_factory=dict)
    _roles: dict[tuple[str, str], Mark] = field(default_factory=dict)
    _actions: dict[tuple[str, str], dict[str, Use]] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """True when there is something to keep."""
        return bool(self._keys or self._roles or self._actions)

    def mark(self, caller: Principal, service: str, region: str, when: datetime) -> None:
        """Remember that somebody called."""
        account = caller.account
        if account is None:
            return
        used = Mark(when, service, region)
        if caller.kind is PrincipalKind.ROLE_SESSION and caller.role_arn:
            self._roles[account, caller.role_arn.rsplit("/", 1)[-1]] = used
        elif caller.access_key and caller.access_key.startswith("AKIA"):
            name = caller.arn.rsplit("/", 1)[-1] if caller.kind is PrincipalKind.USER else None
            self._keys[account, name, caller.access_key] = used

    def mark_actions(
        self, caller: Principal, actions: Iterable[str], region: str, when: datetime
    ) -> None:
        """Remember what somebody tried, allowed or not: "includes all attempts"."""
        who = caller.unique_id or (caller.account if caller.kind is PrincipalKind.ROOT else None)
        if caller.account is not None and who is not None:
            use = Use(when, region)
            self._actions.setdefault((caller.account, who), {}).update(dict.fromkeys(actions, use))

    def kept(self, estate: Estate, *, exact: bool = True) -> Estate:
        """The estate with every use it has not seen; they are forgotten here.

        Unless it must be ``exact``, uses wait that would make what is written little newer.
        """
        keys, self._keys = self._keys, {}
        roles, self._roles = self._roles, {}
        actions, self._actions = self._actions, {}
        if not exact:
            wait = _Known(estate)
            self._keys = {k: m for k, m in keys.items() if wait.key(*k, m)}
            self._roles = {k: m for k, m in roles.items() if wait.role(*k, m)}
            self._actions = {k: uses for k, uses in actions.items() if wait.actions(*k, uses)}
            keys = {k: m for k, m in keys.items() if k not in self._keys}
            roles = {k: m for k, m in roles.items() if k not in self._roles}
            actions = {k: uses for k, uses in actions.items() if k not in self._actions}
        changed: dict[str, Account] = {}

        def account_of(number: str) -> Account | None:
            return changed.get(number) or estate.account(number)

        for (number, name, key), used in keys.items():
            account = account_of(number)
            if account is not None:
                changed[number] = _with_key(account, name, key, used)
        for (number, name), used in roles.items():
            account = account_of(number)
            role = account.roles.get(name) if account else None
            if account is not None and role is not None:
                changed[number] = replace(account, roles={**account.roles, name: _used(role, used)})
        for (number, who), uses in actions.items():
            account = account_of(number)
            if account is not None:
                changed[number] = _with_uses(account, who, uses)
        if not changed:
            return estate
        return replace(estate, accounts={**estate.accounts, **changed})


def _with_uses(account: Account, who: str, uses: Mapping[str, Use]) -> Account:
    known = account.accessed.get(who, Accessed())
    services = {action.partition(":")[0]: use for action, use in uses.items()}
    last = Accessed({**known.services, **services}, {**known.actions, **uses})
    there = {e.id for table in (account.users, account.roles) for e in table.values()}
    kept = {k: held for k, held in account.accessed.items() if k in there or k == account.id}
    return replace(account, accessed={**kept, who: last} if who in there or who == account.id
                   else kept)  # fmt: skip


def _used(role: Role, used: Mark) -> Role:
    return replace(role, last_used=used.when, last_region=used.region)


def _with_key(account: Account, name: str | None, key: str, used: Mark) -> Account:
    if name is None:
        keys = _marked(account.root_keys, key, used)
        return replace(account, root_keys=keys) if keys else account
    user: User | None = account.users.get(name)
    keys = _marked(user.keys, key, used) if user else None
    if user is None or keys is None:
        return account
    return replace(account, users={**account.users, name: replace(user, keys=keys)})


def _marked(keys: Mapping[str, AccessKey], key: str, used: Mark) -> Mapping[str, AccessKey] | None:
    found = keys.get(key)
    if found is None:
        return None
    seen = replace(found, last_used=used.when, last_service=used.service, last_region=used.region)
    return {**keys, key: seen}
