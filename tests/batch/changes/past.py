"""A past as a test writes it: records of changes, and the entries made of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.batch.events import HOME, event, read, user, write

from clearance import wiring
from clearance.batch.changes.compared import Compared
from clearance.batch.changes.events import changes_in
from clearance.batch.changes.history import Entry, history
from clearance.cli.prove import world_of
from clearance.facts.escalations import load_methods
from clearance.facts.managed_policies import with_aws_managed
from clearance.model.estate import Estate

ANA = user("ana")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def allow(action: Any, resource: Any = "*", **more: Any) -> str:
    return document({"Effect": "Allow", "Action": action, "Resource": resource, **more})


def trust(principal: Any) -> str:
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


@cache
def compared(*known: str) -> Compared:
    world = world_of(open_world=False)
    return Compared(wiring.catalog(), world, load_methods(), frozenset(known))


def change(
    source: str, name: str, parameters: Any, answer: Any = None, who: Any = ANA, **more: Any
) -> dict[str, Any]:
    return event(who, source, name, parameters, responseElements=answer, **more)


def told(
    folder: Path, *events: dict[str, Any], held: Estate | None = None, effect: bool = False
) -> list[Entry]:
    """The entries, one a minute."""
    timed = [
        {**each, "eventID": f"e{n}", "eventTime": f"2026-03-01T{n // 60:02}:{n % 60:02}:00Z"}
        for n, each in enumerate(events)
    ]
    records, found = read(write(folder / "log.json", *timed))
    assert not found.problems
    world = world_of(open_world=False) if effect else None
    start = held or with_aws_managed(Estate())
    return list(history(changes_in(records), start, compared(), world))


def ids(entry: Entry) -> dict[str, str]:
    return {finding.id: str(finding.level) for finding in entry.findings}


def places(entry: Entry) -> set[str]:
    return {"/".join(c.path).removeprefix(f"accounts/{HOME}/") for c in entry.changes}
