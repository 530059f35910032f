"""Logs as units, whether they are a dataset already or CloudTrail's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clearance.batch.distinct import translated
from clearance.batch.places import Place
from clearance.batch.read import Found, files_in, records
from clearance.batch.translate import Translator
from clearance.batch.units import Columns, Reader, Unit, is_dataset, parquet_file
from clearance.model.catalog import Catalog

__all__ = ["Logs"]


@dataclass(slots=True)
class Logs:
    """Some logs: the units of datasets, and files that are still CloudTrail's.

    ``found`` fills up as they are read.
    """

    units: tuple[Unit, ...]
    files: tuple[Place, ...]
    parts: int = 0
    rows: int = 0
    found: Found = field(default_factory=Found)

    @classmethod
    def at(cls, places: Iterable[str | Path]) -> Logs:
        """The logs in some files, folders, globs and S3 prefixes.

        Raises:
            UsageError: a place holds nothing that could be a log.
        """
        units: list[Unit] = []
        files: list[Place] = []
        parts = rows = 0
        for place in files_in(places):
            if not place.name.endswith(".parquet"):
                files.append(place)
                continue
            try:
                file = parquet_file(place)
            except (OSError, ValueError):
                files.append(place)  # reading it will say what is wrong
                continue
            if not is_dataset(file):
                files.append(place)
                continue
            parts += 1
            rows += file.metadata.num_rows
            units += [Unit(str(place), group) for group in range(file.metadata.num_row_groups)]
        return cls(tuple(units), tuple(files), parts, rows)

    def columns(
        self,
        catalog: Catalog,
        needed: Iterable[str],
        done: Callable[[Place], None] | None = None,
    ) -> Iterator[Columns]:
        """Each unit with the needed columns; CloudTrail's files are translated as they are read."""
        reader = Reader(needed)
        self.found.files += self.parts
        for unit in self.units:
            columns = reader.read(unit)
            self.found.events += columns.rows
            yield columns
        if self.files:
            yield from translated(records(self.files, self.found, done=done), Translator(catalog))
