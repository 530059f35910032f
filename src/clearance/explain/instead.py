"""Requests that would be allowed as things are: no policy needs to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from ipaddress import ip_network
from shlex import quote
from typing import Any, Final

from clearance.decide import authorize
from clearance.explain import statements
from clearance.explain.candidate import Candidate
from clearance.explain.case import Case, function_of
from clearance.explain.compare import is_tag
from clearance.explain.findings import (
    FixKind,
)
from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Role
from clearance.model.glob import Glob
from clearance.model.operators import OPERATORS
from clearance.model.policy import Condition
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.model.request import Context, Request

__all__ = [
    "assumable",
    "meeting",
    "other_identities",
    "other_requests",
    "other_resources",
    "widened_session",
    "with_keys",
]

REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-1")
# What a caller cannot choose: who it is and where the resource lies.
_GIVEN: Final = ("aws:principal", "aws:userid", "aws:username", "aws:resourceorg", "aws:source")
_OWN_NETWORK: Final = frozenset({"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce"})
_MFA: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})


def with_keys(request: Request, entries: Mapping[str, str | tuple[str, ...]]) -> Request:
    """The request with other context keys; what was derived from the old ones is left to AWS."""
    context = request.context
    more = Context.of(entries)
    values = {**context.values, **more.values}
    absent = frozenset(key for key in context.absent if key not in more.values)
    return replace(request, context=replace(context, values=values, absent=absent))


def other_requests(case: Case) -> Iterator[Candidate]:
    """What the conditions of a Deny leave open."""
    matched = case.check.denies[0]
    for condition in matched.statement.conditions:
        key = condition.key.lower()
        if key in _MFA:
            yield _mfa(case)
        elif key == "aws:requestedregion":
            yield from _region(case, condition)
        elif key in _OWN_NETWORK or not key.startswith(_GIVEN):
            yield from _value(case, condition)


def _mfa(case: Case) -> Candidate:
    principal = case.request.principal
    session = replace(principal.session or Session(), mfa=True)
    asked = with_keys(
        replace(case.request, principal=replace(principal, session=session)),
        {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"},
    )
    name = principal.arn.rpartition("/")[2]
    account = principal.account or "ACCOUNT"
    title = "call with a session that was made with MFA"
    cli = (
        f"aws sts get-session-token --serial-number arn:{principal.partition}:iam::{account}:"
        f"mfa/{name} --token-code CODE"
    )
    return Candidate(FixKind.NO_POLICY_CHANGE, title, instead=asked, cli=(cli,))


def _region(case: Case, condition: Condition) -> Iterator[Candidate]:
    if not OPERATORS[condition.operator].negated:
        return
    region = _literal(condition.values)
    if region is None:
        return
    arn = Arn.find(case.request.resource)
    resource = str(replace(arn, region=region)) if arn and arn.region else case.request.resource
    asked = with_keys(replace(case.request, resource=resource), {"aws:RequestedRegion": region})
    title = f"call in a Region that is allowed, such as {region}"
    yield Candidate(FixKind.NO_POLICY_CHANGE, title, instead=asked)


def _literal(values: tuple[str, ...]) -> str | None:
    for value in values:
        if not set(value) & set("*?$"):
            return value
        found = next((region for region in REGIONS if Glob.of(value).matches(region)), None)
        if found is not None:
            return found
    return None


def _value(case: Case, condition: Condition) -> Iterator[Candidate]:
    """A value of the key under which the Deny would not speak."""
    value = _fitting(condition)
    if value is None:
        return
    key, what = condition.key, f"with {condition.key} {value}"
    if key.lower() == "aws:sourceip":
        what = f"from {', '.join(condition.values)}"
    elif key.lower() == "aws:securetransport":
        what = "over HTTPS"
    elif key.lower() in _OWN_NETWORK:
        what = f"through {value}"
    verb = "tag it and call" if is_tag(key) and "resource" in key.lower() else "call"
    asked = with_keys(case.request, {key: value})
    yield Candidate(FixKind.NO_POLICY_CHANGE, f"{verb} {what}", instead=asked)


def _fitting(condition: Condition) -> str | None:
    operator = OPERATORS[condition.operator]
    if not condition.values:
        return None
    first = condition.values[0]
    if operator.positive == "Bool":
        return "false" if first.lower() == "true" else "true"
    if operator.positive == "Null":
        return "value" if first.lower() == "true" else None
    if not operator.negated or "${" in first:
        return None
    if operator.positive == "IpAddress":
        return _host(first)
    return first.replace("*", "").replace("?", "x") or None


def other_resources(case: Case) -> Iterator[Candidate]:
    """The same function under another qualifier, which may be allowed already."""
    found = function_of(case.estate, case.request.resource)
    if found is None:
        yield from _other_names(case)
        return
    function, asked, account = found
    for qualifier in ("", *function.aliases, *function.versions):
        if qualifier == asked or (not qualifier and asked not in {"", "$LATEST"}):
            continue
        there = replace(case.request, resource=function.arn(account, qualifier))
        decision = authorize(case.estate, there)
        if decision.allowed:
            what = f"the alias or version {qualifier}" if qualifier else "the unqualified function"
            yield Candidate(FixKind.NO_POLICY_CHANGE, f"call {what}", instead=there)


def _other_names(case: Case) -> Iterator[Candidate]:
    """A function whose name is nearly the one that was called."""
    arn = Arn.find(case.request.resource)
    account = case.estate.account(arn.account) if arn else None
    if arn is None or account is None or not arn.resource.startswith("function:"):
        return
    _, name, *rest = arn.resource.split(":")
    here = [each.name for each in account.functions.values() if each.region == arn.region]
    for near in get_close_matches(name, here, n=2, cutoff=0.75):
        resource = str(replace(arn, resource=":".join(("function", near, *rest))))
        there = replace(case.request, resource=resource)
        if authorize(case.estate, there).allowed:
            yield Candidate(FixKind.NO_POLICY_CHANGE, f"call {near}", instead=there)


def widened_session(case: Case, statement: Mapping[str, Any]) -> Iterator[Candidate]:
    """The session policy is the caller's own: another one at the next AssumeRole."""
    principal = case.request.principal
    session = principal.session
    if session is None or not session.policies:
        return
    text = statements.add_statement(session.policies[0], statement)
    wider = replace(session, policies=(text, *session.policies[1:]))
    asked = replace(case.request, principal=replace(principal, session=wider))
    title = "make the session with a session policy that allows it too"
    role = principal.role_arn or "ROLE"
    name = principal.session_name or "SESSION"
    policy = quote(json.dumps(json.loads(text), separators=(",", ":")))
    cli = f"aws sts assume-role --role-arn {role} --role-session-name {name} --policy {policy}"
    yield Candidate(FixKind.NO_POLICY_CHANGE, title, instead=asked, cli=(cli,))


