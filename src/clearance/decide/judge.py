"""One layer against one request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clearance.decide.situation import Layer
from clearance.match.statement import StatementTrace, examine
from clearance.match.truth import Truth
from clearance.model.decision import Matched, Naming
from clearance.model.policy import AttachedPolicy, Effect
from clearance.model.request import Context, Request

__all__ = ["Finding", "Reading", "as_absent", "judge", "strongest", "trace"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one layer says about one request.

    ``broken`` are policies that could not be read; they allow nothing and their layer denies.
    """

    layer: Layer
    allows: tuple[Matched, ...] = ()
    denies: tuple[Matched, ...] = ()
    broken: tuple[AttachedPolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How statements of unknown outcome are read: whether such Allows and Denies count."""

    allows: bool = False
    denies: bool = False


def as_absent(context: Context) -> Context:
    """The context as a decision reads it: what nobody told is not there (R159)."""
    return replace(context, unknown=frozenset(), complete=True)


def judge(
    layer: Layer, request: Request, *, bounded: bool, reading: Reading, strict: bool = False
) -> Finding:
    """Everything the layer says about the request."""
    allows: list[Matched] = []
    denies: list[Matched] = []
    for attached in layer.policies:
        for found in trace(attached, request, bounded=bounded, strict=strict):
            allow = found.statement.effect is Effect.ALLOW
            unknown = reading.allows if allow else reading.denies
            if found.applies or (unknown and found.truth is Truth.UNKNOWN):
                matched = Matched(attached, found.statement, strongest(found.namings), found.error)
                (allows if allow else denies).append(matched)
    broken = tuple(attached for attached in layer.policies if attached.error is not None)
    return Finding(layer, tuple(allows), tuple(denies), broken)


def trace(
    attached: AttachedPolicy, request: Request, *, bounded: bool = False, strict: bool = False
) -> tuple[StatementTrace, ...]:
    """Every statement of a policy, element by element."""
    return tuple(
        examine(attached.policy, statement, request, bounded=bounded, strict=strict)
        for statement in attached.policy.statements
    )


# The order in which a naming frees the caller from other layers; see the table in combine.
_ORDER = (
    Naming.EVERYONE,
    Naming.NOT_LISTED,
    Naming.ROOT,
    Naming.SESSION,
    Naming.FEDERATED_USER,
    Naming.USER,
    Naming.SERVICE,
    Naming.PROVIDER,
    Naming.ROLE,
    Naming.PARENT_USER,
    Naming.ACCOUNT,
)


def strongest(namings: frozenset[Naming]) -> Naming | None:
    """The naming that frees the caller from most."""
    return next((naming for naming in _ORDER if naming in namings), None)
