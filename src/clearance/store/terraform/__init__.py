"""Estates from Terraform (or OpenTofu): a plan as the estate it will make, or on another estate.

The file is the output of ``terraform show -json plan.out``; a state (``terraform show -json``) is
read too. What only apply will tell is in `Estate.missing`, with what it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.errors import EstateError
from clearance.model.estate import Estate
from clearance.store.draft import Draft
from clearance.store.snapshot.node import Node
from clearance.store.terraform import functions, iam, organizations, resources
from clearance.store.terraform.build import Builder, Kind
from clearance.store.terraform.plan import Plan, Thing, read_plan

__all__ = ["KINDS", "load_plan"]

KINDS: Final[Mapping[str, Kind]] = {
    **iam.KINDS,
    **functions.KINDS,
    **resources.KINDS,
    **organizations.KINDS,
}
_ORDERS: Final = 3
# Members that hold what decides; a resource of another type that has one is named as missing.
_TELLING: Final = ("policy", "policy_document", "access_policies", "repository_policy")


def load_plan(
    node: Node,
    on: Estate | None = None,
    *,
    account: str | None = None,
    region: str | None = None,
    managed: Mapping[str, str] | None = None,
) -> Estate:
    """The estate after apply: ``on`` with what the plan makes, changes and removes.

    ``account`` and ``region`` are for resources whose place the plan does not tell; ``managed``
    are AWS's managed policies by ARN.
    """
    plan = read_plan(node)
    base = on or Estate()
    draft = Draft(base, f"the plan `{node.file.name}`", managed)
    build = Builder(plan, draft, tuple(base.accounts), account, region)
    things = [thing for thing in plan.things if thing.mode == "managed"]
    for order in range(_ORDERS):
        some = [(t, k) for t in things if (k := KINDS.get(t.type)) and k.order == order]
        for thing, kind in some:
            old = _old(thing)
            if old is not None:
                _guard(kind, old, build, plan, drop=True)
        for thing, kind in some:
            if not thing.goes:
                _guard(kind, thing, build, plan, drop=False)
    for thing in things:
        if thing.type not in KINDS and not thing.goes:
            _name_unread(thing, draft)
    return draft.estate()


def _old(thing: Thing) -> Thing | None:
    """What was there before, if it has to go first."""
    if thing.goes:
        return thing
    hangs = KINDS[thing.type].order > 0
    replaced = "delete" in thing.actions
    if thing.before is None or not (replaced or (hangs and "update" in thing.actions)):
        return None
    return replace(thing, values=thing.before, unknown={})


def _guard(kind: Kind, thing: Thing, build: Builder, plan: Plan, *, drop: bool) -> None:
    """Values of other types than Terraform's provider gives are an error of the file."""
    try:
        (kind.drop if drop else kind.put)(build, thing)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        raise EstateError(
            f"`{plan.file}`: {thing.path}: {thing.address} is not what Terraform's AWS provider "
            "writes; write the file with `terraform show -json`"
        ) from error


def _name_unread(thing: Thing, draft: Draft) -> None:
    aws = thing.type.startswith("aws_")
    if aws and (
        thing.type.endswith(("_policy", "_permission"))
        or any(thing.values.get(m) for m in _TELLING)
    ):
        draft.note(f"{thing.address}: `{thing.type}` is not read")
