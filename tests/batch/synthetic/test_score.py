"""Least privilege on a small made-up world: its precision and recall, and that nothing breaks."""

from __future__ import annotations

import msgspec
import pytest

from clearance import wiring
from clearance.batch.distinct import count
from clearance.batch.keys import Spoken
from clearance.batch.privilege.generalize import Level
from clearance.batch.privilege.propose import Options, Proposer
from clearance.batch.privilege.standing import current
from clearance.batch.privilege.use import Used, used
from clearance.batch.read import Record
from clearance.batch.requests import Mapper
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.model import World
from clearance.batch.synthetic.rows import Log
from clearance.batch.synthetic.score import Score, Scorer
from clearance.batch.synthetic.world import Plan, draw
from clearance.cli.prove import world_of
from clearance.facts.managed_policies import with_aws_managed


@pytest.fixture(scope="module")
def world() -> World:
    return draw(Plan(seed=7, accounts=2, roles=12, users=2))


@pytest.fixture(scope="module")
def found(world: World) -> dict[str, Used]:
    estate, catalog = with_aws_managed(world.estate), wiring.catalog()
    content = msgspec.json.encode(list(trail.records(world, Log(4_000, 90, 7))))
    records = msgspec.json.Decoder(list[Record]).decode(content)
    counted = count(records, Mapper(estate, catalog, Spoken(estate)))
    return {arn: one for arn, one in used(counted, catalog).items() if one.uses}


def test_precision_and_recall(world: World, found: dict[str, Used]) -> None:
    """What is allowed today is hardly needed; what is learned is, and has most of what was seen."""
    estate, catalog = with_aws_managed(world.estate), wiring.catalog()
    scorer = Scorer(world, catalog)
    today = sum((scorer.score(arn, current(estate, arn)) for arn in found), Score(0, 0, 0))
    assert today.recall == 1
    assert today.precision < 0.1
    scores: dict[Level, tuple[Score, Score]] = {}
    for level in Level:
        proposer = Proposer(estate, catalog, Options(level), world_of(open_world=False))
        whole = seen = Score(0, 0, 0)
        for arn, one in found.items():
            made = proposer.propose(one)
            assert (made.failed, made.open) == ((), ())
            assert made.verified == len(made.uses)
            shown = {(use.request.action, use.request.resource) for use in one.uses}
            whole += scorer.score(arn, made.attached)
            seen += scorer.score(arn, made.attached, shown)
        scores[level] = (whole, seen)
    each, prefix, kind = (scores[level] for level in Level)
    assert each[0].precision > 0.95
    assert prefix[0].precision > 0.9
    assert prefix[1].recall > 0.75 > each[1].recall
    assert kind[1].recall > 0.9
    assert kind[0].allowed > prefix[0].allowed > each[0].allowed
