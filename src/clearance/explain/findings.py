"""What an explanation is made of: causes, blockers, near misses, fixes and their proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clearance.explain.edits import Edit, Place
from clearance.model.decision import Check, CheckEffect, DecisionEffect
from clearance.model.request import Request

__all__ = [
    "Access",
    "Blocker",
    "Cause",
    "Confidence",
    "Fix",
    "FixKind",
    "Gain",
    "Miss",
    "Owner",
    "RuledOut",
    "Step",
    "Unknown",
    "Verified",
    "adds_an_allow",
]


class Confidence(StrEnum):
    """How sure a cause is: decided in the estate, fitting all that is known, or not excluded."""

    PROVEN = "proven"
    CONSISTENT = "consistent"
    POSSIBLE = "possible"


class FixKind(StrEnum):
    """What a fix does."""

    EDIT = "edit"
    ADD = "add"
    REMOVE = "remove"
    NO_POLICY_CHANGE = "no_policy_change"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who can make a change: ``kind`` is account, organization, service or caller."""

    kind: str
    id: str | None = None
    is_callers: bool = False

    def __str__(self) -> str:
        if self.kind == "account":
            return "this account" if self.is_callers else f"account {self.id}"
        if self.kind == "organization":
            return f"organization admin ({self.id})"
        return f"the service {self.id}" if self.kind == "service" else "the caller"

    def to_json(self) -> dict[str, Any]:
        """The owner for machines."""
        return {"kind": self.kind, "id": self.id, "text": str(self)}


@dataclass(frozen=True, slots=True)
class Miss:
    """One element that kept the nearest statement from speaking, field by field.

    ``have`` is what the policy writes, ``want`` what the request brought, ``remark`` what of it
    differs.
    """

    policy: str
    uri: str
    statement: str
    field: str
    have: tuple[str, ...]
    want: tuple[str, ...]
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        """The near miss for machines."""
        return {
            "policy": self.policy,
            "policy_uri": self.uri,
            "statement": self.statement,
            "field": self.field,
            "have": list(self.have),
            "want": list(self.want),
            "remark": self.remark,
        }


@dataclass(frozen=True, slots=True)
class Cause:
    """Why: an id of the catalogue, a sentence, and how sure."""

    id: str
    because: str
    confidence: Confidence = Confidence.PROVEN
    misses: tuple[Miss, ...] = ()
    add_allow: bool = True  # False: no Allow added anywhere can help

    def to_json(self) -> dict[str, Any]:
        """The cause for machines."""
        return {
            "cause_id": self.id,
            "because": self.because,
            "confidence": self.confidence.value,
            "near_misses": [miss.to_json() for miss in self.misses],
            "an_allow_can_help": self.add_allow,
        }


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A cause that looks alike, and why it is not this one."""

    id: str
    because: str


@dataclass(frozen=True, slots=True)
class Blocker:
    """A check that must change, with what it rests on."""

    check: Check
    cause: Cause
    owner: Owner
    policy_uri: str | None = None
    sid: str | None = None

    @property
    def explicit(self) -> bool:
        """True when a Deny statement matched."""
        return self.check.effect is CheckEffect.EXPLICIT_DENY

    def to_json(self) -> dict[str, Any]:
        """The blocker in the shape of the published schema."""
        misses = self.cause.misses
        return {
            "cause_id": self.cause.id,
            "check": self.check.type.name,
            "effect": self.check.effect.value,
            "target": self.check.target,
            "policy_uri": self.policy_uri,
            "sid": self.sid,
            "because": self.cause.because,
            "near_miss": misses[0].to_json() if misses else None,
            "confidence": self.cause.confidence.value,
            "owner": self.owner.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody may do something to something."""

    principal: str
    action: str
    resource: str

    def to_json(self) -> dict[str, str]:
        """The access for machines."""
        return {"principal": self.principal, "action": self.action, "resource": self.resource}


