"""Access that nobody uses: roles, users, keys, services and actions, with when each last was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np

from clearance.batch.privilege.bounds import granted_actions
from clearance.batch.privilege.standing import current
from clearance.batch.privilege.use import Used
from clearance.batch.tally import when
from clearance.batch.units import NO_TIME, Columns
from clearance.batch.who import who
from clearance.model.catalog import Catalog
from clearance.model.errors import RequestError
from clearance.model.estate import AccessKey, Account, Estate
from clearance.model.principal import PrincipalKind

__all__ = ["Key", "Principal", "Report", "Service", "Sightings", "unused"]

_STS: Final = "sts.amazonaws.com"


@dataclass
class Sightings:
    """When identities and access keys were last seen, whatever they called."""

    identities: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)

    def watching(self, units: Iterable[Columns]) -> Iterator[Columns]:
        """The same units, looked at as they pass."""
        for columns in units:
            self._add(columns)
            yield columns

    def _add(self, columns: Columns) -> None:
        times, _ = columns.times("time")
        for name, table in (("caller", self.identities), ("access_key", self.keys)):
            column = columns.texts(name)
            last = np.full(column.size, NO_TIME, np.int64)
            np.maximum.at(last, column.codes, times)
            for text, time in zip(column.texts, last.tolist(), strict=False):
                if text is not None and time != NO_TIME:
                    table[text] = max(table.get(text, NO_TIME), time)

    def principals(self, estate: Estate) -> Mapping[str, str]:
        """The last time by the ARN of users and roles."""
        found: dict[str, int] = {}
        for text, time in self.identities.items():
            principal = who(msgspec.json.decode(text), estate, frozenset()).principal
            if principal is None or principal.kind is PrincipalKind.SERVICE:
                continue
            name = principal.policy_subject
            found[name] = max(found.get(name, NO_TIME), time)
        return {name: when(time) for name, time in found.items()}


@dataclass(frozen=True, slots=True)
class Service:
    """What somebody may do with a service, and what of it was used when last."""

    prefix: str
    allowed: tuple[str, ...]
    used: Mapping[str, str]

    @property
    def last(self) -> str:
        """When it was last used; empty if never."""
        return max(self.used.values(), default="")

    @property
    def unused(self) -> tuple[str, ...]:
        """The actions that were not used."""
        lower = {action.lower() for action in self.used}
        return tuple(action for action in self.allowed if action.lower() not in lower)


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or role; ``young``: it is newer than the window, so that disuse says little."""

    arn: str
    created: str
    last: str
    unused: bool
    young: bool
    services: tuple[Service, ...] = ()

    @property
    def kind(self) -> str:
        """``user`` or ``role``."""
        return "user" if ":user/" in self.arn else "role"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key."""

    id: str
    owner: str
    created: str
    last: str
    active: bool
    unused: bool
    young: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything, used or not; what is unused was not used since ``since``."""

    since: str
    principals: tuple[Principal, ...]
    keys: tuple[Key, ...]


def unused(
    estate: Estate,
    sightings: Sightings,
    used: Mapping[str, Used],
    catalog: Catalog,
    since: str,
) -> Report:
    """What an estate allows beside what logs show, from the logs and what AWS told the estate."""
    seen = sightings.principals(estate)
    assumed = _assumed(used)
    principals: list[Principal] = []
    keys: list[Key] = []
    for account in estate.accounts.values():
        for user in account.users.values():
            arn = account.user_arn(user)
            told = [user.password_last_used, *(key.last_used for key in user.keys.values())]
            last = max(seen.get(arn, ""), *(_text(time) for time in told))
            principals.append(
                _principal(arn, user.created, last, since, _services(estate, arn, used, catalog))
            )
            keys += (_key(key, arn, sightings, since) for key in user.keys.values())
        keys += (
            _key(key, account.root_arn, sightings, since) for key in account.root_keys.values()
        )
        principals += _roles(estate, account, seen, assumed, used, catalog, since)
    return Report(since, tuple(principals), tuple(keys))


def _roles(
    estate: Estate,
    account: Account,
    seen: Mapping[str, str],
    assumed: Mapping[str, str],
    used: Mapping[str, Used],
    catalog: Catalog,
    since: str,
) -> Iterator[Principal]:
    for role in account.roles.values():
        if role.is_service_linked:
            continue  # AWS's own, and only with its service to be deleted
        arn = account.role_arn(role)
        last = max(seen.get(arn, ""), assumed.get(arn, ""), _text(role.last_used))
        services = _services(estate, arn, used, catalog)
        yield _principal(arn, role.created, last, since, services)


def _principal(
    arn: str, created: datetime, last: str, since: str, services: tuple[Service, ...]
) -> Principal:
    return Principal(
        arn, _text(created), last, not last or last < since, _text(created) > since, services
    )


def _key(key: AccessKey, owner: str, sightings: Sightings, since: str) -> Key:
    last = max(when(sightings.keys.get(key.id, NO_TIME)), _text(key.last_used))
    created = _text(key.created)
    return Key(key.id, owner, created, last, key.active, not last or last < since, created > since)


def _assumed(used: Mapping[str, Used]) -> Mapping[str, str]:
    """When roles were last taken up by those who did."""
    found: dict[str, str] = {}
    for one in used.values():
        for use in (*one.uses, *one.former):
            if use.request.action == "sts:AssumeRole":
                role = use.request.resource
                found[role] = max(found.get(role, ""), use.tally.last)
    return found


def _services(
    estate: Estate, arn: str, used: Mapping[str, Used], catalog: Catalog
) -> tuple[Service, ...]:
    """What the principal's own policies name, service by service."""
    try:
        policies = tuple(p for p in current(estate, arn) if p.error is None)
    except RequestError:
        return ()
    allowed: dict[str, list[str]] = defaultdict(list)
    for action in sorted(granted_actions(policies, catalog)):
        allowed[action.partition(":")[0]].append(action)
    last: dict[str, dict[str, str]] = defaultdict(dict)
    one = used.get(arn)
    for use in (*one.uses, *one.former) if one else ():
        action = use.request.action
        table = last[action.partition(":")[0]]
        table[action] = max(table.get(action, ""), use.tally.last)
    return tuple(Service(p, tuple(actions), last.get(p, {})) for p, actions in allowed.items())


def _text(time: datetime | None) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time is not None else ""
