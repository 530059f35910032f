"""Candidates for a layer that does not allow: edit the nearest statement, or add one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from clearance.decide.special_cases import is_trust
from clearance.explain import statements
from clearance.explain.blame_identity import means
from clearance.explain.candidate import Candidate, named, sid_of
from clearance.explain.case import Case, names_nothing
from clearance.explain.compare import nearest
from clearance.explain.edits import Edit, Place, Target, text_of
from clearance.explain.exceptions import deny_candidates
from clearance.explain.findings import (
    FixKind,
)
from clearance.explain.instead import meeting, widened_session
from clearance.explain.nearest import NearMiss
from clearance.explain.places import target_of
from clearance.explain.repair_resource import resource_candidates
from clearance.model.arn import Arn
from clearance.model.decision import CheckEffect, CheckType
from clearance.model.operators import OPERATORS

__all__ = ["candidates"]

FULL_ACCESS: Final = "p-FullAWSAccess"


def candidates(case: Case) -> tuple[Candidate, ...]:
    """What might remove the blocker, smallest change first."""
    if case.check.effect is CheckEffect.EXPLICIT_DENY:
        return tuple(deny_candidates(case))
    return tuple(_IMPLICIT[case.check.type](case))


def statement_for(case: Case) -> dict[str, Any]:
    """The Allow that covers this action on this resource and nothing else."""
    request = case.request
    statement: dict[str, Any] = {
        "Sid": sid_of(request.action),
        "Effect": "Allow",
        "Action": request.action,
    }
    if Arn.find(request.resource) is None and request.resource != "*":
        # "+4917…" and other names are no ARNs; everything but the service's ARNs covers them.
        service, partition = request.action.partition(":")[0], request.principal.partition
        statement["NotResource"] = f"arn:{partition}:{service.lower()}:*:*:*"
    else:
        statement["Resource"] = request.resource
    receiver = request.context.get("iam:PassedToService")
    if request.action.lower() == "iam:passrole" and receiver:
        statement["Condition"] = {"StringEquals": {"iam:PassedToService": receiver[0]}}
    return statement


def edits_of_misses(case: Case) -> Iterator[Candidate]:
    """The nearest statements, edited so that they cover the request."""
    for miss in case.misses[:8]:
        target = target_of(case.estate, miss.policy)
        before = text_of(case.estate, target) if target else None
        if target is None or before is None:
            continue
        for what, change in _changes(case, miss):
            after = statements.change_statement(before, miss.trace.statement.index, change)
            title = f"{target.label}, {miss.trace.statement.label}: {what}"
            yield Candidate(FixKind.EDIT, title, (Edit(target, before, after),))


Change = Callable[[dict[str, Any]], None]


def _changes(case: Case, miss: NearMiss) -> Iterator[tuple[str, Change]]:
    """What to change in the statement, in words, and the change."""
    statement = miss.trace.statement
    failing = frozenset(element.name for element in miss.failures)
    if not (statement.not_actions or statement.not_resources):
        yield from _BY_FAILING.get(failing, _nothing)(case, miss)


def _nothing(_: Case, __: NearMiss) -> Iterator[tuple[str, Change]]:
    return iter(())


def _resource_only(case: Case, miss: NearMiss) -> Iterator[tuple[str, Change]]:
    yield _resource_change(case, miss.trace.statement.resources or ())


def _action_only(case: Case, miss: NearMiss) -> Iterator[tuple[str, Change]]:
    statement, request = miss.trace.statement, case.request
    if renamed := _renamed(case, miss):
        yield renamed
    elif statement.resources == (request.resource,) and request.resource != "*":
        change = statements.element_value("Action", request.action)
        yield f"add the action {request.action}", change


def _action_and_resource(case: Case, miss: NearMiss) -> Iterator[tuple[str, Change]]:
    if renamed := _renamed(case, miss):
        what, change = _resource_change(case, miss.trace.statement.resources or ())
        yield f"{renamed[0]}; {what}", _both(renamed[1], change)


def _renamed(case: Case, miss: NearMiss) -> tuple[str, Change] | None:
    """The API's name gives way to the action's."""
    action = case.request.action
    written = next((each for each in miss.trace.statement.actions if means(case, each)), None)
    if written is None:
        return None
    change = statements.element_value("Action", action, written)
    return f"the action is {action}, not {written}", change


def _both(first: Change, second: Change) -> Change:
    def change(statement: dict[str, Any]) -> None:
        first(statement)
        second(statement)

    return change


def _resource_change(case: Case, patterns: tuple[str, ...]) -> tuple[str, Change]:
    actual = case.request.resource
    off = nearest(patterns, actual)
    if off is not None and (off.broken or names_nothing(case.estate, off.pattern)):
        return f"the resource is {actual}", statements.element_value(
            "Resource", actual, off.pattern
        )
    return f"add the resource {actual}", statements.element_value("Resource", actual)


def _condition_only(case: Case, miss: NearMiss) -> Iterator[tuple[str, Change]]:
    """The value that came, beside or in the place of what is asked for."""
    changes: list[Change] = []
    says: list[str] = []
    for element in miss.failures:
        condition = element.condition
        if condition is None or OPERATORS[condition.operator].negated:
            return
        values = case.request.context.get(condition.key)
        if not values or len(values) > 1 or condition.operator in {"Null", "Bool"}:
            return
        old = condition.values[0] if len(condition.values) == 1 else None
        replace = old if condition.key.lower() in _EXACT else None
        changes.append(
            statements.condition_value(condition.name, condition.key, values[0], replace)
        )
        says.append(f"{condition.key} is {values[0]}")
    if not changes:
        return

    def change(statement: dict[str, Any]) -> None:
        for each in changes:
            each(statement)

    yield " and ".join(says), change


_BY_FAILING: Final[
    Mapping[frozenset[str], Callable[[Case, NearMiss], Iterator[tuple[str, Change]]]]
] = {
    frozenset({"Resource"}): _resource_only,
    frozenset({"Action"}): _action_only,
    frozenset({"Action", "Resource"}): _action_and_resource,
    frozenset({"Condition"}): _condition_only,
}
# One source is meant; another in its place is a correction, not a widening.
_EXACT: Final = frozenset({"aws:sourcearn", "aws:sourceaccount"})


def _identity(case: Case) -> Iterator[Candidate]:
    yield from meeting(case)
    yield from _inert(case)
    yield from edits_of_misses(case)
    subject = case.request.principal.policy_subject
    arn = Arn.find(subject)
    if arn is None or arn.service != "iam" or arn.kind not in {"user", "role"}:
        return
    statement = statement_for(case)
    name = _free(case, subject, statement["Sid"])
    target = Target(Place.INLINE, arn.account, subject, name)
    del statement["Sid"]
    after = statements.add_statement(None, statement)
    title = f"{target.label} (new): allow {case.request.action} on this resource"
    yield Candidate(FixKind.ADD, title, (Edit(target, None, after),))


def _free(case: Case, holder: str, name: str) -> str:
    """A policy name that is not taken."""
    account = holder.split(":")[4]
    number, found = 2, name
    while text_of(case.estate, Target(Place.INLINE, account, holder, found)) is not None:
        found, number = f"{name}{number}", number + 1
    return found


def _inert(case: Case) -> Iterator[Candidate]:
    """Policies that are attached but do nothing: no Version, or another version is the default."""
    for miss in case.misses:
        texts = [value for element in miss.failures for value in element.wanted]
        target = target_of(case.estate, miss.policy)
        before = text_of(case.estate, target) if target else None
        variables = any("${" in text for text in texts)
        if target and before and variables and not miss.policy.policy.has_variables:
            edit = Edit(target, before, statements.set_version(before))
            yield Candidate(FixKind.EDIT, f"{target.label}: add Version 2012-10-17", (edit,))
    account = case.estate.account(case.request.principal.account)
    attached = {policy.arn for policy in case.check.policies}
    for arn, policy in (account.policies if account else {}).items():
        for version in policy.versions.values():
            if arn in attached and version.id != policy.default_version:
                target = Target(Place.MANAGED, arn.split(":")[4], name=arn)
                title = f"{target.label}: make the content of {version.id} the default"
                edit = Edit(target, policy.text, version.text)
                cli = (
                    f"aws iam set-default-policy-version --policy-arn {arn} "
                    f"--version-id {version.id}"
                )
                yield Candidate(FixKind.EDIT, title, (edit,), cli=(cli,))


def _boundary(case: Case) -> Iterator[Candidate]:
    yield from edits_of_misses(case)
    yield from _added(case, statement_for(case))


def _added(case: Case, statement: Mapping[str, Any]) -> Iterator[Candidate]:
    """The statement added to each policy of the layer that can be edited."""
    for attached in case.check.policies:
        target = target_of(case.estate, attached)
        before = text_of(case.estate, target) if target else None
        if target is not None and before is not None:
            edit = Edit(target, before, statements.add_statement(before, statement))
            title = f"{target.label}: allow {case.request.action} on this resource"
            yield Candidate(FixKind.ADD, title, (edit,))


def _scp(case: Case) -> Iterator[Candidate]:
    yield from edits_of_misses(case)
    yield from _added(case, statement_for(case))
    organization = case.estate.organization_of(case.request.principal.account)
    level = case.check.target
    if organization is None or level is None or FULL_ACCESS not in organization.policies:
        return
    here = organization.attachments.get(level, ())
    if FULL_ACCESS not in here:
        target = Target(Place.ATTACHMENT, organization.id, level)
        before = text_of(case.estate, target)
        after = json.dumps([*here, FULL_ACCESS])
        title = f"attach FullAWSAccess to {level} again"
        intent = "whoever detached FullAWSAccess there may have meant an allow list"
        yield Candidate(FixKind.ADD, title, (Edit(target, before, after),), intent=intent)


def _endpoint(case: Case) -> Iterator[Candidate]:
    yield from edits_of_misses(case)
    who = named(case.request.principal)
    if who is not None:
        statement = statement_for(case)
        head = {"Sid": statement.pop("Sid"), "Effect": statement.pop("Effect")}
        yield from _added(case, {**head, "Principal": who, **statement})


def _session(case: Case) -> Iterator[Candidate]:
    yield from widened_session(case, statement_for(case))


def _resource(case: Case) -> Iterator[Candidate]:
    if not is_trust(case.request):
        yield from (c for c in edits_of_misses(case) if c.edits)
    yield from resource_candidates(case)


def _none(_: Case) -> Iterator[Candidate]:
    return iter(())


_IMPLICIT: Final[Mapping[CheckType, Callable[[Case], Iterator[Candidate]]]] = {
    CheckType.RESOURCE_CONTROL_POLICY: _none,
    CheckType.SERVICE_CONTROL_POLICY: _scp,
    CheckType.VPC_ENDPOINT: _endpoint,
    CheckType.RESOURCE: _resource,
    CheckType.PRINCIPAL: _identity,
    CheckType.PERMISSIONS_BOUNDARY: _boundary,
    CheckType.SESSION: _session,
}
