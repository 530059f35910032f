"""A drawn world of callers, policies and calls: replayed as fast as can be, and one by one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.batch.test_replay import one_by_one

from clearance import wiring
from clearance.batch import decider as deciding
from clearance.batch.decider import Decider
from clearance.batch.propose import attach_to
from clearance.batch.read import Record
from clearance.batch.replay import Kind, Replay, explained
from clearance.batch.run import decide_units
from clearance.batch.sights import Sights
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.rows import Log
from clearance.batch.synthetic.world import Plan, draw
from clearance.batch.translate import Translator
from clearance.batch.units import units_in
from clearance.batch.written import Writer
from clearance.facts.managed_policies import with_aws_managed
from clearance.model.estate import Estate

PLAN, LOG = Plan(5, 2, 24, 3), Log(2_400, 90, 5)


@cache
def records() -> list[Record]:
    told = msgspec.json.encode(list(trail.records(draw(PLAN), LOG)))
    return msgspec.json.decode(told, type=list[Record])


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def of_identities(current: Estate) -> Estate:
    """Denies and allows by patterns that part resources of one bucket, by tags and by network."""
    deny = {"Effect": "Deny", "Action": "*"}
    everything = {**deny, "Resource": "*"}
    some = {**deny, "Resource": ["arn:aws:s3:::*/raw/*", "arn:aws:s3:::acme-*7.parquet"]}
    changes = (
        {**deny, "NotResource": ["arn:aws:s3:::*/archive/*", "arn:aws:dynamodb:*:*:table/*a*"]},
        {**everything, "Condition": {"StringLike": {"aws:PrincipalArn": "*a*"}}},
        {**deny, "Resource": "arn:aws:*:*:*:*${aws:PrincipalAccount}*"},
        {**everything, "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}}},
        {
            **everything, "Effect": "Allow",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
    )  # fmt: skip
    changed = current
    for account in current.accounts.values():
        for place, role in enumerate(account.roles.values()):
            text = document(some, changes[place % len(changes)])
            changed = attach_to(changed, account.role_arn(role), text)
    return changed


def of_resources(current: Estate) -> Estate:
    """Other policies on keys, and other tags."""
    accounts = {}
    for number, account in current.accounts.items():
        held = dict(account.resources)
        for arn, resource in list(held.items())[::2]:
            held[arn] = replace(resource, policy=None, tags={"team": "a"})
        accounts[number] = replace(account, resources=held)
    return replace(current, accounts=accounts)


CHANGES = {"nothing": lambda estate: estate, "identities": of_identities, "resources": of_resources}


def totals(found: Replay) -> Counter[Any]:
    made: Counter[Any] = Counter()
    made["broken"], made["opened"] = found.broken, found.opened
    made["agreed"], made["disagreed"] = found.agreed, found.disagreed
    for each in found.of(Kind.DENIED, Kind.ALLOWED):
        made[each.kind, each.principal, each.action, each.resource] += each.tally.count
    return +made


def dataset(folder: Path, made: Iterable[Record]) -> Path:
    translator = Translator(wiring.catalog())
    for record in made:
        translator.add(record)
    with Writer(folder / "part.parquet") as file:
        file.write(translator.table(), 400)
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_a_replay_is_deciding_every_record(change: str, tmp_path: Path) -> None:
    before = with_aws_managed(draw(PLAN).estate)
    after = CHANGES[change](before)
    units = units_in([str(dataset(tmp_path, records()))])
    decider, sights = Decider(before, after, wiring.catalog()), Sights()
    decide_units(units, decider, sights, workers=3)
    found = totals(explained(sights, decider))
    assert found == one_by_one(records(), before, after)
    assert change == "nothing" or found["broken"] > 0
    # Nothing of it is new when it comes again.
    known, again = decider.known, Sights()
    decide_units(units, decider, again, workers=2)
    assert decider.known == known
    assert totals(explained(again, decider)) == found


def test_numbers_may_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many calls to know, what is found stays the same."""
    before = with_aws_managed(draw(PLAN).estate)
    after = of_identities(before)
    units = units_in([str(dataset(tmp_path, records()))])
    found = []
    for kept in (deciding.KEPT, 40):
        monkeypatch.setattr(deciding, "KEPT", kept)
        decider, sights = Decider(before, after, wiring.catalog()), Sights()
        decide_units(units, decider, sights, workers=3)
        found.append(totals(explained(sights, decider)))
        assert (decider.age > 1) is (kept == 40)
    assert found[0] == found[1]
