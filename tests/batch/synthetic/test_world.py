"""Made-up worlds: equal for equal seeds, skewed, and true to the engine and the reader of logs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.cli.run import clearance

from clearance import wiring
from clearance.batch.distinct import count, translated
from clearance.batch.keys import Spoken
from clearance.batch.read import Found, files_in
from clearance.batch.read import records as read
from clearance.batch.replay import replay
from clearance.batch.requests import Mapper
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.model import World
from clearance.batch.synthetic.rows import Log
from clearance.batch.synthetic.world import Plan, draw
from clearance.batch.translate import Translator
from clearance.facts.managed_policies import with_aws_managed
from clearance.model.glob import Glob

PLAN = Plan(seed=4, accounts=2, roles=24, users=3)
LOG = Log(events=3_000, days=30, seed=4)


@pytest.fixture(scope="module")
def world() -> World:
    return draw(PLAN)


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("logs")
    trail.write(world, LOG, made)
    return made


def test_equal_seeds_make_equal_logs_and_others_do_not(world: World) -> None:
    again = draw(PLAN)
    assert again.estate == world.estate
    assert again.needs == world.needs
    few = Log(events=200, days=30, seed=4)
    first, second = list(trail.records(world, few)), list(trail.records(again, few))
    assert first == second
    assert list(trail.records(world, Log(events=200, days=30, seed=5))) != first
    assert draw(Plan(seed=5, accounts=2, roles=24, users=3)).needs != world.needs


def test_the_engine_agrees_with_every_answer_of_the_made_up_aws(world: World, folder: Path) -> None:
    """Allowed calls are allowed by the estate, refused ones are not: read, mapped and decided."""
    estate, catalog, found = with_aws_managed(world.estate), wiring.catalog(), Found()
    units = translated(read(files_in([folder]), found), Translator(catalog))
    counted, result = replay(units, estate, estate, catalog)
    assert (found.events, found.broken, found.malformed) == (LOG.events, 0, 0)
    assert not counted.skipped
    assert not counted.gaps
    assert result.mismatches == []
    assert result.agreed > 0.98 * LOG.events
    refused = sum(1 for h in world.habits if h.error and h.weight)
    assert refused


def test_what_is_asked_is_needed(world: World, folder: Path) -> None:
    """The table of needs and the tables that read records come to the same permissions."""
    estate = with_aws_managed(world.estate)
    mapper = Mapper(estate, wiring.catalog(), Spoken(estate))
    needs = Counter((n.principal, n.action) for n in world.needs)
    patterns = {
        key: [Glob.of(n.resource) for n in world.needs if (n.principal, n.action) == key]
        for key in needs
    }
    seen = set()
    for call, (allowed, _, _) in count(read(files_in([folder]), Found()), mapper).calls:
        for request in call.requests if allowed.count else ():
            who = request.principal.policy_subject
            if who.endswith(".amazonaws.com") or request.action == "sts:GetCallerIdentity":
                continue
            key = (who, request.action)
            assert any(p.matches(request.resource) for p in patterns[key]), request
            seen.add(key)
    shown = {(n.principal, n.action) for n in world.needs if n.weight}
    assert len(seen) > len(shown) / 3
    assert {key for key in needs if key not in shown}, "some needs show in no log"


def test_few_do_most(world: World) -> None:
    who = Counter(r["userIdentity"].get("arn", "")[:70] for r in trail.records(world, LOG))
    most = sum(number for _, number in who.most_common(len(who) // 5))
    assert most > LOG.events / 2


def test_files_lie_as_cloudtrail_lays_them(folder: Path) -> None:
    some = sorted(folder.rglob("*.json.gz"))
    assert len(some) > 30
    account, kind, region, *day, name = some[0].relative_to(folder / "AWSLogs").parts
    assert kind == "CloudTrail"
    assert name.startswith(f"{account}_CloudTrail_{region}_{''.join(day)}T")


def test_the_command_writes_estate_logs_and_needs(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    ran = clearance("logs", "generate", place, "--events", "300", "--roles", "5", "--users", "1")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("300 events")
    needs = json.loads((place / "needs.json").read_text())
    assert {*needs[0]} == {"principal", "action", "resource"}
    ran = clearance("replay", place / "AWSLogs", "-e", place / "estate.json", "-p",
                    place / "estate.json")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "disagree on 0" in ran.out


@pytest.mark.parametrize(("words", "told"), [((), "is not an empty folder"), (("x",), "empty")])
def test_a_folder_that_holds_something_is_refused(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "x").write_text("y")
    ran = clearance("logs", "generate", tmp_path.joinpath(*words))
    assert (ran.code, told in ran.err) == (2, True), ran
