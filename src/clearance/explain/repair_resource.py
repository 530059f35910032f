"""Candidates for a resource's own policy: trust policies, function policies and all others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from clearance.decide.special_cases import is_trust
from clearance.explain import statements
from clearance.explain.candidate import Candidate, named, sid_of
from clearance.explain.case import Case
from clearance.explain.edits import Edit, Place, Target, text_of
from clearance.explain.findings import (
    FixKind,
)
from clearance.explain.nearest import NearMiss
from clearance.explain.places import target_of
from clearance.model.arn import Arn
from clearance.model.policy import Principals
from clearance.model.principal import PrincipalKind

__all__ = ["resource_candidates"]


def resource_candidates(case: Case) -> Iterator[Candidate]:
    """Re-save, edit a statement, or add one for exactly this caller."""
    request = case.request
    who = named(request.principal)
    target = _target(case)
    if who is None or target is None or request.resource.endswith(":$LATEST"):
        return
    before = text_of(case.estate, target)
    if is_trust(request) and before is None:
        return  # there is no such role
    yield from _saved_again(case)
    yield from _edited(case, who)
    yield from _without_condition(case)
    if not _names(case, who):
        edit = Edit(target, before, statements.add_statement(before, _statement(case, who, target)))
        title = f"{target.label}: let {next(iter(who.values()))} {_do(case)}"
        yield Candidate(FixKind.ADD, title, (edit,))


def _do(case: Case) -> str:
    action = case.request.action
    return "assume the role" if action.lower().startswith("sts:assume") else f"call {action}"


def _target(case: Case) -> Target | None:
    arn, account = Arn.find(case.request.resource), case.resource_account
    if arn is None or account is None:
        return None
    if is_trust(case.request):
        return Target(Place.TRUST, account, str(arn))
    if arn.service == "lambda" and arn.resource.startswith("function:"):
        return Target(Place.FUNCTION, account, str(arn))
    if arn.service == "lambda" and arn.resource.startswith("layer:"):
        return Target(Place.LAYER, account, str(arn))
    if arn.service == "s3" and not arn.account:
        bucket = arn.resource.split("/", 1)[0]
        return Target(Place.RESOURCE, account, f"arn:{arn.partition}:s3:::{bucket}")
    return Target(Place.RESOURCE, account, str(arn))


def _statement(case: Case, who: dict[str, str], target: Target) -> dict[str, Any]:
    request = case.request
    statement: dict[str, Any] = {
        "Sid": sid_of(request.action),
        "Effect": "Allow",
        "Principal": who,
        "Action": request.action,
    }
    if target.place is not Place.TRUST:
        statement["Resource"] = request.resource
    condition: dict[str, dict[str, str]] = {}
    if request.principal.kind is PrincipalKind.SERVICE:
        for operator, key in (("ArnLike", "aws:SourceArn"), ("StringEquals", "aws:SourceAccount")):
            if values := request.context.get(key):
                condition.setdefault(operator, {})[key] = values[0]
    for key in _KEPT:
        if values := request.context.get(key):
            operator = "Bool" if values[0] in {"true", "false"} else "StringEquals"
            condition.setdefault(operator, {})[key] = values[0]
    for value in request.context.values.values():
        if value.key.endswith((":aud", ":sub")) and request.action.startswith("sts:"):
            condition.setdefault("StringEquals", {})[value.key] = value.values[0]
    return {**statement, "Condition": condition} if condition else statement


# What AddPermission writes for function URLs.
_KEPT: Final = ("lambda:FunctionUrlAuthType", "lambda:InvokedViaFunctionUrl")


def _names(case: Case, who: dict[str, str]) -> bool:
    """True when a statement for this caller is there and only its conditions stop it."""
    kind, name = next(iter(who.items()))
    for miss in case.misses:
        listed = miss.trace.statement.principals
        own = {"AWS": "aws", "Service": "service", "Federated": "federated"}[kind]
        if {e.name for e in miss.failures} == {"Condition"}:
            keys = {e.condition.key.lower() for e in miss.failures if e.condition}
            told = all(case.request.context.get(key) for key in keys)
            if listed is not None and name in getattr(listed, own) and told:
                return True
    return False


def _change(case: Case, miss: NearMiss) -> tuple[Target, str] | None:
    target = target_of(case.estate, miss.policy)
    before = text_of(case.estate, target) if target else None
    return (target, before) if target is not None and before is not None else None


def _saved_again(case: Case) -> Iterator[Candidate]:
    """A principal whose stored ID is of somebody deleted: the same text, saved again (R26)."""
    mine = case.request.principal.policy_subject
    for miss in case.misses:
        found = _change(case, miss)
        names = {element.name for element in miss.failures}
        if found is None or names != {"Principal"} or mine not in miss.policy.pins:
            continue
        target, before = found
        title = f"{target.label}: save it again, so that `{mine}` means today's identity"
        yield Candidate(FixKind.EDIT, title, (Edit(target, before, before),))


def _edited(case: Case, who: dict[str, str]) -> Iterator[Candidate]:
    """Trust statements: another principal, action or condition value beside what is there."""
    kind, name = next(iter(who.items()))
    for miss in case.misses[:8]:
        found = _change(case, miss)
        if found is None or (found[0].place is Place.FUNCTION):
            continue
        target, before = found
        index, names = miss.trace.statement.index, {element.name for element in miss.failures}
        where = f"{target.label}, {miss.trace.statement.label}"
        listed = miss.trace.statement.principals
        if names == {"Principal"} and listed is not None and _same_kind(listed, kind):
            ghosts = [n for n in listed.aws if n.startswith(("AIDA", "AROA")) and n in before]
            old = ghosts[0] if ghosts and kind == "AWS" else None
            change = statements.element_value(f"Principal.{kind}", name, old)
            title = f"{where}: name {name}"
        elif names == {"Action"} and case.request.action.lower().startswith("sts:"):
            change = statements.element_value("Action", case.request.action)
            title = f"{where}: add the action {case.request.action}"
        elif names == {"Condition"} and is_trust(case.request):
            yield from _claims(case, miss, target, before)
            continue
        else:
            continue
        edit = Edit(target, before, statements.change_statement(before, index, change))
        yield Candidate(FixKind.EDIT, title, (edit,))


def _same_kind(listed: Principals, kind: str) -> bool:
    """True when the element names others of this kind, and not everybody."""
    held = {"AWS": listed.aws, "Service": listed.service, "Federated": listed.federated}
    return bool(held[kind]) and not listed.everyone


def _claims(case: Case, miss: NearMiss, target: Target, before: str) -> Iterator[Candidate]:
    """Conditions on the token's claims: the claim that came, in the wrong one's place."""
    after, says = before, []
    for element in miss.failures:
        condition = element.condition
        values = case.request.context.get(condition.key) if condition else None
        if condition is None or not values:
            return
        old = condition.values[0] if len(condition.values) == 1 else None
        change = statements.condition_value(condition.name, condition.key, values[0], old)
        after = statements.change_statement(after, miss.trace.statement.index, change)
        says.append(f"{condition.key} is {values[0]}")
    title = f"{target.label}, {miss.trace.statement.label}: {' and '.join(says)}"
    yield Candidate(FixKind.EDIT, title, (Edit(target, before, after),))


def _without_condition(case: Case) -> Iterator[Candidate]:
    """A key the service never sends goes; what it does send comes in its place."""
    if case.request.principal.kind is not PrincipalKind.SERVICE:
        return
    source = case.request.context.get("aws:SourceArn")
    for miss in case.misses:
        found = _change(case, miss)
        unsent = [
            e.condition
            for e in miss.failures
            if e.condition and not case.request.context.get(e.condition.key)
        ]
        if found is None or not source or len(unsent) != len(miss.failures) or not unsent:
            continue
        target, before = found
        after = before
        index = miss.trace.statement.index
        for condition in unsent:
            change = statements.condition_value(condition.name, condition.key, None)
            after = statements.change_statement(after, index, change)
        change = statements.condition_set("ArnLike", "aws:SourceArn", source[0])
        after = statements.change_statement(after, index, change)
        title = f"{target.label}: aws:SourceArn in place of {unsent[0].key}"
        yield Candidate(FixKind.EDIT, title, (Edit(target, before, after),))
