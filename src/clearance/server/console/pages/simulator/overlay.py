"""A situation with other policies than the estate holds: some left out, edited, or added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from clearance.decide.attach import attach, unpin
from clearance.decide.situation import Layer, Situation
from clearance.explain.edits import pins_of
from clearance.model.decision import CheckType
from clearance.model.estate import Estate
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.server.console.pages.simulator.question import Changes

__all__ = ["Placed", "changed", "place_of", "placed"]

# Without any policy these layers are not there; a level of the organization stays, and denies.
_OPTIONAL: Final = frozenset(
    {CheckType.PERMISSIONS_BOUNDARY, CheckType.SESSION, CheckType.VPC_ENDPOINT}
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy, the layer it speaks in, and the place that tells it from all others."""

    place: str
    layer: Layer
    policy: AttachedPolicy


def place_of(layer: Layer, policy: AttachedPolicy) -> str:
    """Where a policy is: the same SCP may hang at several levels."""
    return f"{layer.type.name}|{layer.target or ''}|{policy.uri}"


def placed(situations: Iterable[Situation]) -> tuple[Placed, ...]:
    """Every policy that plays a part in some situation, once."""
    found: dict[str, Placed] = {}
    for situation in situations:
        for layer in situation.layers:
            for policy in layer.policies:
                place = place_of(layer, policy)
                found.setdefault(place, Placed(place, layer, policy))
    return tuple(found.values())


def changed(situation: Situation, changes: Changes, estate: Estate) -> Situation:
    """The situation with the changes made; an edited text that is broken fails closed."""
    if not changes.count:
        return situation
    layers = [_layer(layer, changes, estate) for layer in situation.layers]
    kept = [
        after
        for before, after in zip(situation.layers, layers, strict=True)
        if after.policies or not before.policies or before.type not in _OPTIONAL
    ]
    return replace(situation, layers=tuple(kept))


def _layer(layer: Layer, changes: Changes, estate: Estate) -> Layer:
    policies = [
        _edited(policy, changes.edited[place], estate) if place in changes.edited else policy
        for policy in layer.policies
        if (place := place_of(layer, policy)) not in changes.without
    ]
    if layer.type is CheckType.PRINCIPAL:
        policies += (
            attach(text, PolicyType.IDENTITY, f"added policy {number}", to=layer.target)
            for number, text in enumerate(changes.added, 1)
        )
    return replace(layer, policies=tuple(policies))


def _edited(policy: AttachedPolicy, text: str, estate: Estate) -> AttachedPolicy:
    found = attach(text, policy.type, policy.name, to=policy.attached_to, arn=policy.arn)
    if policy.type is not PolicyType.TRUST or found.error is not None:
        return found
    return unpin(found, pins_of(estate, text))
