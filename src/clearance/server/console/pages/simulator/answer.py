"""A question's answer: a decision for each action on each resource."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearance.decide import identify
from clearance.decide.authorize import decide
from clearance.decide.gather import gather
from clearance.decide.missing import missing_keys
from clearance.model.catalog import Catalog
from clearance.model.decision import Decision
from clearance.model.errors import ClearanceError
from clearance.model.estate import Estate
from clearance.model.request import Request
from clearance.operations.permissions.names import expand
from clearance.server.console.pages.simulator.overlay import Placed, changed, placed
from clearance.server.console.pages.simulator.question import MOST, Question

__all__ = ["Answer", "Cell", "answer"]

ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Cell:
    """One action on one resource."""

    action: str
    resource: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Answer:
    """All cells, row by row (a row is a resource), and what they rest on.

    ``keys`` are those that policies read and nobody told; ``policies`` all that play a part,
    before any change. ``problems`` say why there are no cells, or fewer than were asked for.
    """

    question: Question
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    policies: tuple[Placed, ...] = ()
    keys: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def cell(self, action: str, resource: str) -> Cell | None:
        """The cell of an action and a resource."""
        found = (c for c in self.cells if (c.action, c.resource) == (action, resource))
        return next(found, None)


def answer(question: Question, estate: Estate, *, now: datetime, catalog: Catalog) -> Answer:
    """Decide every cell of a question."""
    problems = list(question.problems())
    if problems or not question.complete:
        return Answer(question, problems=tuple(problems))
    try:
        caller = identify(question.principal, estate)
    except ClearanceError as error:
        return Answer(question, problems=(_sentence(error),))
    actions, unknown = _actions(question, catalog)
    resources = question.resources or (ANY,)
    context = question.context()
    cells: list[Cell] = []
    situations = []
    keys: dict[str, str] = {}
    for resource in resources:
        for action in actions:
            request = Request(caller, action, resource, context, question.owner or None)
            situation = gather(estate, request, now=now, catalog=catalog)
            situations.append(situation)
            trial = changed(situation, question.changes, estate)
            cells.append(Cell(action, resource, decide(trial)))
            keys |= {key.lower(): key for key in missing_keys(trial)}
    return Answer(
        question,
        actions,
        resources,
        tuple(cells),
        placed(situations),
        tuple(keys.values()),
        unknown,
    )


def _actions(question: Question, catalog: Catalog) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Actions as AWS spells them, patterns as what they stand for; and what was not understood."""
    found: dict[str, None] = {}
    problems: list[str] = []
    for action in question.actions:
        if set(action) & set("*?"):
            meant = expand(catalog, action)
            if not meant:
                problems.append(f"No action fits `{action}`.")
            found |= dict.fromkeys(meant[: MOST + 1])
            continue
        facts = catalog.action(action)
        prefix = action.partition(":")[0].lower()
        found[f"{prefix}:{facts.name}" if facts else action] = None
        if facts is None:
            problems.append(f"AWS has no action `{action}`; it is decided as it is written.")
    if len(found) > MOST:
        problems.append(f"Only the first {MOST} actions are shown.")
    return tuple(found)[:MOST], tuple(problems)


def _sentence(error: ClearanceError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
