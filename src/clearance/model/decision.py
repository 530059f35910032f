"""The answer, and how it was reached. Names are those of AWS's own ``iam-toolbox`` API."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from clearance.model.policy import AttachedPolicy, Statement
from clearance.model.request import Request
from clearance.model.shown import Shown

__all__ = [
    "Check",
    "CheckEffect",
    "CheckType",
    "Decision",
    "DecisionEffect",
    "Matched",
    "Naming",
    "Note",
    "UndecidedKey",
]


class CheckType(Enum):
    """The layers, in the order in which AWS reports them (R52)."""

    RESOURCE_CONTROL_POLICY = "resource control policy"
    SERVICE_CONTROL_POLICY = "service control policy"
    VPC_ENDPOINT = "VPC endpoint policy"
    RESOURCE = "resource-based policy"
    PRINCIPAL = "identity-based policy"
    PERMISSIONS_BOUNDARY = "permissions boundary"
    SESSION = "session policy"

    # Members are one of a kind; the hash of Enum itself is made in Python, for each look-up.
    __hash__ = object.__hash__


class CheckEffect(Enum):
    """What one layer says. NO_IMPACT: it neither allows nor had to."""

    ALLOW = "ALLOW"
    NO_IMPACT = "NO_IMPACT"
    IMPLICIT_DENY = "IMPLICIT_DENY"
    EXPLICIT_DENY = "EXPLICIT_DENY"


class DecisionEffect(Enum):
    """The verdict."""

    ALLOW = "ALLOW"
    IMPLICIT_DENY = "IMPLICIT_DENY"
    EXPLICIT_DENY = "EXPLICIT_DENY"


class Naming(Enum):
    """How a resource policy names the caller; what that is worth is in the table of R61."""

    EVERYONE = "everyone"
    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"
    SESSION = "role session"
    FEDERATED_USER = "federated user"
    PARENT_USER = "parent user"
    ROOT = "root user"
    SERVICE = "service"
    PROVIDER = "identity provider"
    NOT_LISTED = "not listed in NotPrincipal"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Matched:
    """A statement that speaks about the request."""

    policy: AttachedPolicy
    statement: Statement
    naming: Naming | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One layer's finding; organization policies have one check a level.

    ``target`` is the ARN (or organization path) the policies hang on, ``policies`` all that were
    read, ``allows`` and ``denies`` the statements that matched.
    """

    type: CheckType
    effect: CheckEffect
    target: str | None = None
    policies: tuple[AttachedPolicy, ...] = ()
    allows: tuple[Matched, ...] = ()
    denies: tuple[Matched, ...] = ()

    @property
    def because(self) -> str:
        """The statements that spoke, or that none did.

        >>> Check(CheckType.PRINCIPAL, CheckEffect.IMPLICIT_DENY).because
        'no policy'
        """
        found = self.denies or self.allows
        if found:
            return ", ".join(f"{m.policy.name} ({m.statement.label})" for m in found)
        if self.effect is CheckEffect.ALLOW:
            return "needs no policy"  # a root user, a service
        names = ", ".join(attached.name for attached in self.policies)
        return f"no statement of {names} allows it" if names else "no policy"

    @property
    def blocks(self) -> bool:
        """True when this check must change before the request can succeed."""
        return self.effect in {CheckEffect.IMPLICIT_DENY, CheckEffect.EXPLICIT_DENY}


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know: a choice where AWS is silent or contradicts itself.

    ``rule`` names the rule of ``docs/rules.md``.
    """

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class UndecidedKey:
    """A context key nobody gave a value for and that could change the decision (R159)."""

    key: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision(Shown):
    """The verdict on one request with every check that led to it."""

    request: Request
    effect: DecisionEffect
    checks: tuple[Check, ...] = ()
    notes: tuple[Note, ...] = ()
    undecided: tuple[UndecidedKey, ...] = field(default=())

    @property
    def allowed(self) -> bool:
        """True when the request may go ahead."""
        return self.effect is DecisionEffect.ALLOW

    @property
    def blockers(self) -> tuple[Check, ...]:
        """Every check that must change before the request can succeed; AWS prints one."""
        return tuple(check for check in self.checks if check.blocks)

    @property
    def stated(self) -> Check | None:
        """The check AWS would name: an explicit deny first, then in the order of R52."""
        explicit = [c for c in self.checks if c.effect is CheckEffect.EXPLICIT_DENY]
        return next(iter([*explicit, *self.blockers]), None)

    def why(self) -> str:
        """The verdict in words: every layer that had a say, what is unknown, what was chosen."""
        request, effect = self.request, self.effect.value.replace("_", " ").lower()
        who, what = request.principal.display, f"{request.action} on {request.resource}"
        lines = [f"{effect}: {who} {'can' if self.allowed else 'cannot'} {what}"]
        for check in self.checks:
            if check.effect is not CheckEffect.NO_IMPACT:
                said = check.effect.value.replace("_", " ").lower()
                lines.append(f"  {check.type.value}: {said}, {check.because}")
        lines += (f"  unknown: {key.key} (read as absent)" for key in self.undecided)
        lines += (f"  note {note.rule}: {note.text}" for note in self.notes)
        return "\n".join(lines)
