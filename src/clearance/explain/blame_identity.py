"""Why no identity policy allows: the ``identity.*`` causes."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.decide.attach import attach
from clearance.decide.judge import as_absent, trace
from clearance.explain.case import Case, misses_of
from clearance.explain.compare import Difference, nearest
from clearance.explain.explanation import Cause, Confidence, Miss
from clearance.explain.nearest import NearMiss
from clearance.match.action import pattern
from clearance.model.arn import Arn
from clearance.model.decision import CheckType
from clearance.model.policy import Effect, PolicyType
from clearance.model.request import Request

__all__ = ["api_names", "identity_causes", "means", "named_difference"]


def identity_causes(case: Case) -> Iterator[Cause]:
    """From an inert policy over a near miss to no statement at all."""
    yield from _inert(case)
    yield from _secondary(case)
    yield from _kms(case)
    yield from _dependent(case)
    yield from _renamed(case)
    yield from _elsewhere(case)
    yield from _other_version(case)
    action, resource = case.request.action, case.request.resource
    if Arn.find(resource) is None and resource != "*":
        because = f"`{resource}` is not an ARN: only `*` or NotResource covers it"
        yield Cause("identity.non_arn_resource", because)
    who = case.check.target or "the caller"
    because = f"no identity policy of {who} allows {action} on this resource"
    yield Cause("identity.missing", because)


def _inert(case: Case) -> Iterator[Cause]:
    for attached in case.check.policies:
        if attached.error is not None:
            because = f"{attached.name} is attached but cannot be read: {attached.error}"
            yield Cause("identity.bad_policy", because)
    for miss in case.misses:
        texts = [value for e in miss.failures for value in e.wanted]
        if not miss.policy.policy.has_variables and any("${" in text for text in texts):
            because = (
                f"{miss.policy.name} has no `Version` `2012-10-17`: without it `${{...}}` is text"
            )
            misses = misses_of(miss, case.request)
            yield Cause("identity.bad_policy", because, misses=misses)


def _other_version(case: Case) -> Iterator[Cause]:
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
                    yield Cause("identity.bad_policy", because)
            elif arn not in attached and _specific(version.text, case.request):
                because = f"{policy.name} allows it but is not attached to the caller"
                yield Cause("identity.bad_policy", because, Confidence.POSSIBLE)


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


def _renamed(case: Case) -> Iterator[Cause]:
    for miss in case.misses:
        names = {element.name for element in miss.failures}
        if "Action" not in names or names - {"Action", "Resource"}:
            continue
        for written in miss.trace.statement.actions:
            if not pattern(written).matches(case.request.action) and means(case, written):
                because = f"`{written}` is the API's name; the action is `{case.request.action}`"
                misses = misses_of(miss, case.request)
                yield Cause("identity.api_not_action", because, misses=misses)
                return


def named_difference(miss: NearMiss, resource: str) -> Difference | None:
    """How the statement misses the resource, when that is all it misses."""
    names = {element.name for element in miss.failures}
    if "Resource" not in names or names - {"Resource", "Condition"}:
        return None
    return nearest(miss.trace.statement.resources or (), resource)


def _elsewhere(case: Case) -> Iterator[Cause]:
    found: list[tuple[int, Cause]] = []
    for miss in case.misses:
        off = named_difference(miss, case.request.resource)
        if off is None:
            continue
        where = f"{miss.policy.name}, {miss.trace.statement.label}"
        because = f"{where} allows the action on another ARN: {off.remark}"
        cause = Cause(off.cause, because, misses=misses_of(miss, case.request))
        found.append((off.distance + 5 * (len(miss.failures) - 1), cause))
    yield from (cause for _, cause in sorted(found, key=lambda each: each[0]))


def resource_layer_allows(case: Case) -> bool:
    """True when the resource's own policy allows the request."""
    return any(c.type is CheckType.RESOURCE and c.allows for c in case.decision.checks)
