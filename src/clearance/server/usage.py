"""When access keys and roles were last used: marked in memory, kept in batches.

A journal row for every call would be most of the journal; AWS itself is minutes late with this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from clearance.model.estate import AccessKey, Account, Estate, Role, User
from clearance.model.principal import Principal, PrincipalKind

__all__ = ["SHOWING", "Usage"]

# Operations whose answers show what is kept here.
SHOWING: Final = frozenset(
    {
        "GenerateCredentialReport",
        "GetAccessKeyLastUsed",
        "GetAccountAuthorizationDetails",
        "GetRole",
        "GetServiceLastAccessedDetails",
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


@dataclass(slots=True)
class Usage:
    """Uses that the estate does not show yet."""

    _keys: dict[tuple[str, str | None, str], Mark] = field(default_factory=dict)
    _roles: dict[tuple[str, str], Mark] = field(default_factory=dict)

    @property
    def waiting(self) -> bool:
        """True when there is something to keep."""
        return bool(self._keys or self._roles)

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

    def kept(self, estate: Estate) -> Estate:
        """The estate with every use it has not seen; they are forgotten here."""
        keys, self._keys = self._keys, {}
        roles, self._roles = self._roles, {}
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
        if not changed:
            return estate
        return replace(estate, accounts={**estate.accounts, **changed})


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
