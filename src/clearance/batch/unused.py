"""Access that nobody uses: roles, users, keys, services and actions, with when each last was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import compute

from clearance.batch.distinct import Counted
from clearance.batch.privilege.bounds import granted_actions
from clearance.batch.privilege.standing import current
from clearance.batch.privilege.use import users_of
from clearance.batch.requests import Outcome
from clearance.batch.tally import when
from clearance.batch.units import NO_TIME, Columns
from clearance.model.catalog import Catalog
from clearance.model.errors import RequestError
from clearance.model.estate import AccessKey, Account, Estate

__all__ = ["Done", "Key", "Principal", "Report", "Service", "Sightings", "unused"]

_ASSUME: Final = "sts:AssumeRole"


@dataclass
class Sightings:
    """When the access keys of an estate were last seen, whatever was called with them."""

    estate: Estate
    keys: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accounts = self.estate.accounts.values()
        held = [account.root_keys for account in accounts]
        held += [user.keys for account in accounts for user in account.users.values()]
        ids = {key.id for keys in held for key in keys.values()}
        self._held = pa.array(sorted(ids), pa.string())

    def watching(self, units: Iterable[Columns]) -> Iterator[Columns]:
        """The same units, looked at as they pass."""
        for columns in units:
            self._add(columns)
            yield columns

    def _add(self, columns: Columns) -> None:
        column = columns.texts("access_key")
        # Nearly all keys of a log are a session's, of which nobody asks.
        among = compute.is_in(column.dictionary, self._held).to_numpy(zero_copy_only=False)
        codes = np.flatnonzero(among)
        if not len(codes):
            return
        times, _ = columns.times("time")
        last = np.full(column.size, NO_TIME, np.int64)
        rows = np.append(among, False)[column.codes]
        np.maximum.at(last, column.codes[rows], times[rows])
        for code in codes.tolist():
            text, time = column.dictionary[code].as_py(), int(last[code])
            if time != NO_TIME:
                self.keys[text] = max(self.keys.get(text, NO_TIME), time)


@dataclass(slots=True)
class Done:
    """What was done in some logs, and when last.

    ``seen`` are users and roles, whatever they called; ``actions`` what AWS let each do, by ARN;
    ``assumed`` roles that were taken up.
    """

    seen: Mapping[str, str]
    actions: dict[str, dict[str, str]] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, counted: Counted) -> Done:
        """By the calls that were counted."""
        found = cls(counted.seen())
        for name in users_of(counted):
            own = found.actions[name] = {}
            for call, tallies in counted.done(name, _ASSUME):
                good = [tallies[outcome] for outcome in (Outcome.ALLOWED, Outcome.FAILED)]
                last = max(tally.last for tally in good)
                for request in call.requests if any(tally.count for tally in good) else ():
                    own[request.action] = max(own.get(request.action, ""), last)
                    if request.action == _ASSUME:
                        role = request.resource
                        found.assumed[role] = max(found.assumed.get(role, ""), last)
        return found


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
    done: Done,
    catalog: Catalog,
    since: str,
) -> Report:
    """What an estate allows beside what logs show, from the logs and what AWS told the estate."""
    principals: list[Principal] = []
    keys: list[Key] = []
    for account in estate.accounts.values():
        for user in account.users.values():
            arn = account.user_arn(user)
            told = [user.password_last_used, *(key.last_used for key in user.keys.values())]
            last = max(done.seen.get(arn, ""), *(_text(time) for time in told))
            principals.append(
                _principal(arn, user.created, last, since, _services(estate, arn, done, catalog))
            )
            keys += (_key(key, arn, sightings, since) for key in user.keys.values())
        keys += (
            _key(key, account.root_arn, sightings, since) for key in account.root_keys.values()
        )
        principals += _roles(estate, account, done, catalog, since)
    return Report(since, tuple(principals), tuple(keys))


def _roles(
    estate: Estate, account: Account, done: Done, catalog: Catalog, since: str
) -> Iterator[Principal]:
    for role in account.roles.values():
        if role.is_service_linked:
            continue  # AWS's own, and only with its service to be deleted
        arn = account.role_arn(role)
        last = max(done.seen.get(arn, ""), done.assumed.get(arn, ""), _text(role.last_used))
        services = _services(estate, arn, done, catalog)
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


def _services(estate: Estate, arn: str, done: Done, catalog: Catalog) -> tuple[Service, ...]:
    """What the principal's own policies name, service by service."""
    try:
        policies = tuple(p for p in current(estate, arn) if p.error is None)
    except RequestError:
        return ()
    allowed: dict[str, list[str]] = defaultdict(list)
    for action in sorted(granted_actions(policies, catalog)):
        allowed[action.partition(":")[0]].append(action)
    last: dict[str, dict[str, str]] = defaultdict(dict)
    for action, time in done.actions.get(arn, {}).items():
        last[action.partition(":")[0]][action] = time
    return tuple(Service(p, tuple(actions), last.get(p, {})) for p, actions in allowed.items())


def _text(time: datetime | None) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time is not None else ""
