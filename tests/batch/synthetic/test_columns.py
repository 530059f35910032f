"""A made-up dataset, written without JSON, equals what the records of the same calls become."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tests.cli.run import clearance

from clearance import wiring
from clearance.batch import dataset
from clearance.batch.read import Record
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.columns import table_of
from clearance.batch.synthetic.rows import Log, draw_rows
from clearance.batch.synthetic.world import Plan, draw
from clearance.batch.translate import Translator


def test_the_columns_are_those_of_the_records() -> None:
    world, log = draw(Plan(seed=4, accounts=2, roles=24, users=3)), Log(1_500, 30, 4)
    catalog = wiring.catalog()
    translator = Translator(catalog)
    for each in trail.records(world, log):
        translator.add(msgspec.json.decode(msgspec.json.encode(each), type=Record))
    told = translator.table()
    (rows,) = draw_rows(world, log)
    made = table_of(world, rows, catalog)
    assert len(made) == log.events
    for name in dataset.COLUMNS:
        assert made[name].to_pylist() == told[name].to_pylist(), name


def test_the_command_writes_a_dataset_that_replays(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    ran = clearance("logs", "generate", place, "--events", "400", "--roles", "6", "--dataset")
    assert ran.code == 0, ran.err
    estate = place / "estate.json"
    ran = clearance("replay", place / "dataset", "-e", estate, "-p", estate)
    assert ran.code == 0, ran.err
    assert "disagree on 0" in ran.out