@dataclass(frozen=True, slots=True)
class Gain:
    """What one edited document newly allows, exactly; other layers may still deny it."""

    document: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    except_resources: tuple[str, ...] = ()
    who: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The gain for machines."""
        return {
            "document": self.document,
            "actions": list(self.actions),
            "resources": list(self.resources),
            "except_resources": list(self.except_resources),
            "principals": list(self.who),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """The decision after one change of a fix; ``denial`` is what AWS would say next."""

    effect: DecisionEffect
    denial: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What deciding again with the fix showed.

    ``how``: ``exact`` when a prover compared all requests, ``sampled`` when ``asked`` requests
    about the estate's own principals and resources were decided before and after. ``gains`` is
    what the edited documents newly allow, exactly; None where that could not be told.
    """

    before: DecisionEffect
    after: DecisionEffect
    steps: tuple[Step, ...] = ()
    next_denial: str | None = None
    newly_allowed: tuple[Access, ...] = ()
    newly_denied: tuple[Access, ...] = ()
    how: str = "sampled"
    asked: int = 0
    gains: tuple[Gain, ...] | None = None

    @property
    def works(self) -> bool:
        """True when every permission of the request is allowed afterwards."""
        return self.after is DecisionEffect.ALLOW and self.next_denial is None

    def to_json(self) -> dict[str, Any]:
        """The proof for machines."""
        return {
            "before": self.before.value,
            "after": self.after.value,
            "steps": [{"after": s.effect.value, "next_denial": s.denial} for s in self.steps],
            "next_denial": self.next_denial,
            "newly_allowed": [access.to_json() for access in self.newly_allowed],
            "newly_denied": [access.to_json() for access in self.newly_denied],
            "how": self.how,
            "requests_compared": self.asked,
            "documents_gain": [g.to_json() for g in self.gains] if self.gains is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Fix:
    """A change and what it was seen to do.

    ``instead`` is the request the caller should make when the request, not a policy, is what
    changes; ``intent`` says whose deliberate rule the change touches.
    """

    kind: FixKind
    title: str
    edits: tuple[Edit, ...] = ()
    owners: tuple[Owner, ...] = ()
    cli: tuple[str, ...] = ()
    terraform: str = ""
    verified: Verified | None = None
    instead: Request | None = None
    intent: str | None = None

    @property
    def owner(self) -> Owner | None:
        """Who makes the first change."""
        return next(iter(self.owners), None)

    @property
    def works(self) -> bool:
        """True when it was decided again and led to ALLOW."""
        return self.verified is not None and self.verified.works

    def to_json(self) -> dict[str, Any]:
        """The fix in the shape of the published schema."""
        verified = self.verified
        changed = verified.newly_allowed if verified else ()
        return {
            "kind": self.kind.value,
            "title": self.title,
            "edits": [edit.to_json() for edit in self.edits],
            "owners": [owner.to_json() for owner in self.owners],
            "cli": list(self.cli),
            "terraform": self.terraform,
            "instead": _asked(self.instead) if self.instead else None,
            "touches_intent_of": self.intent,
            "cost": {
                "new_actions": len({access.action for access in changed}),
                "new_resources": len({access.resource for access in changed}),
            },
            "verified": verified.to_json() if verified else None,
        }


def adds_an_allow(fixes: Iterable[Fix]) -> bool:
    """True when a fix that works does no more than allow it in a policy of the caller."""
    return any(
        fix.works
        and fix.kind is FixKind.ADD
        and all(edit.target.place is Place.INLINE for edit in fix.edits)
        for fix in fixes
    )


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is not known and how to find out."""

    what: str
    how_to_get: str

    def to_json(self) -> dict[str, str]:
        """The gap for machines."""
        return {"what": self.what, "how_to_get": self.how_to_get}


def _asked(request: Request) -> dict[str, Any]:
    return {
        "principal": request.principal.display,
        "action": request.action,
        "resource": request.resource,
        "context": {value.key: list(value.values) for value in request.context.values.values()},
    }
