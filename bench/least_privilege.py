"""Least privilege on made-up worlds whose needs are known: precision and recall of permissions.

python bench/least_privilege.py [--events 200000] [--roles 100] [--seed 1]

A permission is an action of AWS on a resource of the world. Needs that no call shows cannot be
learned and bound recall from above; "of seen" is the recall of those that some call does show.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from clearance import wiring
from clearance.batch.distinct import count
from clearance.batch.keys import Spoken
from clearance.batch.privilege.generalize import Level
from clearance.batch.privilege.propose import Options, Proposer
from clearance.batch.privilege.standing import current
from clearance.batch.privilege.use import used
from clearance.batch.read import Found, files_in, records
from clearance.batch.requests import Mapper
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.rows import Log
from clearance.batch.synthetic.score import Score, Scorer
from clearance.batch.synthetic.world import Plan, draw
from clearance.cli.prove import world_of
from clearance.facts.managed_policies import with_aws_managed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--roles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    world = draw(Plan(given.seed, roles=given.roles, users=given.roles // 10))
    estate, catalog = with_aws_managed(world.estate), wiring.catalog()
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        trail.write(world, Log(given.events, 90, given.seed), Path(name))
        mapper = Mapper(estate, catalog, Spoken(estate))
        counted = count(records(files_in([name]), Found()), mapper)
    found = {arn: one for arn, one in used(counted, catalog).items() if one.uses}
    scorer = Scorer(world, catalog)
    unseen = [n for n in world.needs if not n.weight and n.principal in found]
    needs = sum(n.principal in found for n in world.needs)
    print(f"{given.events:,} events, {len(found)} principals with {needs} needs", end="")
    print(f", {len(unseen)} of them in no call")
    seen_by = {
        arn: {(use.request.action, use.request.resource) for use in one.uses}
        for arn, one in found.items()
    }
    now = sum((scorer.score(arn, current(estate, arn)) for arn in found), Score(0, 0, 0))
    print(f"{'':10}{'precision':>10}{'recall':>8}{'of seen':>9}{'permissions':>13}", end="")
    print(f"{'used kept':>11}{'policies':>10}{'CPU s':>7}")
    print(f"{'today':10}{now.precision:>10.1%}{now.recall:>8.1%}{'':9}{now.allowed:>13,}")
    for level in Level:
        began = time.process_time()
        proposer = Proposer(estate, catalog, Options(level), world_of(open_world=False))
        made = [proposer.propose(one) for one in found.values()]
        spent = time.process_time() - began
        score = seen = Score(0, 0, 0)
        for one in made:
            score += scorer.score(one.principal, one.attached)
            seen += scorer.score(one.principal, one.attached, seen_by[one.principal])
        kept = sum(one.verified for one in made) / sum(len(one.uses) for one in made)
        number = sum(len(one.policies) for one in made)
        print(
            f"{level.value:10}{score.precision:>10.1%}{score.recall:>8.1%}{seen.recall:>9.1%}"
            f"{score.allowed:>13,}"
            f"{kept:>11.1%}{number:>10,}{spent:>7.1f}"
        )
        if any(one.failed for one in made):
            raise SystemExit("a used request is not allowed any more")


if __name__ == "__main__":
    main()
