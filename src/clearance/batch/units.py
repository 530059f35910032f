"""Units of work: a row group of a Parquet file of the dataset, wherever it lies.

Workers are given units, not rows: each reads its own, only the columns it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute, parquet

from clearance.batch import dataset
from clearance.batch.arrays import NO_TIME
from clearance.batch.calls import (
    ASKED,
    SELDOM_SHARED,
    START,
    Calls,
    Coded,
    Halves,
    halves,
    ids_of,
    numbered,
    start_of,
)
from clearance.batch.numbering import Places
from clearance.batch.places import CALLS, Place, opened, places_in
from clearance.batch.requests import Row
from clearance.model.errors import UsageError

__all__ = [
    "CALLS",
    "NO_TIME",
    "TIE",
    "Column",
    "Columns",
    "InMemory",
    "Reader",
    "Unit",
    "row_at",
    "rows_at",
    "texts_at",
    "units_in",
    "values_at",
]

TIE: Final = b"clearance.calls"  # in the footers of a file and of that with its calls

Times: TypeAlias = tuple[NDArray[np.int64], NDArray[np.bool_] | None]


class Unit(NamedTuple):
    """One row group of a file."""

    path: str
    group: int


class Column:
    """A text column: a number for each row and the texts they stand for.

    Rows without a text have the number after the last.
    """

    def __init__(self, array: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        array = _whole(array)
        if not pa.types.is_dictionary(array.type):
            array = array.cast(pa.string()).dictionary_encode()
        self.dictionary = array.dictionary
        codes = array.indices
        if codes.null_count:
            codes = compute.fill_null(codes, len(self.dictionary))
            self.size = len(self.dictionary) + 1
        else:
            self.size = max(len(self.dictionary), 1)
        self.codes: NDArray[np.int32] = codes.cast(pa.int32()).to_numpy(zero_copy_only=False)

    @cached_property
    def texts(self) -> list[str | None]:
        """What the numbers stand for, and None after the last."""
        return [*self.dictionary.to_pylist(), None]

    def at(self, places: Places | slice) -> Coded:
        """Some of its rows."""
        return Coded(self.codes[places], self.size, self.texts)


class Columns(Protocol):
    """The columns of a unit, each read when first asked for."""

    rows: int

    def texts(self, name: str) -> Column:
        """A column of texts."""

    def times(self, name: str) -> Times:
        """A column of times in milliseconds, and which of them are there (None: all)."""

    def calls(self) -> Calls:
        """What was asked by whom, each once."""


class InMemory:
    """A table that is read already."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        self._table = table
        self._read: dict[str, Column] = {}
        self._times: dict[str, Times] = {}
        self._calls: Calls | None = None
        self.rows: int = table.num_rows

    def texts(self, name: str) -> Column:
        """A column of texts."""
        found = self._read.get(name)
        if found is None:
            found = self._read[name] = Column(self._column(name))
        return found

    def times(self, name: str) -> Times:
        """A column of times in milliseconds, and which of them are there (None: all)."""
        found = self._times.get(name)
        if found is None:
            found = self._times[name] = _milliseconds(_whole(self._column(name)))
        return found

    def calls(self) -> Calls:
        """What was asked by whom, each once."""
        if self._calls is None:
            self._calls = self._made()
        return self._calls

    def _made(self) -> Calls:
        return _Derived(self)

    def _column(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        return self._table.column(name)


class _Derived:
    """The calls of rows, found by comparing them."""

    def __init__(self, columns: InMemory) -> None:
        self._columns = columns
        self.numbers, self._first = numbered(columns)

    def __len__(self) -> int:
        return len(self._first)

    def fetch(self, names: Iterable[str]) -> None:
        """Nothing: it is all here."""

    def ids(self) -> Halves:
        """Equal calls have equal ids, in whichever file they are."""
        return halves(ids_of(texts_at(self._columns, name, self._first) for name in ASKED))

    def column(self, name: str, calls: Places) -> Coded:
        """One of the ``ASKED`` columns of some calls, or ``START``."""
        if name == START:
            starts = [text and start_of(text) for text in self.column("resource", calls).told()]
            return Column(pa.array(starts, pa.string())).at(slice(None))
        column = self._columns.texts(name)
        return column.at(self._first[calls])


class RowGroup(InMemory):
    """A row group of a file; ``ahead`` are the columns that are read at once."""

    def __init__(self, files: _Files, group: int, ahead: Iterable[str]) -> None:
        self._files = files
        self._group = group
        names = [n for n in ahead if n != dataset.CALL or files.calls is not None]
        super().__init__(files.rows.read_row_group(group, columns=names, use_threads=files.threads))

    def _made(self) -> Calls:
        if self._files.calls is None:
            return _Derived(self)
        return _Stored(self._column(dataset.CALL), self._files, self._group)

    def _column(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        if name not in self._table.column_names:
            return _column(self._files.rows, self._group, name)
        return self._table.column(name)


class _Stored:
    """The calls of a row group, as they were found when it was written."""

    def __init__(self, numbers: Any, files: _Files, group: int) -> None:  # noqa: ANN401 - Arrow's
        self.numbers: NDArray[np.int32] = _whole(numbers).to_numpy(zero_copy_only=False)
        self._file, self._threads = files.calls, files.threads
        self._group = group
        self._read: dict[str, Any] = {}
        self._columns: dict[str, Column] = {}
        self._count: int = files.calls.metadata.row_group(group).num_rows

    def __len__(self) -> int:
        return self._count

    def fetch(self, names: Iterable[str]) -> None:
        """Read some columns at once, before they are asked for."""
        wanted = [name for name in names if name not in self._read]
        table = self._file.read_row_group(self._group, columns=wanted, use_threads=self._threads)
        self._read.update((name, table.column(name)) for name in wanted)

    def ids(self) -> Halves:
        """Equal calls have equal ids, in whichever file they are."""
        self.fetch(("id",))
        return halves(_whole(self._read.pop("id")).buffers()[1])

    def column(self, name: str, calls: Places) -> Coded:
        """One of the ``ASKED`` columns of some calls, or ``START``."""
        if name not in self._read:
            self.fetch((name,))
        if name in SELDOM_SHARED:
            texts = self._read[name].take(pa.array(calls)).to_pylist()
            return Coded(np.arange(len(texts), dtype=np.int32), max(len(texts), 1), texts)
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = Column(self._read[name])
        return column.at(calls)


class _Files(NamedTuple):
    """A file of the dataset, and that of its calls where there is one of the same rows."""

    rows: Any
    calls: Any
    threads: bool


class Reader:
    """Opens files of the dataset; one is held open, because its row groups come together.

    ``threads``: columns are read side by side, for a reader that has all cores.
    """

    def __init__(self, ahead: Iterable[str], *, threads: bool = False) -> None:
        self._ahead = tuple(ahead)
        self._threads = threads
        self._open: tuple[str, _Files] | None = None

    def read(self, unit: Unit) -> RowGroup:
        """The columns of a unit."""
        if self._open is None or self._open[0] != unit.path:
            file = parquet_file(Place.of(unit.path))
            self._open = (unit.path, _Files(file, _calls_of(unit.path, file), self._threads))
        return RowGroup(self._open[1], unit.group, self._ahead)


def _calls_of(path: str, file: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The file with the calls of another; None where there is none, or it is that of others."""
    tie = (file.metadata.metadata or {}).get(TIE)
    if tie is None:
        return None
    folder, slash, name = path.rpartition("/")
    try:
        held = _opened(
            Place.of(f"{folder}{slash}{CALLS}/{name}"),
            [n for n in (*ASKED, START) if n not in SELDOM_SHARED],
        )
    except (OSError, ValueError):
        return None
    return held if (held.metadata.metadata or {}).get(TIE) == tie else None


def _column(file: Any, group: int, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
    return file.read_row_group(group, columns=[name], use_threads=False)[name]


def parquet_file(place: Place) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A Parquet file, whosever it is; the dataset's texts are kept as dictionaries."""
    return _opened(place, [name for name, kind in dataset.COLUMNS.items() if kind == "text"])


def _opened(place: Place, texts: Iterable[str]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A Parquet file; those of some columns that it has are kept as dictionaries."""
    mapped = place.local is not None
    plain = parquet.ParquetFile(opened(place), memory_map=mapped)
    there = {plain.schema.column(at).path for at in range(len(plain.schema))}
    return parquet.ParquetFile(
        opened(place), metadata=plain.metadata, memory_map=mapped,
        read_dictionary=[name for name in texts if name in there],
    )  # fmt: skip


def row_at(columns: Columns, place: int, names: Iterable[str] = Row.__struct_fields__) -> Row:
    """A row, or as much of it as some columns tell."""
    (row,) = rows_at(columns, [place], names)
    return row


def rows_at(columns: Columns, places: Sequence[int] | Places, names: Iterable[str]) -> list[Row]:
    """Some rows, or as much of them as some columns tell."""
    told = values_at(columns, places, names)
    return [Row(**dict(zip(told, each, strict=True))) for each in zip(*told.values(), strict=True)]


def values_at(
    columns: Columns, places: Sequence[int] | Places, names: Iterable[str]
) -> dict[str, list[Any]]:
    """Some rows column by column."""
    told = tuple(names)
    at = np.asarray(places)
    calls = columns.calls() if any(name in ASKED for name in told) else None
    return {name: _values(columns, calls, name, at) for name in told}


def texts_at(columns: Columns, name: str, places: Places) -> list[str | None]:
    """The texts of some rows in a column."""
    return columns.texts(name).at(places).told()


def _values(columns: Columns, calls: Calls | None, name: str, places: Places) -> list[Any]:
    if calls is not None and name in ASKED:
        return calls.column(name, calls.numbers[places]).told()
    if dataset.COLUMNS[name] == "text":
        return texts_at(columns, name, places)
    times = columns.times(name)[0][places].tolist()
    return [None if when == NO_TIME else when for when in times]


def units_in(folders: Iterable[str]) -> tuple[Unit, ...]:
    """The units of some datasets, in order.

    Raises:
        UsageError: a file is not of the dataset.
    """
    found = []
    for place in places_in(folders, (".parquet",)):
        file = parquet_file(place)
        if not is_dataset(file):
            raise UsageError(f"`{place}` is Parquet but no dataset; use `clearance logs ingest`")
        found += [Unit(str(place), group) for group in range(file.metadata.num_row_groups)]
    return tuple(found)


def is_dataset(file: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    """True when a Parquet file has the dataset's columns."""
    return set(dataset.COLUMNS) <= set(file.schema_arrow.names)


def _milliseconds(array: Any) -> Times:  # noqa: ANN401 - pyarrow has no types
    array = array.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False), None
    known = array.is_valid().to_numpy(zero_copy_only=False)
    return compute.fill_null(array, NO_TIME).to_numpy(zero_copy_only=False), known


def _whole(array: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks > 1 and pa.types.is_dictionary(array.type):
        array = array.unify_dictionaries()
    return array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
