"""A policy as AWS documents it, after parsing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

__all__ = [
    "AttachedPolicy",
    "Condition",
    "Effect",
    "Policy",
    "PolicyType",
    "Principals",
    "Quantifier",
    "Statement",
]


class Effect(Enum):
    """What a statement does when it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class PolicyType(Enum):
    """Which grammar a document obeys (R8)."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    VPC_ENDPOINT = "VPC endpoint policy"


class Quantifier(Enum):
    """How a multivalued context key is asked."""

    ANY = "ForAnyValue"
    ALL = "ForAllValues"


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a Condition block under one operator.

    ``operator`` is the base name as the operator table spells it (``StringNotEquals``).
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: Quantifier | None = None
    if_exists: bool = False

    @property
    def name(self) -> str:
        """The operator as a policy writes it, e.g. ``ForAnyValue:StringLikeIfExists``."""
        prefix = f"{self.quantifier.value}:" if self.quantifier else ""
        return f"{prefix}{self.operator}{'IfExists' if self.if_exists else ''}"


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal or NotPrincipal element; ``everyone`` is ``"*"`` or ``{"AWS": "*"}``."""

    everyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_user: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    ``actions``, ``resources`` and ``principals`` hold the Not- form when the flag beside them
    says so; ``resources`` is None only where the grammar has none (trust policies) and then
    means the resource the policy is attached to.
    """

    index: int
    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...] | None = None
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    sid: str | None = None
    not_actions: bool = False
    not_resources: bool = False
    not_principals: bool = False

    @property
    def label(self) -> str:
        """How people will speak of it: its Sid, or its place counted from one."""
        return self.sid or f"statement {self.index + 1}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed document. Variables work only under Version 2012-10-17 (R2)."""

    statements: tuple[Statement, ...]
    version: str | None = None
    id: str | None = None

    @property
    def has_variables(self) -> bool:
        """True when ``${...}`` is a variable rather than text."""
        return self.version == "2012-10-17"


@dataclass(frozen=True, slots=True)
class AttachedPolicy:
    """A policy in its place: what it is called and what it hangs on.

    ``name`` is what people read; ``arn`` is set for managed policies, SCPs and RCPs;
    ``attached_to`` is the ARN of the user, group, role, resource, OU or account. ``error`` says
    why the text could not be parsed; such a policy fails closed (R55).
    """

    name: str
    policy: Policy
    type: PolicyType = PolicyType.IDENTITY
    arn: str | None = None
    attached_to: str | None = None
    text: str | None = field(default=None, repr=False, compare=False)
    error: str | None = None
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def uri(self) -> str:
        """One string that names this policy in this place."""
        if self.arn:
            return self.arn
        return f"{self.attached_to}#{self.name}" if self.attached_to else self.name
