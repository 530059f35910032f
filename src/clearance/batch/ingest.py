"""Logs to the compact dataset, by as many processes as there are cores, each file once.

A part of the dataset is a Parquet file that names the log files it was made of in its footer. It
is written under another name and renamed when it is whole, so that what is there is complete, and
whoever was interrupted goes on where the last whole part ended.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from pyarrow import parquet

from clearance.batch import dataset
from clearance.batch.places import Place
from clearance.batch.read import Found, files_in, records
from clearance.batch.translate import Translator
from clearance.batch.units import CALLS
from clearance.batch.work import at_work
from clearance.batch.written import Writer
from clearance.model.catalog import Catalog
from clearance.model.errors import UsageError
from clearance.store.lock import FolderLock

__all__ = ["Ingested", "Told", "cores", "ingest", "unheard"]

SOURCES: Final = b"clearance.sources"
LOCK: Final = ".lock"  # a name that readers of Parquet folders pass over
_SMALL: Final = 8 << 20  # less than this is not worth another process
_LARGE: Final = 96 << 20  # about a row group of gzip'd logs
_POLL: Final = 0.2

Told: TypeAlias = Callable[[int, int], None]  # bytes of files, and files, that have been read
Job: TypeAlias = tuple[tuple[Place, ...], Path]


def unheard(size: int, files: int) -> None:
    """Nobody listens."""
    del size, files


@dataclass(slots=True)
class Ingested:
    """What came of it; ``known`` files had been read before."""

    found: Found = field(default_factory=Found)
    known: int = 0
    parts: int = 0


def ingest(
    places: Iterable[str | Path],
    folder: Path,
    catalog: Callable[[], Catalog],
    *,
    workers: int,
    told: Told = unheard,
    begun: Told = unheard,
) -> Ingested:
    """Add what is new in some logs to a dataset.

    ``catalog`` is called in each process. ``begun`` hears how much there is to read, ``told`` of
    each file that has been.

    Raises:
        UsageError: there are no logs, or the folder holds something else.
    """
    result = Ingested()
    given = files_in(places)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder, LOCK)
    try:
        for place in (folder, folder / CALLS):
            for left in place.glob(".part-*.tmp"):
                left.unlink()  # of a process that did not live to rename it
        new = list(_new(given, _sources(folder), result))
        jobs = list(_jobs(new, folder, workers))
        begun(sum(place.size for place in new), len(new))
        for found in _run(jobs, catalog, workers, told):
            result.found.add(found)
            result.parts += 1
    finally:
        lock.release()
    return result


def _sources(folder: Path) -> dict[str, int]:
    """The files a dataset was made of, with their sizes."""
    found: dict[str, int] = {}
    for part in sorted(folder.glob("*.parquet")):
        try:
            told = parquet.read_metadata(part).metadata or {}
        except (OSError, ValueError) as error:
            raise UsageError(f"`{part}` is not a part of a dataset: {error}") from None
        if b"clearance.dataset" not in told:
            raise UsageError(f"`{part}` is not a part of a dataset; choose another folder")
        found.update(msgspec.json.decode(told.get(SOURCES, b"{}"), type=dict[str, int]))
    return found


def _new(given: Iterable[Place], known: dict[str, int], result: Ingested) -> Iterator[Place]:
    for place in given:
        size = known.get(_key(place))
        if size is None:
            yield place
            continue
        result.known += 1
        if size != place.size:
            # CloudTrail does not change its files; reading it again would count its calls twice.
            problem = "has changed since it was read and was left out; begin a new dataset"
            result.found.problems.append(f"`{place}` {problem}")


def _key(place: Place) -> str:
    return str(place.local.resolve()) if place.local else str(place)


def _jobs(places: Sequence[Place], folder: Path, workers: int) -> Iterator[Job]:
    """Files that go into one part: enough for a large row group, not so many that a core idles."""
    total = sum(place.size for place in places)
    share = max(_SMALL, min(_LARGE, total // max(workers, 1)))
    held: list[Place] = []
    size = 0
    for place in places:
        held.append(place)
        size += place.size
        if size >= share:
            yield tuple(held), folder
            held, size = [], 0
    if held:
        yield tuple(held), folder


def _run(
    jobs: Sequence[Job], catalog: Callable[[], Catalog], workers: int, told: Told
) -> Iterator[Found]:
    if workers < 2 or len(jobs) < 2:  # noqa: PLR2004 - one alone needs no company
        translator = Translator(catalog())
        for job in jobs:
            yield _part(job, translator, told)
        return
    context = multiprocessing.get_context("spawn")
    news = context.SimpleQueue()
    with ProcessPoolExecutor(
        min(workers, len(jobs)), context, initializer=_begin, initargs=(catalog, news)
    ) as pool:
        waiting: set[Future[Found]] = {pool.submit(_work, job) for job in jobs}
        while waiting:
            done, waiting = wait(waiting, _POLL, FIRST_COMPLETED)
            while not news.empty():
                told(*news.get())
            for each in done:
                yield each.result()


class _Worker:
    """What a process keeps from job to job."""

    translator: Translator
    news: Any


def _begin(catalog: Callable[[], Catalog], news: Any) -> None:  # noqa: ANN401 - a queue
    _Worker.translator = Translator(catalog())
    _Worker.news = news


def _work(job: Job) -> Found:
    return _part(job, _Worker.translator, lambda *news: _Worker.news.put(news))


@at_work()  # records leave no garbage in circles
def _part(job: Job, translator: Translator, told: Told) -> Found:
    """One part of the dataset."""
    places, folder = job
    found = Found()
    name = hashlib.sha256("\n".join(map(_key, places)).encode()).hexdigest()[:20]
    making, made = folder / f".part-{name}.tmp", folder / f"part-{name}.parquet"
    reading = records(places, found, done=lambda place: told(place.size, 1))
    with Writer(making) as file:
        for table in _tables(reading, translator):
            file.write(table)
        sources = {_key(place): place.size for place in places}
        file.note({SOURCES.decode(): msgspec.json.encode(sources).decode()})
    file.rename(made)
    return found


def _tables(reading: Iterator[Any], translator: Translator) -> Iterator[Any]:
    while True:
        for record in islice(reading, dataset.ROWS):
            translator.add(record)
        if not len(translator):
            return
        yield _sorted(translator.table())


def _sorted(table: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    return table.sort_by("time")


def cores() -> int:
    """How many processes may work at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
