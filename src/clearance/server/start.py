"""Put an endpoint together: open its store, seed it if it is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from clearance import wiring
from clearance.model.errors import UsageError
from clearance.model.estate import AccessKey, Account, Estate, Secret
from clearance.server.app import Application
from clearance.server.endpoint import Endpoint
from clearance.server.invoke import Functions
from clearance.server.runtime.pool import Pool
from clearance.server.world import World
from clearance.store.port import Entry
from clearance.store.sqlite import SqliteStore

__all__ = ["ACCOUNT", "Settings", "Started", "start"]

ACCOUNT: Final = "123456789012"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an endpoint is started with.

    ``data``: the folder of its store. ``seed``: an estate file for a store that is still empty.
    """

    data: Path
    seed: Path | None = None
    seed_estate: Estate | None = None
    region: str = "us-east-1"
    account: str = ACCOUNT
    recover: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """An endpoint that is ready to be served.

    ``root_keys`` are root credentials by account, only when this start made them.
    """

    application: Application
    functions: Functions
    world: World
    store: SqliteStore
    fresh: bool
    root_keys: Mapping[str, AccessKey] = field(default_factory=dict)


def start(settings: Settings) -> Started:
    """Open the store, seed it if it is new, and put the endpoint together.

    Raises:
        StoreError: the data folder cannot be used.
        EstateError: the seed cannot be read.
        UsageError: a seed was given for a store that already has accounts.
    """
    store = wiring.open_store(settings.data, recover=settings.recover)
    try:
        root_keys, fresh = _seed(store, settings)
    except BaseException:
        store.close()
        raise
    world = World(
        store=store,
        sealer=store.sealer,
        ports=wiring.ports(store),
        catalog=wiring.catalog(),
        now=wiring.now,
        estate=store.load(),
    )
    functions = Functions(world, Pool(now=wiring.now))

    async def shutdown() -> None:
        await functions.close()
        store.close()

    application = Application(Endpoint(world, functions), shutdown=shutdown)
    return Started(application, functions, world, store, fresh, root_keys)


def _seed(store: SqliteStore, settings: Settings) -> tuple[Mapping[str, AccessKey], bool]:
    """Fill a new store; answers the root keys made for it and whether it was new."""
    before = store.load()
    given = settings.seed_estate
    if before.accounts:
        if settings.seed is not None or given is not None:
            raise UsageError(
                f"`{settings.data}` already holds an estate; give --seed only to a new one"
            )
        return {}, False
    made: dict[str, AccessKey] = {}
    if given is None:
        given = wiring.load_estate(settings.seed) if settings.seed else None
    if given is None:
        key = _root_key(store)
        made[settings.account] = key
        account = Account(settings.account, root_keys={key.id: key})
        given = Estate({account.id: account})
    entry = Entry(
        when=wiring.now(),
        who="clearance",
        account=settings.account,
        region=settings.region,
        service="clearance",
        operation="Seed",
    )
    store.commit(before, given, entry=entry)
    return made, True


def _root_key(store: SqliteStore) -> AccessKey:

    ports = wiring.ports(store)
    return AccessKey(ports.access_key_id("AKIA"), Secret(ports.secret_key()), wiring.now())
