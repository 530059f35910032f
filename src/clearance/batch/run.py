"""A replay on one machine: both cores, bounded memory, whatever the logs are."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from clearance.batch.decider import Decider, Prepared
from clearance.batch.ingest import Told, cores, ingest, unheard
from clearance.batch.replay import Replay, explained
from clearance.batch.sights import Sights
from clearance.batch.source import Logs
from clearance.batch.units import Reader, Unit
from clearance.batch.work import at_work
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate

__all__ = ["decide_units", "replayed"]

# While one thread works out what is new, others read on: Python runs in one of them at a time.
_AHEAD: Final = 1
_LARGE: Final = 32 << 20  # files of this size together are worth all cores and the disk


def replayed(
    logs: Logs,
    current: Estate,
    proposed: Estate,
    catalog: Callable[[], Catalog],
    *,
    begun: Told = unheard,
    told: Told = unheard,
) -> tuple[Sights, Replay]:
    """Decide every call in both estates, and say what differs.

    ``begun`` hears how many bytes and files there are to read, ``told`` of each that was read.
    """
    decider, sights = Decider(current, proposed, catalog()), Sights()
    with _converted(logs, catalog, begun, told) as ready:
        begun(len(ready.units), 0)
        decide_units(ready.units, decider, sights, lambda: told(1, 0))
        for columns in replace(ready, units=(), parts=0).columns(catalog(), decider.needed):
            sights.add(decider, decider.decide(columns))
        logs.found.files += ready.parts if ready is logs else 0
        logs.found.events += ready.rows if ready is logs else 0
    return sights, explained(sights, decider)


def decide_units(
    units: Iterable[Unit],
    decider: Decider,
    sights: Sights,
    done: Callable[[], None] = lambda: None,
    *,
    workers: int = 0,
) -> None:
    """Decide some units in some threads; each reads its own.

    Nearly all of what is ever new is in the first unit. It is prepared alone, so that the others
    are read while it is worked out.
    """
    local, lock = threading.local(), threading.Lock()

    def prepared(unit: Unit) -> Prepared:
        if not hasattr(local, "reader"):
            local.reader = Reader(decider.needed)
        return decider.prepare(local.reader.read(unit))

    def alone(unit: Unit) -> Prepared:
        return decider.prepare(Reader(decider.needed, threads=True).read(unit))

    def finish(unit: Prepared) -> None:
        decided = decider.finish(unit)
        with lock:
            sights.add(decider, decided)
            done()

    waiting = iter(units)
    with at_work(), ThreadPoolExecutor(workers or cores() + _AHEAD) as pool:
        begun = [pool.submit(finish, alone(unit)) for unit in islice(waiting, 1)]
        for _ in pool.map(lambda unit: finish(prepared(unit)), waiting):
            pass
        for each in begun:
            each.result()


@contextmanager
def _converted(
    logs: Logs, catalog: Callable[[], Catalog], begun: Told, told: Told
) -> Iterator[Logs]:
    """The logs, many files of CloudTrail made a dataset that lasts as long as it is needed."""
    if sum(place.size for place in logs.files) < _LARGE:
        yield logs
        return
    with tempfile.TemporaryDirectory(prefix="clearance-") as name:
        folder = Path(name)
        files = [str(place) for place in logs.files]
        made = ingest(files, folder, catalog, workers=cores(), begun=begun, told=told)
        logs.found.add(made.found)
        logs.found.files += logs.parts
        logs.found.events += logs.rows
        yield Logs((*logs.units, *Logs.at([folder]).units), (), found=logs.found)
