"""The dataset's files hold its columns, dictionary-encoded, and give back what was written."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from clearance.batch import dataset
from clearance.batch.written import Writer


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    rows = [
        {"time": 1_000 * n, "source": "s3.amazonaws.com", "action": f"s3:A{n}", "keys": '{"a":"b"}'}
        for n in range(3)
    ]
    table = pa.Table.from_pylist(rows, schema=dataset.schema())
    with Writer(tmp_path / "part.parquet") as file:
        file.write(table)
    with parquet.ParquetFile(tmp_path / "part.parquet", read_dictionary=["action"]) as file:
        assert file.schema_arrow.names == [*dataset.COLUMNS, dataset.CALL]
        assert file.schema_arrow.metadata[b"clearance.dataset"] == dataset.VERSION.encode()
        column = file.metadata.row_group(0).column(dataset.schema().names.index("action"))
        assert "RLE_DICTIONARY" in column.encodings
        read = file.read()
    assert [row["action"] for row in read.to_pylist()] == ["s3:A0", "s3:A1", "s3:A2"]
    assert [row["time"].timestamp() for row in read.to_pylist()] == [0, 1, 2]


def test_every_column_is_explained() -> None:
    told = dataset.__doc__ or ""
    assert [name for name in dataset.COLUMNS if f"``{name}``" not in told] == []
