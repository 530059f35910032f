"""Exactly what an edited document newly allows: nothing beyond it can become allowed by the edit.

The prover compares the document before and after as sets of requests. Other layers may still deny
some of it, so this bounds from above what the sample shows from below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.decide.attach import attach
from clearance.explain.edits import Edit, Place
from clearance.explain.findings import Gain
from clearance.model.catalog import Catalog
from clearance.model.estate import FULL_ACCESS
from clearance.model.policy import AttachedPolicy, Effect, PolicyType
from clearance.prove import World, newly_allowed

__all__ = ["gains"]

_TYPES: Final[Mapping[Place, PolicyType]] = {
    Place.INLINE: PolicyType.IDENTITY,
    Place.MANAGED: PolicyType.IDENTITY,
    Place.TRUST: PolicyType.TRUST,
    Place.FUNCTION: PolicyType.RESOURCE,
    Place.LAYER: PolicyType.RESOURCE,
    Place.RESOURCE: PolicyType.RESOURCE,
    Place.ORGANIZATION: PolicyType.SCP,
    Place.VPC_ENDPOINT: PolicyType.VPC_ENDPOINT,
}
_NOTHING: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*"%s}]}'
_STEPS: Final = 20_000
_ROWS: Final = 20


def gains(edits: tuple[Edit, ...], catalog: Catalog | None) -> tuple[Gain, ...] | None:
    """What each document gains; None where the prover cannot tell all of it."""
    found: list[Gain] = []
    for edit in edits:
        rows = _rows(edit, catalog)
        if rows is None:
            return None
        found += rows
    return tuple(found)


def _rows(edit: Edit, catalog: Catalog | None) -> list[Gain] | None:
    kind = _TYPES.get(edit.target.place)
    if kind is None or edit.before == edit.after:  # saved again: the text does not tell
        return None
    after = attach(edit.after, kind, "after")
    before = attach(edit.before, kind, "before") if edit.before is not None else None
    if after.error or (before is not None and before.error):
        return None
    old = (before,) if before is not None else (_empty(kind),)
    change = newly_allowed(
        (*old, *_others(after, kind)),
        (after, *_others(after, kind)),
        World(catalog, steps=_STEPS),
        limit=_ROWS,
    )
    if not change.complete:
        return None
    # A trust policy has no Resource: it speaks of its role.
    own = (edit.target.holder,) if kind is PolicyType.TRUST else None
    return [
        Gain(edit.target.label, row.actions, own or row.resources, row.except_resources, row.who)
        for row in change.rows
    ]


def _empty(kind: PolicyType) -> AttachedPolicy:
    named = kind in {PolicyType.RESOURCE, PolicyType.VPC_ENDPOINT, PolicyType.TRUST}
    more = ',"Principal":"*"' if named else ""
    more += "" if kind is PolicyType.TRUST else ',"Resource":"*"'
    return attach(_NOTHING % more, kind, "nothing")


def _others(after: AttachedPolicy, kind: PolicyType) -> tuple[AttachedPolicy, ...]:
    """A document of Denies alone takes away from what others allow."""
    if any(s.effect is Effect.ALLOW for s in after.policy.statements):
        return ()
    if kind in {PolicyType.IDENTITY, PolicyType.SCP}:
        return (attach(FULL_ACCESS, kind, "everything"),)
    return ()
