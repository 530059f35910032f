"""Units of work: a row group of a Parquet file of the dataset, wherever it lies.

Workers are given units, not rows: each reads its own, only the columns it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute, parquet

from clearance.batch import dataset
from clearance.batch.places import Place, opened, places_in
from clearance.batch.requests import Row
from clearance.model.errors import UsageError

__all__ = [
    "NO_TIME",
    "Column",
    "Columns",
    "InMemory",
    "Reader",
    "Unit",
    "row_at",
    "rows_at",
    "text_at",
    "texts_at",
    "units_in",
]

NO_TIME: Final = -(1 << 63)


Times: TypeAlias = tuple[NDArray[np.int64], NDArray[np.bool_] | None]


class Unit(NamedTuple):
    """One row group of a file."""

    path: str
    group: int


class Column:
    """A text column: a number for each row and the texts they stand for.

    Rows without a text have the number after the last.
    """

    __slots__ = ("codes", "size", "texts")

    def __init__(self, array: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        array = _whole(array)
        if not pa.types.is_dictionary(array.type):
            array = array.cast(pa.string()).dictionary_encode()
        dictionary, codes = array.dictionary, array.indices
        self.texts: list[str | None] = [*dictionary.to_pylist(), None]
        if codes.null_count:
            codes = compute.fill_null(codes, len(dictionary))
            self.size = len(dictionary) + 1
        else:
            self.size = max(len(dictionary), 1)
        self.codes: NDArray[np.int32] = codes.cast(pa.int32()).to_numpy(zero_copy_only=False)


class Columns(Protocol):
    """The columns of a unit, each read when first asked for."""

    rows: int

    def texts(self, name: str) -> Column:
        """A column of texts."""

    def times(self, name: str) -> Times:
        """A column of times in milliseconds, and which of them are there (None: all)."""


class InMemory:
    """A table that is read already."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        self._table = table
        self._read: dict[str, Column] = {}
        self._times: dict[str, Times] = {}
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

    def _column(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        return self._table.column(name)


class RowGroup(InMemory):
    """A row group of a file; ``ahead`` are the columns that are read at once."""

    def __init__(self, file: Any, group: int, ahead: Iterable[str]) -> None:  # noqa: ANN401
        self._file = file
        self._group = group
        super().__init__(file.read_row_group(group, columns=list(ahead), use_threads=False))

    def _column(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        if name not in self._table.column_names:
            return self._file.read_row_group(self._group, columns=[name], use_threads=False)[name]
        return self._table.column(name)


class Reader:
    """Opens files of the dataset; one is held open, because its row groups come together."""

    def __init__(self, ahead: Iterable[str]) -> None:
        self._ahead = tuple(ahead)
        self._open: tuple[str, Any] | None = None

    def read(self, unit: Unit) -> RowGroup:
        """The columns of a unit."""
        if self._open is None or self._open[0] != unit.path:
            self._open = (unit.path, parquet_file(Place.of(unit.path)))
        return RowGroup(self._open[1], unit.group, self._ahead)


def parquet_file(place: Place) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A Parquet file, its texts kept as dictionaries."""
    texts = [name for name, kind in dataset.COLUMNS.items() if kind == "text"]
    return parquet.ParquetFile(
        opened(place), read_dictionary=texts, memory_map=place.local is not None
    )


def text_at(columns: Columns, name: str, place: int) -> str | None:
    """The text of a row in a column."""
    column = columns.texts(name)
    return column.texts[int(column.codes[place])]


def row_at(columns: Columns, place: int, names: Iterable[str] = Row.__struct_fields__) -> Row:
    """A row, or as much of it as some columns tell."""
    (row,) = rows_at(columns, [place], names)
    return row


def rows_at(
    columns: Columns, places: Sequence[int] | NDArray[np.int64], names: Iterable[str]
) -> list[Row]:
    """Some rows, or as much of them as some columns tell."""
    told = tuple(names)
    values = zip(*(_values(columns, name, np.asarray(places)) for name in told), strict=True)
    return [Row(**dict(zip(told, each, strict=True))) for each in values]


def texts_at(columns: Columns, name: str, places: NDArray[np.int64]) -> list[str | None]:
    """The texts of some rows in a column."""
    column = columns.texts(name)
    return [column.texts[code] for code in column.codes[places].tolist()]


def _values(columns: Columns, name: str, places: NDArray[np.int64]) -> list[Any]:
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
