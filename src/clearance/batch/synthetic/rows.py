"""Calls drawn from habits, as columns of numbers: equal for equal plans, quick for millions.

Only uniform numbers are drawn, whose stream NumPy keeps from version to version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import numpy as np

from clearance.batch.synthetic.model import World

__all__ = ["START", "Log", "Rows", "draw_rows"]

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK: Final = 1 << 20
_DAY: Final = 86_400
_SKEW: Final = 3.0  # of items: the busiest tenth gets nearly half of the calls
_MISSING: Final = 0.004  # share of reads of what is not there
# People work from eight to six.
_MORNING: Final = 8 * 3600
_EVENING: Final = 18 * 3600
Array: TypeAlias = Any  # numpy's arrays of numbers


@dataclass(frozen=True, slots=True)
class Log:
    """How many calls in how many days."""

    events: int = 20_000
    days: int = 90
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Some calls in the order of time; all columns are as long.

    ``habit`` counts in the world's habits, ``item`` in the family, ``address``, ``agent`` and
    ``session`` in what the actor has of each; ``unique`` is a number of its own.
    """

    habit: Array
    item: Array
    time: Array
    address: Array
    agent: Array
    session: Array
    missing: Array
    unique: Array

    def __len__(self) -> int:
        return len(self.habit)


def draw_rows(world: World, log: Log) -> Iterator[Rows]:
    """The calls of a world, a million at a time."""
    habits = world.habits
    weights = np.array([habit.weight for habit in habits])
    if not log.events or not weights.sum():
        return
    sums = np.cumsum(weights / weights.sum())
    sums[-1] = 1.0
    tables = _Tables.of(world)
    chunks = -(-log.events // CHUNK)
    span = log.days * _DAY / chunks
    for chunk in range(chunks):
        rng = np.random.Generator(np.random.PCG64([log.seed, chunk]))
        number = min(CHUNK, log.events - chunk * CHUNK)
        habit = np.searchsorted(sums, rng.random(number), side="right").astype(np.int32)
        actor = tables.actor[habit]
        time = (rng.random(number) * span + chunk * span).astype(np.int64)
        hour = _MORNING + (rng.random(number) * (_EVENING - _MORNING)).astype(np.int64)
        time = np.where(tables.person[actor], time // _DAY * _DAY + hour, time)
        order = np.argsort(time, kind="stable")
        habit, time, actor = habit[order], time[order], actor[order]
        yield Rows(
            habit,
            (tables.size[habit] * rng.random(number) ** _SKEW).astype(np.int32),
            time,
            (tables.addresses[actor] * rng.random(number) ** 2).astype(np.int32),
            (tables.agents[actor] * rng.random(number)).astype(np.int32),
            (tables.sessions[actor] * rng.random(number) ** 2).astype(np.int32),
            (rng.random(number) < _MISSING) & tables.readable[habit],
            np.arange(chunk * CHUNK, chunk * CHUNK + number, dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class _Tables:
    """What actors and habits have, as numbers to be looked up."""

    actor: Array
    size: Array
    readable: Array
    person: Array
    addresses: Array
    agents: Array
    sessions: Array

    @classmethod
    def of(cls, world: World) -> _Tables:
        actors, habits = world.actors, world.habits
        return cls(
            np.array([habit.actor for habit in habits], np.int32),
            np.array([habit.family.size for habit in habits], np.int32),
            np.array([h.error is None and h.call.name == "GetObject" for h in habits]),
            np.array([actor.runs == "person" for actor in actors]),
            np.array([len(actor.place.addresses) for actor in actors], np.int32),
            np.array([len(actor.place.agents) for actor in actors], np.int32),
            np.array([max(1, len(actor.sessions)) for actor in actors], np.int32),
        )
