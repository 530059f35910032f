"""Causes around the policies: who calls, what exists, when it was changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final

from clearance.decide.special_cases import refused
from clearance.explain.case import Knowledge, function_of
from clearance.explain.denial import Form
from clearance.explain.evidence import Evidence
from clearance.explain.findings import (
    Cause,
    Confidence,
)
from clearance.explain.instead import assumable
from clearance.model.arn import Arn
from clearance.model.decision import Decision
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request

__all__ = ["circumstances", "settled"]

# "IAM achieves high availability by replicating data …": changes are seen within seconds,
# seldom minutes (IAM User Guide, troubleshoot, eventual consistency).
_SETTLES: Final = timedelta(minutes=2)


def circumstances(
    estate: Estate,
    decision: Decision,
    evidence: Evidence | None,
    knowledge: Knowledge,
    *,
    expected: Principal | None = None,
    now: datetime | None = None,
) -> tuple[Cause, ...]:
    """Causes that no policy tells, the surest first."""
    del knowledge
    request = decision.request
    found = [
        *_expected(request, expected),
        *_refused(request),
        *_organizations(estate, request),
        *_orphan(estate, request, evidence),
        *_absent(estate, request),
        *_masked(estate, decision, evidence),
    ]
    if not decision.allowed:
        found += [*_not_assumed(estate, request, now), *_another(estate, decision)]
    order = list(Confidence)
    return tuple(sorted(found, key=lambda cause: order.index(cause.confidence)))


def _expected(request: Request, expected: Principal | None) -> Iterator[Cause]:
    if expected is None:
        return
    caller = request.principal
    same = {caller.arn, caller.role_arn} & {expected.arn, expected.role_arn} - {None, ""}
    if not same:
        because = f"the call was made as {caller.display}, not as {expected.display}"
        yield Cause("caller.wrong_identity", because, add_allow=False)


def _refused(request: Request) -> Iterator[Cause]:
    if refused(request):
        kind = request.principal.kind.value
        because = f"{kind} credentials cannot call {request.action}, whatever policies say (R99)"
        yield Cause("caller.wrong_identity", because, add_allow=False)


def _organizations(estate: Estate, request: Request) -> Iterator[Cause]:
    if not request.action.lower().startswith("organizations:"):
        return
    if request.action.lower() == "organizations:describeorganization":
        return  # any member account may ask this
    organization = estate.organization_of(request.principal.account)
    if organization and request.principal.account != organization.management_account:
        because = (
            f"account {request.principal.account} is not the management account "
            f"{organization.management_account}"
        )
        yield Cause("orgs.not_delegated", because, Confidence.CONSISTENT, add_allow=False)


def _orphan(estate: Estate, request: Request, evidence: Evidence | None) -> Iterator[Cause]:
    """A grant whose grantee's unique ID no role has any more."""
    account = estate.account(request.resource.split(":")[4] if ":" in request.resource else None)
    key = account.resources.get(request.resource) if account else None
    if key is None or not request.action.lower().startswith("kms:"):
        return
    known = {role.id for each in estate.accounts.values() for role in each.roles.values()}
    for grant in key.grants:
        unique = grant.grantee.partition(":")[0]
        if unique.startswith("AROA") and unique not in known:
            because = (
                f"grant {grant.id} is for {unique}, the id of a deleted role; today's role has "
                f"the id {request.principal.unique_id}"
            )
            yield Cause("resource.kms_grant_orphan", because, add_allow=False)
    del evidence


def _absent(estate: Estate, request: Request) -> Iterator[Cause]:
    """The resource is of a kind the estate lists, and it is not listed."""
    arn = Arn.find(request.resource)
    account = estate.account(arn.account) if arn else None
    if arn is None or account is None:
        return
    missing = " ".join(estate.missing)
    if arn.service == "lambda" and arn.resource.startswith("function:"):
        if account.functions and "functions" not in missing:
            yield from _function(estate, account, arn, request.resource)
    elif arn.service == "iam" and arn.kind == "role" and "iam of" not in missing:
        role = account.roles.get(arn.name)
        if "*" not in arn.resource and (role is None or account.role_arn(role) != str(arn)):
            created = request.action.lower() in {"iam:createrole", "iam:createservicelinkedrole"}
            if not created:
                yield _gone(f"role `{arn.name}`", arn.name, list(account.roles))


