"""Candidates for a Deny: another request, or the narrowest exception from the statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from clearance.explain import statements
from clearance.explain.candidate import Candidate
from clearance.explain.case import Case
from clearance.explain.edits import Edit, Place, Target, text_of
from clearance.explain.findings import (
    FixKind,
)
from clearance.explain.instead import other_requests
from clearance.explain.places import target_of
from clearance.model.decision import Matched
from clearance.model.operators import OPERATORS
from clearance.model.request import KeyState

__all__ = ["deny_candidates"]

Change = Callable[[dict[str, Any]], None]
_PRINCIPAL_ARN: Final = "aws:PrincipalArn"


def deny_candidates(case: Case) -> Iterator[Candidate]:
    """What needs no policy change comes first; then exceptions, each for one Deny at a time."""
    yield from other_requests(case)
    matched = case.check.denies[0]
    target = target_of(case.estate, matched.policy)
    before = text_of(case.estate, target) if target else None
    if target is None or before is None or matched.error:
        return
    intent = f"{matched.policy.name}, {matched.statement.label}, denies this on purpose"
    index = matched.statement.index
    # A policy of the caller alone needs no condition that says so.
    shared = target.place is not Place.INLINE or ":group/" in target.holder
    narrow = _narrowest(case, matched, before) if shared else None
    if narrow is not None:
        who = case.request.context.get(_PRINCIPAL_ARN) or ("",)
        title = f"{target.label}, {matched.statement.label}: except {who[0]} on this resource"
        edit = Edit(target, before, narrow)
        yield Candidate(FixKind.EDIT, title, (edit,), intent=intent)
    for what, change in _exceptions(case, matched, shared=shared):
        edit = Edit(target, before, statements.change_statement(before, index, change))
        title = f"{target.label}, {matched.statement.label}: {what}"
        yield Candidate(FixKind.EDIT, title, (edit,), intent=intent)
    statement = matched.statement
    alone = len(statement.actions) == 1 and statement.resources == (case.request.resource,)
    if alone and not statement.not_actions and not statement.conditions:
        yield from _removed(target, before, matched, intent)


def _narrowest(case: Case, matched: Matched, before: str) -> str | None:
    """Two statements for one: all others as before, and the caller on all other resources."""
    statement, resource = matched.statement, case.request.resource
    who = case.request.context.get(_PRINCIPAL_ARN)
    taken = {condition.key.lower() for condition in statement.conditions}
    if not who or _PRINCIPAL_ARN.lower() in taken or statement.resources != ("*",):
        return None
    if statement.not_resources or resource == "*":
        return None
    others = statements.condition_set("ArnNotEquals", _PRINCIPAL_ARN, who[0])
    raw = statements.statement_at(before, statement.index)
    rest = {key: value for key, value in raw.items() if key != "Resource"}
    rest["NotResource"] = resource
    if "Sid" in rest:
        rest["Sid"] = f"{rest['Sid']}Elsewhere"
    statements.condition_set("ArnEquals", _PRINCIPAL_ARN, who[0])(rest)
    changed = statements.change_statement(before, statement.index, others)
    return statements.add_statement(changed, rest)


def _removed(target: Target, before: str, matched: Matched, intent: str) -> Iterator[Candidate]:
    after = statements.remove_statement(before, matched.statement.index)
    if after is not None and target.place is not Place.ATTACHMENT:
        title = f"{target.label}: remove {matched.statement.label}"
        yield Candidate(FixKind.REMOVE, title, (Edit(target, before, after),), intent=intent)


def _exceptions(case: Case, matched: Matched, *, shared: bool) -> Iterator[tuple[str, Change]]:
    yield from _listed(case, matched)
    yield from _by_key(case, matched)
    yield from _by_resource(case, matched)
    if shared:
        yield from _by_principal(case, matched)
    yield from _by_action(case, matched)


def _listed(case: Case, matched: Matched) -> Iterator[tuple[str, Change]]:
    """A list of exempt principals that is already there."""
    who = case.request.context.get(_PRINCIPAL_ARN)
    for condition in matched.statement.conditions:
        is_list = condition.key.lower() == _PRINCIPAL_ARN.lower()
        if who and is_list and OPERATORS[condition.operator].negated:
            change = statements.condition_value(condition.name, condition.key, who[0])
            yield f"except {who[0]} too", change


def _by_key(case: Case, matched: Matched) -> Iterator[tuple[str, Change]]:
    """Calls by a service for the caller, and requests that cannot have the key."""
    context = case.request.context
    for condition in matched.statement.conditions:
        network = condition.key.lower() in {"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce"}
        if network and context.get("aws:ViaAWSService") == ("true",):
            change = statements.condition_set("Bool", "aws:ViaAWSService", "false")
            yield "except calls that AWS services make for the caller", change
        absent = context.state(condition.key) is KeyState.ABSENT
        if absent and condition.operator != "Null":
            change = statements.condition_set("Null", condition.key, "false")
            yield f"only where {condition.key} is in the request", change


def _by_resource(case: Case, matched: Matched) -> Iterator[tuple[str, Change]]:
    resource, statement = case.request.resource, matched.statement
    if resource == "*" or statement.resources is None:
        return
    if statement.not_resources:
        yield f"except {resource} too", statements.element_value("NotResource", resource)
    elif statement.resources == ("*",):
        # An RCP or SCP that denies may name what it leaves alone.
        def change(raw: dict[str, Any]) -> None:
            del raw["Resource"]
            raw["NotResource"] = resource

        yield f"except {resource}", change
    elif resource in statement.resources and len(statement.resources) > 1:
        yield f"leave out {resource}", statements.element_without("Resource", resource)


def _by_principal(case: Case, matched: Matched) -> Iterator[tuple[str, Change]]:
    who = case.request.context.get(_PRINCIPAL_ARN)
    taken = {c.key.lower() for c in matched.statement.conditions}
    if who and _PRINCIPAL_ARN.lower() not in taken:
        change = statements.condition_set("ArnNotEquals", _PRINCIPAL_ARN, who[0])
        yield f"except {who[0]}", change


def _by_action(case: Case, matched: Matched) -> Iterator[tuple[str, Change]]:
    statement, action = matched.statement, case.request.action
    if statement.not_actions:
        yield f"except {action} too", statements.element_value("NotAction", action)
    elif len(statement.actions) > 1 and action.lower() in {a.lower() for a in statement.actions}:
        yield f"leave out {action}", statements.element_without("Action", action)
