"""Logs as a test writes them, and what is learned from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.batch.events import HOME, read, session, write

from clearance import wiring
from clearance.batch.distinct import count
from clearance.batch.keys import Spoken as Policies
from clearance.batch.privilege.propose import Options, Proposal, Proposer
from clearance.batch.privilege.use import CONSTANT, Spoken, Used, used
from clearance.batch.requests import Mapper
from clearance.cli.prove import world_of
from clearance.model.estate import Estate

ROLE = f"arn:aws:iam::{HOME}:role/app"
APP = session("app")


def observed(
    folder: Path, *events: dict[str, Any], held: Estate | None = None, since: str = ""
) -> dict[str, Used]:
    records, found = read(write(folder / "log.json", *events))
    assert not found.problems
    catalog, known = wiring.catalog(), held or Estate()
    mapper = Mapper(known, catalog, Spoken(Policies(known), CONSTANT))
    return dict(used(count(records, mapper), catalog, since))


def proposed(
    folder: Path,
    *events: dict[str, Any],
    held: Estate | None = None,
    options: Options | None = None,
    since: str = "",
    who: str = ROLE,
) -> Proposal:
    found = observed(folder, *events, held=held, since=since)
    proposer = Proposer(held, wiring.catalog(), options or Options(), world_of(open_world=False))
    return proposer.propose(found[who])


def statements(proposal: Proposal) -> list[dict[str, Any]]:
    return [s for text in proposal.texts for s in json.loads(text)["Statement"]]
