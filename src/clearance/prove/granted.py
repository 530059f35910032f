"""Does a policy grant certain actions on certain resources to anybody, under any condition?"""

from __future__ import annotations

from collections.abc import Sequence

from clearance.prove import patterns
from clearance.prove.answer import Answer, is_empty, judged
from clearance.prove.compare import Policies, World, listed
from clearance.prove.cubes import ACTION_PARTS, RESOURCE_PARTS, Cube, Strings, Union
from clearance.prove.sets import Part, RequestSet, allowed

__all__ = ["access_not_granted"]


def access_not_granted(
    policies: Policies,
    actions: Sequence[str],
    resources: Sequence[str] = (),
    world: World | None = None,
) -> Answer:
    """PROVEN when none of the actions is allowed on any of the resources.

    Actions and resources may hold wildcards; without resources any counts. A grant under a
    condition is a grant: conditions can be met (R245).
    """
    world = world or World()
    held = listed(policies)
    space = world.space(held)
    where = [patterns.of_resource(text, variables=False) for text in resources]
    cube = Cube(
        Strings((Union.of((a.lower() for a in actions), ACTION_PARTS),) if actions else ()),
        Strings((Union.of(where, RESOURCE_PARTS),) if where else ()),
    )
    asked = RequestSet(space, (Part((cube,)),))
    found = allowed(space, *held) & asked
    return is_empty(found, lambda request: judged(held, request), world.effort())
