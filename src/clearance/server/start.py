"""Put an endpoint together: open its store, seed it if it is new."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from clearance import wiring
from clearance.facts.managed_policies import without_aws_managed
from clearance.model.errors import StoreError, UsageError
from clearance.model.estate import AccessKey, Account, Estate, Secret
from clearance.server.app import Application
from clearance.server.console.start import Console
from clearance.server.endpoint import Endpoint
from clearance.server.federation import Federation
from clearance.server.informed import Informed
from clearance.server.lambda_.functions import Functions
from clearance.server.lambda_.pace import Pace
from clearance.server.log import RequestLog
from clearance.server.manner import Manner
from clearance.server.runtime.pool import Pool
from clearance.server.services.answer import Services
from clearance.server.services.for_lambda import length_of
from clearance.server.world import World
from clearance.store.events import Retention
from clearance.store.port import Entry
from clearance.store.sqlite import SqliteStore

__all__ = ["ACCOUNT", "Settings", "Started", "start"]

ACCOUNT: Final = "123456789012"
PENDING: Final = "lambda-events"
USAGE_SECONDS: Final = 60
LOG: Final = logging.getLogger("clearance.server")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an endpoint is started with.

    ``data``: the folder of its store. ``seed``: an estate file for a store that is still empty.
    ``jwks``: files with the public keys of identity providers, by issuer. ``console``: whether
    there is one; a process can have it once. ``retention``: which audit events are kept.
    """

    data: Path
    seed: Path | None = None
    seed_estate: Estate | None = None
    region: str = "us-east-1"
    account: str = ACCOUNT
    recover: bool = False
    jwks: Mapping[str, Path] = field(default_factory=dict)
    manner: Manner = field(default_factory=Manner)
    log: RequestLog | None = None
    pace: Pace = field(default_factory=Pace)
    console: bool = False
    retention: Retention | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """An endpoint that is ready to be served.

    ``root_keys`` are root credentials by account, only when this start made them. ``console`` is
    None when there is none.
    """

    application: Application
    functions: Functions
    world: World
    store: SqliteStore
    fresh: bool
    root_keys: Mapping[str, AccessKey] = field(default_factory=dict)
    console: Console | None = None


def start(settings: Settings) -> Started:
    """Open the store, seed it if it is new, and put the endpoint together.

    Raises:
        StoreError: the data folder cannot be used.
        EstateError: the seed cannot be read.
        UsageError: a seed was given for a store that already has accounts.
    """
    store = wiring.open_store(settings.data, recover=settings.recover, retention=settings.retention)
    try:
        root_keys, fresh = _seed(store, settings)
    except BaseException:
        store.close()
        raise
    console = Console(settings.region, settings.data, wiring.now) if settings.console else None
    informed = Informed(store, console.feed.add if console is not None else None)
    world = World(
        store=informed,
        sealer=store.sealer,
        ports=wiring.ports(store),
        catalog=wiring.catalog(),
        now=wiring.now,
        estate=informed.load(),
        manner=settings.manner,
        log=settings.log,
    )
    functions = Functions(
        world, Pool(now=wiring.now), pace=settings.pace, pending=settings.data / PENDING
    )
    services = Services(world, functions)

    tending: list[asyncio.Task[None]] = []

    async def startup() -> None:
        tending.append(asyncio.create_task(_tend(world)))
        tending.append(asyncio.create_task(functions.tend()))
        tending.append(asyncio.create_task(services.resume()))

    async def shutdown() -> None:
        if console is not None:
            await console.close()
        for task in tending:
            task.cancel()
        await asyncio.gather(*tending, return_exceptions=True)
        await functions.rest()  # while what it calls is still there
        await services.close()
        await functions.close()
        with suppress(StoreError):
            await world.keep_usage()
        store.close()

    endpoint = Endpoint(world, functions, services, Federation(settings.jwks))
    functions.calls.ask = endpoint.answer
    functions.poller.length = length_of
    if console is not None:
        console.serves(world, endpoint.answer)
    application = Application(
        endpoint,
        startup=startup,
        shutdown=shutdown,
        console=console.door if console is not None else None,
    )
    return Started(application, functions, world, store, fresh, root_keys, console)


async def _tend(world: World) -> None:
    """What is done beside the calls: keep what was used when."""
    while True:
        await asyncio.sleep(USAGE_SECONDS)
        try:
            await world.keep_usage(exact=False)
        except StoreError as error:
            LOG.warning("when keys were last used could not be kept: %s", error)


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
    store.commit(before, without_aws_managed(given), entry=entry)
    return made, True


def _root_key(store: SqliteStore) -> AccessKey:

    ports = wiring.ports(store)
    return AccessKey(ports.access_key_id("AKIA"), Secret(ports.secret_key()), wiring.now())
