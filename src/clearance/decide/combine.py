"""The whole of AWS's policy evaluation, once each layer has spoken. Read this first.

A Deny anywhere wins. Every level of the organization and the VPC endpoint must allow. Then some
grant must allow, and every layer which that grant does not escape must allow as well: which
layers those are is the table GRANTS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from clearance.decide.judge import Finding
from clearance.decide.situation import Situation
from clearance.decide.special_cases import Exceptions, exceptions
from clearance.model.decision import Check, CheckEffect, CheckType, DecisionEffect, Naming
from clearance.model.principal import PrincipalKind

__all__ = ["IDENTITY_SIDE", "NO_IDENTITY", "ORGANIZATION", "Verdict", "combine", "remaining"]

ORGANIZATION: Final = frozenset(
    {CheckType.RESOURCE_CONTROL_POLICY, CheckType.SERVICE_CONTROL_POLICY, CheckType.VPC_ENDPOINT}
)
IDENTITY_SIDE: Final = frozenset(
    {CheckType.PRINCIPAL, CheckType.PERMISSIONS_BOUNDARY, CheckType.SESSION}
)
LIMITS: Final = frozenset({CheckType.PERMISSIONS_BOUNDARY, CheckType.SESSION})
NOTHING: Final[frozenset[CheckType]] = frozenset()

# What a resource policy's Allow still needs within one account, by how it names the caller:
# the table of "How AWS enforcement code logic evaluates requests" (R61-R67).
GRANTS: Final[Mapping[Naming, frozenset[CheckType]]] = {
    Naming.EVERYONE: NOTHING,
    Naming.NOT_LISTED: NOTHING,
    Naming.USER: NOTHING,
    Naming.SESSION: NOTHING,
    Naming.FEDERATED_USER: NOTHING,
    Naming.ROOT: NOTHING,
    Naming.SERVICE: NOTHING,
    Naming.PROVIDER: NOTHING,
    Naming.ROLE: LIMITS,
    Naming.PARENT_USER: LIMITS,
    Naming.ACCOUNT: IDENTITY_SIDE,
}

# Callers without policies of their own: the resource's policy alone decides (R72, R75, R90).
NO_IDENTITY: Final = frozenset(
    {
        PrincipalKind.SERVICE,
        PrincipalKind.ANONYMOUS,
        PrincipalKind.WEB_IDENTITY,
        PrincipalKind.SAML_IDENTITY,
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The effect and each layer's part in it."""

    effect: DecisionEffect
    checks: tuple[Check, ...]


def combine(situation: Situation, findings: Sequence[Finding]) -> Verdict:
    """A deny anywhere wins; each guardrail must allow; some grant must allow."""
    special = exceptions(situation)
    needed = _needed(situation, findings, special)
    checks = tuple(_check(finding, needed, special) for finding in findings)
    effects = {check.effect for check in checks}
    if special.always is not None:
        return Verdict(special.always, checks)
    if CheckEffect.EXPLICIT_DENY in effects:
        return Verdict(DecisionEffect.EXPLICIT_DENY, checks)
    if CheckEffect.IMPLICIT_DENY in effects:
        return Verdict(DecisionEffect.IMPLICIT_DENY, checks)
    return Verdict(DecisionEffect.ALLOW, checks)


def _check(finding: Finding, needed: frozenset[CheckType], special: Exceptions) -> Check:
    layer = finding.layer
    denies = () if layer.type in special.cannot_deny else finding.denies
    if denies:
        effect = CheckEffect.EXPLICIT_DENY
    elif finding.broken and layer.type not in special.cannot_deny:
        effect = CheckEffect.IMPLICIT_DENY  # "errors" in the evaluation chart end in a deny (R55)
    elif layer.type in ORGANIZATION | needed:
        allowed = _allows(finding, special)
        effect = CheckEffect.ALLOW if allowed else CheckEffect.IMPLICIT_DENY
    else:
        effect = CheckEffect.ALLOW if _allows(finding, special) else CheckEffect.NO_IMPACT
    return Check(layer.type, effect, layer.target, layer.policies, finding.allows, denies)


def _allows(finding: Finding, special: Exceptions) -> bool:
    return bool(finding.allows) or finding.layer.type in special.always_allow


def _needed(
    situation: Situation, findings: Sequence[Finding], special: Exceptions
) -> frozenset[CheckType]:
    """The layers of caller and resource that must allow.

    Within one account that is the easiest grant: the one with the fewest layers that do not
    allow. Across accounts it is both sides, whatever the resource's policy names (R70).
    """
    by_type = {finding.layer.type: finding for finding in findings}
    present = frozenset(by_type)

    def missing(layers: frozenset[CheckType]) -> int:
        return sum(1 for kind in layers if not _allows(by_type[kind], special))

    if situation.request.principal.kind in NO_IDENTITY:
        return present & {CheckType.RESOURCE}
    if not situation.same_account:
        return present & (IDENTITY_SIDE | {CheckType.RESOURCE})
    resource = by_type.get(CheckType.RESOURCE)
    options = [present & option for option in _grants(resource, special)]
    return min(options, key=lambda option: (missing(option), len(option)))


def _grants(resource: Finding | None, special: Exceptions) -> Iterator[frozenset[CheckType]]:
    """Each way to be granted access within the account: the layers that must allow for it."""
    # Within an account either side's Allow is enough (R60), but not where the resource must
    # have its say: KMS keys and role trust policies.
    yield IDENTITY_SIDE | special.mandatory
    for matched in resource.allows if resource else ():
        yield remaining(matched.naming, special) | {CheckType.RESOURCE}


def remaining(naming: Naming | None, special: Exceptions) -> frozenset[CheckType]:
    """What an Allow of the resource's policy still needs, by how it names the caller."""
    if naming is None:
        return IDENTITY_SIDE
    return GRANTS[naming] | special.also.get(naming, NOTHING)
