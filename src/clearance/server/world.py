"""The server's one piece of state: the estate in force, and how it is changed and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.estate import AccessKey, Account, Estate
from clearance.model.principal import Principal
from clearance.operations.call import Ports
from clearance.server.authorize import Judge
from clearance.server.log import RequestLog
from clearance.server.manner import Manner
from clearance.server.usage import Usage
from clearance.store.contents import Piece
from clearance.store.port import Entry, Event, Store
from clearance.store.seal import SealedSession, Sealer

__all__ = ["Holder", "World"]


_SESSIONS: Final = 1024  # opened tokens that are kept


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an access key is; ``user`` is None for a root key."""

    account: str
    user: str | None
    key: AccessKey


@dataclass(slots=True)
class World:
    """The estate, its store and what else the endpoint needs; one for each server.

    ``lock`` is held by calls that may change the estate, from decision to commit: no update is
    lost and none is decided on a state that is about to change. ``principals`` are the callers of
    long-term access keys met since an account last changed.
    """

    store: Store
    sealer: Sealer
    ports: Ports
    catalog: Catalog
    now: Callable[[], datetime]
    estate: Estate
    manner: Manner = field(default_factory=Manner)
    usage: Usage = field(default_factory=Usage)
    log: RequestLog | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _keys: dict[str, Mapping[str, Holder]] = field(default_factory=dict)
    _indexed: dict[str, Account] = field(default_factory=dict)
    _sessions: dict[str, SealedSession] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.judge = Judge(self.catalog)

    def holder(self, access_key: str) -> Holder | None:
        """Whose the long-term access key is."""
        self._refresh()
        found = (keys.get(access_key) for keys in self._keys.values())
        return next((holder for holder in found if holder), None)

    def session(self, token: str) -> SealedSession:
        """What a session token holds; opened once while it is in use.

        Raises:
            Unsealable: it is not a token of ours.
        """
        found = self._sessions.get(token)
        if found is None:
            found = self.sealer.open_session(token)
            if len(self._sessions) >= _SESSIONS:
                self._sessions.clear()
            self._sessions[token] = found
        return found

    async def commit(
        self,
        after: Estate,
        *,
        entry: Entry,
        event: Event | None = None,
        contents: Sequence[Piece] = (),
    ) -> None:
        """Keep a change; it is in force when this returns. The lock must be held."""
        await asyncio.to_thread(
            self.store.commit, self.estate, after, entry=entry, event=event, contents=contents
        )
        self.estate = after

    async def keep_usage(self, *, exact: bool = True) -> None:
        """Write down when keys and roles were last used, if that is not known yet."""
        if not self.usage.waiting or self.store.read_only:
            return
        async with self.lock:
            after = self.usage.kept(self.estate, exact=exact)
            if after is not self.estate:
                entry = Entry(self.now(), "clearance", "", "", "clearance", "KeepUsage")
                await self.commit(after, entry=entry)

    def _refresh(self) -> None:
        """Index the access keys of accounts that have changed since the last look."""
        accounts = self.estate.accounts
        for gone in self._indexed.keys() - accounts.keys():
            del self._indexed[gone], self._keys[gone]
            self.principals.clear()
        for account_id, account in accounts.items():
            if self._indexed.get(account_id) is not account:
                self._indexed[account_id] = account
                self.principals.clear()
                self._keys[account_id] = {h.key.id: h for h in _holders(account)}


def _holders(account: Account) -> Iterator[Holder]:
    for key in account.root_keys.values():
        yield Holder(account.id, None, key)
    for user in account.users.values():
        for key in user.keys.values():
            yield Holder(account.id, user.name, key)
