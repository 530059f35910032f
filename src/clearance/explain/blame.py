"""From a check that blocks to the cause behind it: one function a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from clearance.explain.blame_identity import Scored, identity_causes
from clearance.explain.blame_resource import resource_causes
from clearance.explain.case import Case, miss_of, misses_of
from clearance.explain.compare import condition_cause
from clearance.explain.findings import (
    Blocker,
    Cause,
    Confidence,
    Miss,
)
from clearance.explain.places import owner_of_check
from clearance.model.decision import CheckEffect, CheckType, Matched
from clearance.model.policy import Effect

__all__ = ["blocker_of", "causes_of"]


def blocker_of(case: Case) -> Blocker:
    """The check with its cause and whoever can change it."""
    matched = next(iter(case.check.denies), None)
    owner = owner_of_check(case.estate, case.check, case.request, case.resource_account)
    cause = causes_of(case)[0]
    uri = matched.policy.uri if matched else next((m.uri for m in cause.misses), None)
    sid = matched.statement.sid if matched else None
    return Blocker(case.check, cause, owner, uri, sid)


def causes_of(case: Case) -> tuple[Cause, ...]:
    """Every cause that fits the check, the most telling first."""
    if case.check.effect is CheckEffect.EXPLICIT_DENY:
        return tuple(_explicit(case))
    return tuple(_IMPLICIT[case.check.type](case))


_EXPLICIT_ID: Final[Mapping[CheckType, str]] = {
    CheckType.RESOURCE_CONTROL_POLICY: "rcp.explicit",
    CheckType.SERVICE_CONTROL_POLICY: "scp.explicit",
    CheckType.VPC_ENDPOINT: "vpce.policy",
    CheckType.RESOURCE: "resource.explicit",
    CheckType.PRINCIPAL: "identity.explicit",
    CheckType.PERMISSIONS_BOUNDARY: "boundary.explicit",
    CheckType.SESSION: "session.policy",
}


def _explicit(case: Case) -> Iterator[Cause]:
    """A condition that tells why comes before the layer it stands in."""
    for matched in case.check.denies:
        for condition in matched.statement.conditions:
            found = condition_cause(condition, case.request.context, Effect.DENY)
            if found is not None:
                miss = miss_of(matched, condition, case.request)
                because = f"{_speaks(matched)} denies under `{condition.name} {condition.key}`"
                yield Cause(found, because, misses=(miss,), add_allow=False)
    first = case.check.denies[0]
    misses = tuple(miss_of(first, c, case.request) for c in first.statement.conditions)
    because = f"{_speaks(first)} denies it, and no Allow overrides a Deny"
    if first.error:
        because = f"{_speaks(first)} fails closed: {first.error}"
    yield Cause(_EXPLICIT_ID[case.check.type], because, misses=misses, add_allow=False)


def _speaks(matched: Matched) -> str:
    return f"{matched.policy.type.value} {matched.policy.name}, {matched.statement.label}"


def _nearest(case: Case) -> tuple[Miss, ...]:
    misses = case.misses
    if not misses:
        return ()
    names = {element.name for element in misses[0].failures}
    return () if "Action" in names and len(names) > 1 else misses_of(misses[0], case.request)


def _conditional(case: Case) -> Iterator[Cause]:
    """An Allow that only a condition keeps from speaking."""
    for miss in case.misses:
        if any(element.condition is None for element in miss.failures):
            continue
        misses = misses_of(miss, case.request)
        where = f"{miss.policy.name}, {miss.trace.statement.label}"
        for element in miss.failures:
            if element.condition is None:
                continue
            name = condition_cause(element.condition, case.request.context, Effect.ALLOW)
            key = element.condition.key
            because = f"{where} would allow it but for its condition on `{key}`"
            sure = Confidence.CONSISTENT if element.unknown else Confidence.PROVEN
            yield Cause(name or "cond.value", because, sure, misses, add_allow=name is None)


def _scp(case: Case) -> Iterator[Cause]:
    names = ", ".join(p.name for p in case.check.policies) or "no policy at all"
    because = f"no service control policy at `{case.check.target}` allows it ({names})"
    yield Cause("scp.implicit", because, misses=_nearest(case), add_allow=False)


def _rcp(case: Case) -> Iterator[Cause]:
    because = f"no resource control policy at `{case.check.target}` allows it"
    yield Cause("rcp.implicit", because, misses=_nearest(case), add_allow=False)


def _endpoint(case: Case) -> Iterator[Cause]:
    because = f"the policy of VPC endpoint `{case.check.target}` does not allow it"
    yield Cause("vpce.policy", because, misses=_nearest(case), add_allow=False)


def _boundary(case: Case) -> Iterator[Cause]:
    for cause in _conditional(case):
        if cause.id == "boundary.required":
            yield cause
    names = ", ".join(p.name for p in case.check.policies) or "the boundary"
    action = case.request.action
    because = f"the permissions boundary {names} does not allow {action} on this resource"
    yield Cause("boundary.implicit", because, misses=_nearest(case), add_allow=False)


def _session(case: Case) -> Iterator[Cause]:
    because = "the session policy passed with the credentials does not allow it"
    yield Cause("session.policy", because, misses=_nearest(case), add_allow=False)


def _identity(case: Case) -> Iterator[Cause]:
    yield from identity_causes(case, _scored(case))


def _scored(case: Case) -> Scored:
    """A statement that names the resource and only its condition stops is near indeed."""
    exact = case.request.resource
    for cause in _conditional(case):
        named = any(
            exact in (miss.trace.statement.resources or ())
            for miss in case.misses
            if cause.misses
            and miss.policy.uri == cause.misses[0].uri
            and miss.trace.statement.label == cause.misses[0].statement
        )
        yield (0.45 if named else 2.5), cause


def _resource(case: Case) -> Iterator[Cause]:
    yield from resource_causes(case, tuple(_conditional(case)))


_IMPLICIT: Final[Mapping[CheckType, Callable[[Case], Iterator[Cause]]]] = {
    CheckType.RESOURCE_CONTROL_POLICY: _rcp,
    CheckType.SERVICE_CONTROL_POLICY: _scp,
    CheckType.VPC_ENDPOINT: _endpoint,
    CheckType.RESOURCE: _resource,
    CheckType.PRINCIPAL: _identity,
    CheckType.PERMISSIONS_BOUNDARY: _boundary,
    CheckType.SESSION: _session,
}
