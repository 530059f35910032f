"""Writing the dataset: each file of rows with the calls that its rows share beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
from pyarrow import parquet

from clearance.batch import dataset
from clearance.batch.calls import ASKED, SELDOM_SHARED, START, ids_of, numbered, start_of
from clearance.batch.numbering import Ints
from clearance.batch.units import CALLS, TIE, InMemory, texts_at

__all__ = ["Writer"]

# Texts repeat: a dictionary is worth while as long as it fits in memory.
_DICTIONARY: Final = 256 << 20
_ID: Final = pa.binary(16)


class Writer:
    """One file of the dataset, and beside it that of its calls; they name each other in a tie.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Writer(Path(folder) / "part.parquet") as file:
    ...         file.write(dataset.schema().empty_table())
    ...     parquet.read_schema(Path(folder) / "part.parquet").names[-1]
    'call'
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls = path.parent / CALLS / path.name
        self._calls.parent.mkdir(exist_ok=True)
        self._tie = hashlib.sha256()
        self._open = ExitStack()
        schema = dataset.schema()
        texts = [name for name, kind in dataset.COLUMNS.items() if kind == "text"]
        times = {n: "DELTA_BINARY_PACKED" for n, k in dataset.COLUMNS.items() if k == "time"}
        self._rows = self._writer(path, schema.append(_CALL), texts, times)
        repeated = [name for name in (*ASKED, START) if name not in SELDOM_SHARED]
        self._kinds = self._writer(self._calls, _calls_schema(), repeated, {})

    def _writer(
        self,
        path: Path,
        schema: Any,  # noqa: ANN401 - pyarrow has no types
        texts: list[str],
        encodings: Mapping[str, str],
    ) -> Any:  # noqa: ANN401 - pyarrow has no types
        return self._open.enter_context(
            parquet.ParquetWriter(
                path, schema, compression="zstd", compression_level=1,
                dictionary_pagesize_limit=_DICTIONARY, use_dictionary=texts,
                column_encoding=dict(encodings),
            )
        )  # fmt: skip

    def write(self, table: Any, size: int = dataset.ROWS) -> None:  # noqa: ANN401 - Arrow's
        """Write rows of `dataset.schema()`, ``size`` of them to a row group."""
        for start in range(0, len(table), size):
            rows = table.slice(start, size)
            columns = InMemory(rows)
            numbers, first = numbered(columns)
            self._rows.write_table(rows.append_column(_CALL, pa.array(numbers)), len(rows))
            self._kinds.write_table(self._table(columns, first), max(len(first), 1))

    def _table(self, columns: InMemory, first: Ints) -> Any:  # noqa: ANN401 - Arrow's
        told = [texts_at(columns, name, first) for name in ASKED]
        ids = ids_of(told)
        self._tie.update(ids)
        kept = pa.FixedSizeBinaryArray.from_buffers(_ID, len(first), [None, pa.py_buffer(ids)])
        told.append([text and start_of(text) for text in told[ASKED.index("resource")]])
        return pa.table([kept, *(pa.array(t, pa.string()) for t in told)], _calls_schema())

    def note(self, told: Mapping[str, str]) -> None:
        """Say something of the file in its footer."""
        self._rows.add_key_value_metadata(told)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            tie = {TIE.decode(): self._tie.hexdigest()}
            self._rows.add_key_value_metadata(tie)
            self._kinds.add_key_value_metadata(tie)
        self._open.__exit__(kind, error, trace)

    def rename(self, path: Path) -> None:
        """Give the closed file its name; its calls first, which alone mean nothing."""
        self._calls.replace(path.parent / CALLS / path.name)
        self._path.replace(path)


_CALL: Final = pa.field(dataset.CALL, pa.int32())


def _calls_schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    texts = [pa.field(name, pa.string()) for name in (*ASKED, START)]
    return pa.schema([pa.field("id", _ID), *texts])
