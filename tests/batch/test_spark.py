"""On Spark: workers that read their own units come to what one process does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clearance import wiring
from clearance.batch.decider import Decider
from clearance.batch.propose import attach_to
from clearance.batch.read import Record
from clearance.batch.replay import Replay, explained
from clearance.batch.run import decide_units
from clearance.batch.sights import Sights
from clearance.batch.spark import packed, replayed_on, summed
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.rows import Log
from clearance.batch.synthetic.world import Plan, draw
from clearance.batch.translate import Translator
from clearance.batch.units import Unit, units_in
from clearance.batch.written import Writer
from clearance.facts.managed_policies import with_aws_managed
from clearance.model.estate import Estate

DENY = '{"Version":"2012-10-17","Statement":[{"Sid":"No","Effect":"Deny","Action":"s3:Get*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}'  # noqa: E501


@pytest.fixture(scope="module")
def worlds() -> tuple[Estate, Estate]:
    current = with_aws_managed(draw(Plan(3, 2, 20, 3)).estate)
    changed = current
    for account in current.accounts.values():
        for role in list(account.roles.values())[::2]:
            changed = attach_to(changed, account.role_arn(role), DENY)
    return current, changed


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> tuple[Unit, ...]:
    """Three files of the same world, two row groups each."""
    import msgspec

    folder = tmp_path_factory.mktemp("dataset")
    made = msgspec.json.Decoder(list[Record])
    told = list(trail.records(draw(Plan(3, 2, 20, 3)), Log(1_500, 90, 3)))
    for number in range(3):
        translator = Translator(wiring.catalog())
        for record in made.decode(msgspec.json.encode(told[number::3])):
            translator.add(record)
        with Writer(folder / f"part-{number}.parquet") as file:
            file.write(translator.table(), 300)
    found = units_in([str(folder)])
    assert len(found) == 6
    return found


def at_once(units: tuple[Unit, ...], worlds: tuple[Estate, Estate]) -> tuple[Sights, Replay]:
    decider, sights = Decider(*worlds, wiring.catalog()), Sights()
    decide_units(units, decider, sights, workers=1)
    return sights, explained(sights, decider)


def shown(sights: Sights, found: Replay) -> Any:
    changes = sorted(
        (c.kind, c.principal, c.action, c.resource, c.tally.count, c.tally.first, c.tally.last,
         c.because, c.keys, c.gaps)
        for c in found.changes
    )  # fmt: skip
    odd = sorted((m.observed, m.principal, m.action, m.resource, m.tally.count, m.because)
                 for m in found.mismatches)  # fmt: skip
    numbers = (sights.events, found.broken, found.opened, found.agreed, found.disagreed)
    return numbers, dict(sights.skipped), dict(sights.gaps), changes, odd


def test_threads_and_sums_of_parts_come_to_the_same(
    units: tuple[Unit, ...], worlds: tuple[Estate, Estate]
) -> None:
    whole = shown(*at_once(units, worlds))
    assert whole[0][1] > 0
    decider, sights = Decider(*worlds, wiring.catalog()), Sights()
    decide_units(units, decider, sights, workers=3)
    assert shown(sights, explained(sights, decider)) == whole
    parts = []
    for unit in units:
        alone, part = Decider(*worlds, wiring.catalog()), Sights()
        decide_units([unit], alone, part, workers=1)
        parts.append(packed(part))
    merged = summed(parts)
    assert shown(merged, explained(merged, decider)) == whole


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not installed here")
    sql = pytest.importorskip("pyspark.sql")
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "512m")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_spark_comes_to_the_same(
    units: tuple[Unit, ...], worlds: tuple[Estate, Estate], spark: Any
) -> None:
    folder = str(Path(units[0].path).parent)
    found = replayed_on([folder], *worlds, wiring.catalog, spark=spark)
    assert shown(*found) == shown(*at_once(units, worlds))
