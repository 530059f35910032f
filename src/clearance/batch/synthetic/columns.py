"""Drawn calls as a dataset, without the JSON between: each kind of call is translated once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import compute

from clearance.batch import dataset
from clearance.batch.read import Record
from clearance.batch.synthetic.model import Actor, World
from clearance.batch.synthetic.rows import START, Log, Rows, draw_rows
from clearance.batch.synthetic.trail import access_key, identity, moment, record_of
from clearance.batch.translate import Translator
from clearance.batch.written import Writer
from clearance.model.catalog import Catalog

__all__ = ["table_of", "write_dataset"]

Array: TypeAlias = Any  # numpy's or Arrow's
_DECODER: Final = msgspec.json.Decoder(Record)
_START: Final = int(START.timestamp())
_HOUR: Final = 3600


def write_dataset(world: World, log: Log, folder: Path, catalog: Catalog) -> int:
    """Write the calls of a world as a dataset's files; answers how many files."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = np.zeros(0, np.int64)
    for rows in draw_rows(world, log):  # drawn twice: that costs less than to translate again
        kinds = np.union1d(kinds, _kinds(rows))
    known = _translated(world, kinds, catalog)
    number = -1
    for number, rows in enumerate(draw_rows(world, log)):
        with Writer(folder / f"part-{number:04}.parquet") as file:
            file.write(_table(world, rows, kinds, known))
    return number + 1


def table_of(world: World, rows: Rows, catalog: Catalog) -> Any:  # noqa: ANN401 - Arrow's
    """Some calls as rows of the dataset, just as their records would be translated."""
    kinds = np.unique(_kinds(rows))
    return _table(world, rows, kinds, _translated(world, kinds, catalog))


def _kinds(rows: Rows) -> Array:
    return rows.habit.astype(np.int64) << 32 | rows.item


def _translated(world: World, kinds: Array, catalog: Catalog) -> Array:
    """A row of the dataset for each kind of call."""
    translator = Translator(catalog)
    for kind in kinds.tolist():
        translator.add(_one(world, kind >> 32, kind & 0xFFFFFFFF))
    return translator.table()


def _table(world: World, rows: Rows, kinds: Array, known: Array) -> Array:
    table = known.take(pa.array(np.searchsorted(kinds, _kinds(rows))))
    columns = _of_session(world, rows)
    columns["time"] = _moments(rows.time)
    columns["source_ip"] = _chosen(world, rows, rows.address, lambda a: a.place.addresses)
    columns["user_agent"] = _chosen(world, rows, rows.agent, lambda a: a.place.agents)
    missing = pa.array(np.zeros(len(rows), np.int8), pa.int8(), mask=~rows.missing)
    missing = pa.DictionaryArray.from_arrays(missing, ["NoSuchKey"]).cast(pa.string())
    columns["error"] = compute.coalesce(missing, table["error"].cast(pa.string()))
    for name, column in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return _compact(table.cast(dataset.schema()))


def _compact(table: Array) -> Array:
    """The table with only those texts in its dictionaries that some row has."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            texts = table.column(place).cast(pa.string()).dictionary_encode()
            table = table.set_column(place, field.name, texts)
    return table


def _one(world: World, place: int, item: int) -> Record:
    """A record of a kind of call; what changes from call to call is put in later."""
    habit = world.habits[place]
    actor = world.actors[habit.actor]
    record = record_of(world, habit, item, 0)
    via = {"invokedBy": habit.via} if habit.via else {}
    record["userIdentity"] = {**identity(actor, 0, moment(0)), **via}
    if actor.place.endpoint is not None and habit.via is None:
        record["vpcEndpointId"] = actor.place.endpoint
    if habit.error is not None:
        record["errorCode"] = habit.error
    return _DECODER.decode(msgspec.json.encode(record))


def _chosen(
    world: World, rows: Rows, number: Array, texts: Callable[[Actor], Sequence[str]]
) -> Array:
    """What an actor has of addresses or agents, by number; a service that calls has its own."""
    values: list[str] = []
    start = np.zeros(len(world.habits), np.int64)
    for place, habit in enumerate(world.habits):
        start[place] = len(values)
        values += [habit.via] if habit.via else texts(world.actors[habit.actor])
    via = np.array([habit.via is not None for habit in world.habits])
    places = start[rows.habit] + np.where(via[rows.habit], 0, number)
    return _taken(values, places)


def _of_session(world: World, rows: Rows) -> dict[str, Array]:
    """The columns that follow from the session a call was made in."""
    owner = np.array([habit.actor for habit in world.habits], np.int64)[rows.habit]
    keyed = owner << 40 | rows.session.astype(np.int64) << 24 | rows.time // _HOUR
    keys, places = np.unique(keyed, return_inverse=True)
    names: list[str | None] = []
    ids: list[str | None] = []
    begun: list[int] = []
    for key in keys.tolist():
        actor, session, hour = world.actors[key >> 40], key >> 24 & 0xFFFF, key & 0xFFFFFF
        role = actor.runs not in {"service", "user"}
        name = actor.sessions[session] if actor.sessions else None
        names.append(name if role else None)
        ids.append(access_key(name, moment(hour * _HOUR)) if role and name else name)
        begun.append((_START + hour * _HOUR) * 1000 if role else -1)
    issued = pa.array(begun, pa.int64(), mask=np.array(begun) < 0).cast(pa.timestamp("ms", "UTC"))
    return {
        "session": _taken(names, places),
        "access_key": _taken(ids, places),
        "issued": issued.take(pa.array(places)),
    }


def _taken(values: Iterable[str | None], places: Array) -> Array:
    coded = pa.array(values, pa.string()).dictionary_encode()
    return coded.take(pa.array(places))


def _moments(time: Array) -> Array:
    return pa.array((time + _START) * 1000).cast(pa.timestamp("ms", tz="UTC"))
