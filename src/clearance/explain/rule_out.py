"""Look-alikes, and why they are not it: every layer that does not block, every circumstance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from clearance.explain.case import function_of
from clearance.explain.findings import (
    Cause,
    RuledOut,
)
from clearance.model.arn import Arn
from clearance.model.decision import Check, CheckEffect, CheckType, Decision
from clearance.model.estate import Estate

__all__ = ["ruled_out"]


def ruled_out(estate: Estate, decision: Decision, causes: Iterable[Cause]) -> tuple[RuledOut, ...]:
    """The causes that the decision excludes; none that was named."""
    named = {cause.id for cause in causes}
    found: dict[str, RuledOut] = {}
    for each in (*_layers(decision), *_around(estate, decision), *_near(causes)):
        if each.id not in named:
            found.setdefault(each.id, each)
    return tuple(found.values())


def _layers(decision: Decision) -> Iterator[RuledOut]:
    by_type: dict[CheckType, list[Check]] = {}
    for check in decision.checks:
        by_type.setdefault(check.type, []).append(check)
    for kind, (explicit, implicit) in _CAUSES.items():
        checks = by_type.get(kind, [])
        if not any(check.effect is CheckEffect.EXPLICIT_DENY for check in checks):
            for name in explicit:
                yield RuledOut(name, _no_deny(kind, checks))
        if not any(check.effect is CheckEffect.IMPLICIT_DENY for check in checks):
            for name in implicit:
                yield RuledOut(name, _allows(kind, checks))


_CAUSES: Final = {
    CheckType.PRINCIPAL: (("identity.explicit",), ("identity.missing",)),
    CheckType.RESOURCE: (
        ("resource.explicit",),
        ("resource.missing", "cross_account.both_sides"),
    ),
    CheckType.PERMISSIONS_BOUNDARY: (("boundary.explicit",), ("boundary.implicit",)),
    CheckType.SESSION: ((), ("session.policy",)),
    CheckType.SERVICE_CONTROL_POLICY: (("scp.explicit",), ("scp.implicit",)),
    CheckType.RESOURCE_CONTROL_POLICY: (("rcp.explicit",), ()),
    CheckType.VPC_ENDPOINT: ((), ("vpce.policy",)),
}


def _no_deny(kind: CheckType, checks: list[Check]) -> str:
    if not checks:
        return f"no {kind.value} applies to this request"
    policies = sum(len(check.policies) for check in checks)
    return f"none of the {policies} policies of that layer has a Deny that matches"


def _allows(kind: CheckType, checks: list[Check]) -> str:
    if not checks:
        return f"no {kind.value} applies to this request"
    allows = [matched for check in checks for matched in check.allows]
    if allows:
        first = allows[0]
        return f"{first.policy.name}, {first.statement.label}, allows it already"
    return "this layer need not allow: another grant is enough, or none of it is asked"


def _around(estate: Estate, decision: Decision) -> Iterator[RuledOut]:
    request = decision.request
    if not decision.allowed:
        because = "the estate as it stands denies it too: waiting changes nothing"
        yield RuledOut("time.eventual", because)
    if function_of(estate, request.resource) is not None or _is_held(estate, request.resource):
        yield RuledOut("absent.masked", "the estate holds the resource")
    if request.principal.unique_id is not None:
        because = f"the estate holds {request.principal.policy_subject}, and its policies decide"
        yield RuledOut("caller.wrong_identity", because)
    mine, arn = request.principal.account, Arn.find(request.resource)
    if arn is not None and arn.account == mine:
        yield RuledOut("cross_account.both_sides", "caller and resource are in one account")
        yield RuledOut("cross_account.api_unsupported", "caller and resource are in one account")
    if request.context.get("aws:SourceVpce") is None:
        yield RuledOut("vpce.policy", "the request is not known to come through a VPC endpoint")


def _is_held(estate: Estate, resource: str) -> bool:
    arn = Arn.find(resource)
    account = estate.account(arn.account) if arn else None
    if account is None or arn is None:
        return any(resource in each.resources for each in estate.accounts.values())
    if arn.service == "iam" and arn.kind in {"role", "user"}:
        return arn.name in (account.roles if arn.kind == "role" else account.users)
    return resource in account.resources


# Causes that look alike in AWS's sentence; the nearest statement tells them apart.
_ALIKE: Final = {
    "Resource": (
        "identity.wrong_arn_kind",
        "identity.qualifier",
        "identity.qualifier_unqualified_call",
        "identity.double_qualifier",
        "identity.wrong_region_account",
        "identity.wrong_partition",
    ),
    "Action": ("identity.api_not_action",),
    "Condition": ("cond.absent_key", "cond.abac", "cond.mfa", "cond.source_ip"),
}


def _near(causes: Iterable[Cause]) -> Iterator[RuledOut]:
    first = next(iter(causes), None)
    if first is None:
        return
    fields = {miss.field.partition(" ")[0] for miss in first.misses}
    conditional = any(" " in miss.field for miss in first.misses)
    if not first.misses:
        return
    where = f"{first.misses[0].policy}, {first.misses[0].statement}"
    if "Resource" in fields:
        for name in _ALIKE["Resource"]:
            because = f"the Resource of {where} differs otherwise: {first.misses[0].remark}"
            yield RuledOut(name, because)
    else:
        for name in _ALIKE["Resource"]:
            yield RuledOut(name, f"the Resource of {where} covers the request")
    if "Action" not in fields:
        for name in _ALIKE["Action"]:
            yield RuledOut(name, f"the Action of {where} covers the request")
    if not conditional:
        for name in _ALIKE["Condition"]:
            yield RuledOut(name, f"no condition of {where} is in the way")