def meeting(case: Case) -> Iterator[Candidate]:
    """Requests that bring what the condition of a near Allow asks for."""
    for miss in case.misses[:6]:
        entries: dict[str, str] = {}
        for element in miss.failures:
            value = _wanted(element.condition, case.request) if element.condition else None
            if element.condition is not None and value is not None:
                entries[element.condition.key] = value
        if not entries or len(entries) < len(miss.failures):
            continue
        if any(key.lower() in _MFA for key in entries):
            yield _mfa(case)
            continue
        says = ", ".join(f"{key} {value}" for key, value in entries.items())
        tagged = [k for k in entries if is_tag(k) and "resourcetag" in k.lower()]
        verb = "tag the resource: then it comes" if tagged else "call"
        cli = tuple(_tag(case.request.resource, key, entries[key]) for key in tagged)
        asked = with_keys(case.request, entries)
        yield Candidate(FixKind.NO_POLICY_CHANGE, f"{verb} with {says}", instead=asked, cli=cli)


def _tag(resource: str, key: str, value: str) -> str:
    name = key.partition("/")[2]
    return (
        f"aws resourcegroupstaggingapi tag-resources --resource-arn-list {quote(resource)} "
        f"--tags {quote(f'{name}={value}')}"
    )


def _wanted(condition: Condition, request: Request) -> str | None:
    """A value that meets the condition, of a key that the caller can bring."""
    operator = OPERATORS[condition.operator]
    if operator.negated or condition.key.lower().startswith(_GIVEN) or not condition.values:
        return None
    first = condition.values[0]
    if operator.positive == "Null":
        return None if first.lower() == "true" else "value"
    if operator.positive == "IpAddress":
        return _host(first)
    variable = _VARIABLE.fullmatch(first)
    if variable:
        return next(iter(request.context.get(variable[1]) or ()), None)
    return None if set(first) & set("*?$") else first


_VARIABLE: Final = re.compile(r"\$\{([^},]+)\}")


def _host(network: str) -> str | None:
    try:
        return str(next(iter(ip_network(network, strict=False).hosts())))
    except (ValueError, StopIteration):
        return None


def other_identities(case: Case) -> Iterator[Candidate]:
    """A role the caller may assume, which is allowed this by name."""
    for role, asked in assumable(case.estate, case.request):
        cli = (
            f"aws sts assume-role --role-arn {asked.principal.role_arn} --role-session-name session"
        )
        title = f"assume role {role.name} and call as it"
        yield Candidate(FixKind.NO_POLICY_CHANGE, title, instead=asked, cli=(cli,))
        return


def assumable(
    estate: Estate, request: Request, *, now: datetime | None = None
) -> Iterator[tuple[Role, Request]]:
    """Roles that the caller may assume and that are allowed the request by its action's name."""
    caller = request.principal
    if caller.kind not in {PrincipalKind.USER, PrincipalKind.ROLE, PrincipalKind.ROLE_SESSION}:
        return
    named = f'"{request.action}"'.lower()
    for account in estate.accounts.values():
        for role in account.roles.values():
            arn = account.role_arn(role)
            if arn in {caller.policy_subject, caller.arn} or role.is_service_linked:
                continue
            texts = (*role.inline.values(), *(estate.managed_text(p) for p in role.attached))
            if not any(named in text.lower() for text in texts if text):
                continue
            asked = replace(request, principal=_session_of(account, role), context=Context())
            if not authorize(estate, asked, now=now).allowed:
                continue
            assume = Request(caller, "sts:AssumeRole", arn)
            if authorize(estate, assume, now=now).allowed:
                yield role, asked


def _session_of(account: Account, role: Role) -> Principal:
    return Principal(
        PrincipalKind.ROLE_SESSION,
        f"arn:{account.partition}:sts::{account.id}:assumed-role/{role.name}/session",
        account.id,
        account.partition,
        unique_id=role.id,
        role_arn=account.role_arn(role),
        session_name="session",
        tags=role.tags,
    )
