"""The same replay on Spark: workers get units, read them themselves, and keep what they compiled.

Rows never pass through the JVM: that would cost several times what deciding them does. A worker
process is given the two estates once, as a file that Spark distributes, and keeps its `Decider`
for every task and every later job that asks about the same estates.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from clearance.batch.decider import Decider, Klass
from clearance.batch.replay import Replay, explained
from clearance.batch.requests import Row
from clearance.batch.sights import Sight, Sights
from clearance.batch.tally import Tally
from clearance.batch.units import Reader, Unit, units_in
from clearance.batch.work import at_work
from clearance.model.catalog import Catalog
from clearance.model.errors import UsageError
from clearance.model.estate import Estate

__all__ = ["Worker", "replayed_on", "summed"]

_NAME: Final = "clearance-estates"
_KEPT: dict[str, Worker] = {}


class Worker:
    """What one process needs to decide units; the function that any scheduler may call."""

    def __init__(self, current: Estate, proposed: Estate, catalog: Catalog) -> None:
        self.decider = Decider(current, proposed, catalog)
        self._reader = Reader(self.decider.needed)

    def decide(self, units: Iterable[Unit]) -> Sights:
        """The sum of some units."""
        sights = Sights()
        with at_work():
            for unit in units:
                sights.add(self.decider, self.decider.decide(self._reader.read(unit)))
        return sights


class _Part(msgspec.Struct):
    """A sum of units as it travels: totals, and the calls about which there is news."""

    numbers: tuple[int, int, int, int, int, int, int]
    skipped: dict[str, int]
    gaps: dict[str, int]
    classes: list[tuple[list[tuple[bool, bool, bool]], bool, bool]]
    seen: list[tuple[Row, int, list[tuple[int, str, str]]]]


def packed(sights: Sights) -> bytes:
    """A sum of units as bytes."""
    places: dict[int, int] = {}
    classes: list[tuple[list[tuple[bool, bool, bool]], bool, bool]] = []
    seen: list[tuple[Row, int, list[tuple[int, str, str]]]] = []
    for sight in sights.seen():
        klass = sight.klass
        if id(klass) not in places:
            places[id(klass)] = len(classes)
            classes.append((list(klass.verdicts), klass.was, klass.will))
        tallies = [(tally.count, tally.first, tally.last) for tally in sight.tallies]
        seen.append((sight.row, places[id(klass)], tallies))
    numbers = (
        sights.events, sights.incomplete, sights.broken, sights.opened, sights.agreed,
        sights.disagreed, sights.classes,
    )  # fmt: skip
    return msgspec.msgpack.encode(
        _Part(numbers, dict(sights.skipped), dict(sights.gaps), classes, seen)
    )


def unpacked(part: bytes) -> Sights:
    """A sum of units again."""
    told = msgspec.msgpack.decode(part, type=_Part)
    found = Sights(*told.numbers)
    found.skipped.update(told.skipped)
    found.gaps.update(told.gaps)
    classes = [Klass(tuple(verdicts), was, will) for verdicts, was, will in told.classes]
    for row, place, tallies in told.seen:
        one, two, three = (Tally(*each) for each in tallies)
        found.added.append(Sight(row, classes[place], (one, two, three)))
    return found


def summed(parts: Iterable[bytes]) -> Sights:
    """The sum of what several workers found."""
    found = Sights()
    for part in parts:
        found.merge(unpacked(part))
    return found


def replayed_on(
    folders: Iterable[str],
    current: Estate,
    proposed: Estate,
    catalog: Callable[[], Catalog],
    *,
    spark: Any = None,  # noqa: ANN401 - pyspark is an extra
) -> tuple[Sights, Replay]:
    """Replay a dataset on Spark; the session that is there, or one on this machine.

    Raises:
        UsageError: pyspark is not installed, or there is no dataset.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise UsageError("this needs pyspark; pip install 'clearance[spark]'") from None
    units = units_in(folders)
    session = spark or SparkSession.builder.getOrCreate()
    estates = pickle.dumps((current, proposed))
    name = f"{_NAME}-{hashlib.sha256(estates).hexdigest()[:20]}"
    context = session.sparkContext
    with TemporaryDirectory(prefix="clearance-") as folder:
        path = Path(folder) / name
        path.write_bytes(estates)
        context.addFile(str(path))
        slices = max(1, min(len(units), 4 * context.defaultParallelism))
        work = _work(name, catalog)
        parts = context.parallelize(units, slices).mapPartitions(work).collect()
    sights = summed(parts)
    return sights, explained(sights, Decider(current, proposed, catalog()))


def _work(name: str, catalog: Callable[[], Catalog]) -> Callable[[Iterable[Unit]], Iterator[bytes]]:
    def work(units: Iterable[Unit]) -> Iterator[bytes]:
        worker = worker_for(name, catalog)
        yield packed(worker.decide(Unit(*unit) for unit in units))

    return work


def worker_for(name: str, catalog: Callable[[], Catalog]) -> Worker:
    """This process's worker for two estates; Spark uses a process for many tasks."""
    found = _KEPT.get(name)
    if found is None:
        from pyspark import SparkFiles  # noqa: PLC0415

        current, proposed = pickle.loads(Path(SparkFiles.get(name)).read_bytes())  # noqa: S301 - our own
        _KEPT.clear()  # one pair of estates at a time: they may be large
        found = _KEPT[name] = Worker(current, proposed, catalog())
    return found