def _function(estate: Estate, account: Account, arn: Arn, resource: str) -> Iterator[Cause]:
    found = function_of(estate, resource)
    name = arn.resource.split(":")[1]
    if found is None:
        here = [f.name for f in account.functions.values() if f.region == arn.region]
        if "*" not in name:
            yield _gone(f"function `{name}` in {arn.region}", name, here)
        return
    function, qualifier, _ = found
    known = {"", "$LATEST", *function.aliases, *function.versions}
    if qualifier not in known and "*" not in qualifier:
        yield _gone(f"qualifier `{qualifier}` of {name}", qualifier, list(function.aliases))


def _gone(what: str, name: str, names: list[str]) -> Cause:
    near = get_close_matches(name, names, n=1, cutoff=0.75)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    because = f"the estate holds no {what}{hint} (AWS does not tell strangers what exists)"
    sure = Confidence.PROVEN if near else Confidence.CONSISTENT
    return Cause("absent.masked", because, sure, add_allow=False)


def _masked(estate: Estate, decision: Decision, evidence: Evidence | None) -> Iterator[Cause]:
    """S3 says 403 instead of 404 to whoever may not list the bucket."""
    form = evidence.denial.form if evidence else None
    reading = decision.request.action.lower() in {"s3:getobject", "s3:headobject"}
    if decision.allowed and reading and form in {Form.S3_BARE, Form.BARE}:
        because = "the object may not exist: without s3:ListBucket S3 answers 403 in place of 404"
        yield Cause("absent.masked", because, Confidence.CONSISTENT, add_allow=False)
    del estate


def _not_assumed(estate: Estate, request: Request, now: datetime | None) -> Iterator[Cause]:
    for role, _ in assumable(estate, request, now=now):
        because = f"role {role.name}, which the caller may assume, is allowed this"
        yield Cause("caller.not_assumed", because, Confidence.CONSISTENT, add_allow=False)
        return


def _another(estate: Estate, decision: Decision) -> Iterator[Cause]:
    """An identity whose policies name this very action and resource: perhaps it was meant."""
    request = decision.request
    account = estate.account(request.principal.account)
    if account is None or request.principal.kind not in _HOLD_POLICIES:
        return
    names = [
        f"{kind} {held.name}"
        for kind, table in (("user", account.users), ("role", account.roles))
        for held in table.values()
        for text in held.inline.values()
        if _names(text, request) and account.arn(kind, held.path, held.name) != _subject(request)
    ]
    if names:
        because = f"{names[0]} is allowed this by name: perhaps other credentials were meant"
        yield Cause("caller.wrong_identity", because, Confidence.POSSIBLE, add_allow=False)


_HOLD_POLICIES: Final = frozenset(
    {PrincipalKind.USER, PrincipalKind.ROLE, PrincipalKind.ROLE_SESSION}
)


def _subject(request: Request) -> str:
    return request.principal.policy_subject


def _names(text: str, request: Request) -> bool:
    return f'"{request.action}"' in text and f'"{request.resource}"' in text


def settled(estate: Estate, request: Request, when: datetime | None) -> Cause | None:
    """The estate allows what AWS denied: was something saved just before?"""
    if when is None:
        return None
    account = estate.account(request.principal.account)
    subject = request.principal.policy_subject
    name = subject.rpartition("/")[2]
    changes: list[tuple[str, datetime]] = []
    for table in (account.roles, account.users) if account else ():
        held = table.get(name)
        if held is not None:
            changes.append((f"{name} was created", held.created))
            policies = (account.policies.get(arn) for arn in held.attached) if account else ()
            changes += [(f"{p.name} was saved", p.updated) for p in policies if p is not None]
    target = Arn.find(request.resource)
    owner = estate.account(target.account) if target else None
    if target is not None and owner is not None and target.kind == "role":
        role = owner.roles.get(target.name)
        changes += [(f"role {role.name} was created", role.created)] if role else []
    for what, moment in changes:
        if timedelta(0) <= when - moment <= _SETTLES:
            seconds = int((when - moment).total_seconds())
            because = f"{what} {seconds} s before the call: IAM had not spread the change yet"
            return Cause("time.eventual", because, Confidence.CONSISTENT, add_allow=False)
    return None
