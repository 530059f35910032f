"""Why no identity policy allows: the ``identity.*`` causes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from clearance.decide.attach import attach
from clearance.decide.judge import as_absent, trace
from clearance.explain.case import Case, misses_of, names_nothing
from clearance.explain.compare import Difference, nearest
from clearance.explain.findings import (
    Cause,
    Confidence,
    Miss,
)
from clearance.explain.nearest import NearMiss
from clearance.match.action import pattern
from clearance.model.arn import Arn
from clearance.model.policy import Effect, PolicyType
from clearance.model.request import Request

__all__ = ["Scored", "api_names", "identity_causes", "means", "named_difference"]


# How far a finding is from the truth, to compare findings of different kinds: 0 is a fact about
# the call itself; a statement that can never match, or names what is not there, is a slip and
# nearer than one which grants something else on purpose.
Scored: TypeAlias = Iterator[tuple[float, Cause]]
_FACT: Final = 0.0
_INERT: Final = 0.5
_NEVER: Final = 0.8
_UNATTACHED: Final = 9.0
_LAST: Final = 10.0


def identity_causes(case: Case, conditional: Scored) -> Iterator[Cause]:
    """The nearest finding first; that nothing speaks of the action comes last."""
    found = [
        *((_FACT, cause) for cause in (*_secondary(case), *_kms(case), *_dependent(case))),
        *conditional,
        *_inert(case),
        *_renamed(case),
        *_elsewhere(case),
        *_other_version(case),
    ]
    yield from (cause for _, cause in sorted(found, key=lambda each: each[0]))
    action, resource = case.request.action, case.request.resource
    if Arn.find(resource) is None and resource != "*":
        because = f"`{resource}` is not an ARN: only `*` or NotResource covers it"
        yield Cause("identity.non_arn_resource", because)
    who = case.check.target or "the caller"
    because = f"no identity policy of {who} allows {action} on this resource"
    yield Cause("identity.missing", because)


def _inert(case: Case) -> Scored:
    for attached in case.check.policies:
        if attached.error is not None:
            because = f"{attached.name} is attached but cannot be read: {attached.error}"
            yield _INERT, Cause("identity.bad_policy", because)
    for miss in case.misses:
        texts = [value for e in miss.failures for value in e.wanted]
        if not miss.policy.policy.has_variables and any("${" in text for text in texts):
            because = (
                f"{miss.policy.name} has no `Version` `2012-10-17`: without it `${{...}}` is text"
            )
            misses = misses_of(miss, case.request)
            yield _INERT, Cause("identity.bad_policy", because, misses=misses)


def _other_version(case: Case) -> Scored:
    """A version that is not the default, or a policy on nobody, would allow it."""
    account = case.estate.account(case.request.principal.account)
    if account is None:
        return
    attached = {policy.arn for policy in case.check.policies}
    for arn, policy in account.policies.items():
        for version in policy.versions.values():
            if arn in attached and version.id != policy.default_version:
                if _would_allow(version.text, case.request):
                    because = (
                        f"version {version.id} of {policy.name} allows it, but the default "
                        f"version is {policy.default_version}"
                    )
                    yield _INERT, Cause("identity.bad_policy", because)
            elif arn not in attached and _specific(version.text, case.request):
                because = f"{policy.name} allows it but is not attached to the caller"
                cause = Cause("identity.bad_policy", because, Confidence.POSSIBLE)
                yield _UNATTACHED, cause


def _would_allow(text: str, request: Request) -> bool:
    told = Request(request.principal, request.action, request.resource, as_absent(request.context))
    attached = attach(text, PolicyType.IDENTITY, "policy")
    return any(
        found.applies and found.statement.effect is Effect.ALLOW for found in trace(attached, told)
    )


def _specific(text: str, request: Request) -> bool:
    """True when it allows the action by name, not with everything else."""
    policy = attach(text, PolicyType.IDENTITY, "policy").policy
    named = any(
        request.action.lower() == action.lower() for s in policy.statements for action in s.actions
    )
    return named and _would_allow(text, request)


def _secondary(case: Case) -> Iterator[Cause]:
    """The same action is allowed on another resource of the same call."""
    for other in case.others:
        same = other.request.action.lower() == case.request.action.lower()
        if same and other.request.resource != case.request.resource and other.allowed:
            because = (
                f"{case.request.action} is asked for several resources; "
                f"`{other.request.resource}` is allowed, this one is not"
            )
            yield Cause("identity.secondary_resource", because, misses=_about(case))
            return


def _about(case: Case) -> tuple[Miss, ...]:
    return misses_of(case.misses[0], case.request) if case.misses else ()


def _kms(case: Case) -> Iterator[Cause]:
    if not case.request.action.lower().startswith("kms:"):
        return
    via = case.request.context.get("kms:ViaService")
    of_call = api_names(case) - {"kms"}
    if via or of_call:
        through = via[0] if via else f"a call to {next(iter(sorted(of_call)))}"
        because = f"the data is encrypted with this key: {through} needs {case.request.action} too"
        yield Cause("kms.data_path", because, misses=_about(case))


def api_names(case: Case) -> set[str]:
    """The services whose operation this permission belongs to, as far as that is told."""
    found = {d.request.action.partition(":")[0].lower() for d in case.others}
    evidence = case.evidence
    if evidence is not None and evidence.event_source:
        found.add(evidence.event_source.partition(".")[0])
    elif evidence is not None and evidence.denial.service:
        found.add(evidence.denial.service.lower())
    return found


def _dependent(case: Case) -> Iterator[Cause]:
    """Another action than the one that was called."""
    action = case.request.action
    primary = next((d.request.action for d in case.others if d.allowed), None)
    evidence = case.evidence
    called = evidence.denial.api_operation if evidence else None
    if called and called.lower() == action.partition(":")[2].lower():
        return
    first = case.others[0].request.action if case.others else None
    if action.lower() == "iam:passrole" and (called or first):
        because = f"{called or first} hands this role to a service, which needs iam:PassRole"
    elif primary and primary.lower() != action.lower():
        because = f"the call needs {action} beside {primary}, which is allowed"
    else:
        return
    yield Cause("identity.dependent_action", because, misses=_about(case))


def means(case: Case, written: str) -> bool:
    """True when a policy's action is no action but the API's name of the requested one."""
    wanted = case.request.action.lower()
    if any(each.lower() == wanted for each in case.knowledge.meant(written)):
        return True
    catalog = case.knowledge.catalog
    if catalog is None or "*" in written or "?" in written:
        return False
    prefix, _, name = written.partition(":")
    known = catalog.service(prefix)
    if known is None or name.lower() in known.actions:
        return False
    # An unknown name that begins with the action's, or the other way: `InvokeAsync`, `GetItems`.
    asked_prefix, _, asked = wanted.partition(":")
    return prefix.lower() == asked_prefix and (
        name.lower().startswith(asked) or asked.startswith(name.lower())
    )


def _renamed(case: Case) -> Scored:
    for miss in case.misses:
        names = {element.name for element in miss.failures}
        if "Action" not in names or names - {"Action", "Resource"}:
            continue
        for written in miss.trace.statement.actions:
            if not pattern(written).matches(case.request.action) and means(case, written):
                off = nearest(miss.trace.statement.resources or (), case.request.resource)
                distance = off.distance if off and "Resource" in names else 0
                because = f"`{written}` is the API's name; the action is `{case.request.action}`"
                misses = misses_of(miss, case.request)
                yield _INERT + distance, Cause("identity.api_not_action", because, misses=misses)


def named_difference(miss: NearMiss, resource: str) -> Difference | None:
    """How the statement misses the resource, when that is all it misses."""
    names = {element.name for element in miss.failures}
    if "Resource" not in names or names - {"Resource", "Condition"}:
        return None
    return nearest(miss.trace.statement.resources or (), resource)


def _elsewhere(case: Case) -> Scored:
    for miss in case.misses:
        off = named_difference(miss, case.request.resource)
        if off is None:
            continue
        where = f"{miss.policy.name}, {miss.trace.statement.label}"
        because = f"{where} allows the action on another ARN: {off.remark}"
        cause = Cause(off.cause, because, misses=misses_of(miss, case.request))
        slip = 0.6 if off.broken else 0.4 if names_nothing(case.estate, off.pattern) else 0
        distance = _NEVER if _never(miss, off) else off.distance - slip
        yield distance + 5 * (len(miss.failures) - 1), cause


def _never(miss: NearMiss, off: Difference) -> bool:
    """True for an ARN of a service none of the statement's actions is of: it grants nothing."""
    arn = Arn.find(off.pattern)
    services = {action.partition(":")[0].lower() for action in miss.trace.statement.actions}
    return arn is not None and arn.service.isalnum() and services.isdisjoint({arn.service, "*"})
