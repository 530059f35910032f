"""What is put before the judge: a request and the policies that apply to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from clearance.model.decision import CheckType, Note
from clearance.model.policy import AttachedPolicy
from clearance.model.request import Request

__all__ = ["Layer", "Options", "PolicySet", "Situation", "levels"]


@dataclass(frozen=True, slots=True)
class Layer:
    """Policies that are asked together; organization policies have one layer a level.

    ``closed``: without a matching Allow here nothing passes. ``reason`` says why when the layer
    holds no policy at all.
    """

    type: CheckType
    policies: tuple[AttachedPolicy, ...] = ()
    target: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """Choices where AWS's own pages disagree; the defaults are argued in ``docs/decisions``.

    ``boundary_limits_trust``: a user whom a trust policy names still needs sts:AssumeRole in the
    permissions boundary (R92). ``self_trust``: a role may assume itself without saying so, as
    roles observed doing it before 2022-06-30 may (R93). ``strict_not_principal``: a NotPrincipal
    that lists a user or role but not its account denies it, which AWS says it "might" (R28).
    """

    boundary_limits_trust: bool = True
    self_trust: bool = False
    strict_not_principal: bool = False


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Bare policies, without an estate around them.

    ``None`` for a layer means that there is none; an empty tuple means that there is one which
    allows nothing. ``scps`` and ``rcps`` hold one tuple a level, root first.
    """

    identity: tuple[AttachedPolicy, ...] = ()
    resource: tuple[AttachedPolicy, ...] = ()
    boundary: tuple[AttachedPolicy, ...] | None = None
    session: tuple[AttachedPolicy, ...] | None = None
    scps: tuple[tuple[AttachedPolicy, ...], ...] = ()
    rcps: tuple[tuple[AttachedPolicy, ...], ...] = ()
    vpc_endpoint: tuple[AttachedPolicy, ...] | None = None
    management_account: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """A request with everything that decides it."""

    request: Request
    layers: tuple[Layer, ...]
    resource_account: str | None = None
    options: Options = field(default_factory=Options)
    notes: tuple[Note, ...] = ()

    @property
    def same_account(self) -> bool:
        """True when caller and resource are in one account; a resource of nobody counts as own."""
        mine = self.request.principal.account
        return self.resource_account is None or mine == self.resource_account

    def layer(self, kind: CheckType) -> Layer | None:
        """The first layer of a kind."""
        return next((layer for layer in self.layers if layer.type is kind), None)

    @property
    def bounded(self) -> bool:
        """True when the caller has a permissions boundary."""
        return self.layer(CheckType.PERMISSIONS_BOUNDARY) is not None

    def with_notes(self, notes: Iterable[Note]) -> Situation:
        """This situation with more to tell the reader."""
        return replace(self, notes=(*self.notes, *notes))


def levels(kind: CheckType, policies: Sequence[tuple[AttachedPolicy, ...]]) -> tuple[Layer, ...]:
    """One layer a level."""
    names = ("root", *(f"level {n}" for n in range(2, len(policies))), "account")
    return tuple(
        Layer(kind, level, target=names[i] if i < len(names) else None)
        for i, level in enumerate(policies)
    )
