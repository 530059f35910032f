"""One caller and all its layers: what a change of any of them allows or takes away."""

from __future__ import annotations

from clearance.decide.authorize import evaluate
from clearance.decide.situation import Options, PolicySet
from clearance.model.principal import Principal
from clearance.model.request import Request
from clearance.prove.answer import Answer, is_empty
from clearance.prove.combine import changed
from clearance.prove.compare import World
from clearance.prove.layers import Standing, facts_of, layers_of
from clearance.prove.rows import Change, change
from clearance.prove.sets import RequestSet
from clearance.prove.space import Space

__all__ = ["newly_granted", "within_granted"]


def within_granted(
    caller: Principal,
    before: PolicySet,
    after: PolicySet,
    world: World | None = None,
    *,
    same_account: bool = True,
    options: Options | None = None,
) -> Answer:
    """Whether the caller may do after a change only what it could do before, all layers told.

    ``same_account``: on resources of its own account, or of another.
    """
    world = world or World()
    found, replay = _beyond(caller, before, after, world, same_account, options or Options())
    return is_empty(found, replay, world.effort())


def newly_granted(
    caller: Principal,
    before: PolicySet,
    after: PolicySet,
    world: World | None = None,
    *,
    same_account: bool = True,
    options: Options | None = None,
    limit: int = 100,
) -> Change:
    """What the caller may do after a change and could not do before, in rows with witnesses."""
    world = world or World()
    found, replay = _beyond(caller, before, after, world, same_account, options or Options())
    return change(found, replay, world.effort(), limit=limit)


class _Replay:
    """Allowed after and denied before, by the engine, on resources of one account."""

    def __init__(
        self, account: str | None, before: PolicySet, after: PolicySet, options: Options
    ) -> None:
        self.account, self.before, self.after, self.options = account, before, after, options

    def __call__(self, request: Request) -> bool:
        asked = Request(
            request.principal, request.action, request.resource, request.context, self.account
        )
        after = evaluate(asked, self.after, options=self.options)
        return after.allowed and not evaluate(asked, self.before, options=self.options).allowed


def _beyond(
    caller: Principal,
    before: PolicySet,
    after: PolicySet,
    world: World,
    same_account: bool,  # noqa: FBT001
    options: Options,
) -> tuple[RequestSet, _Replay]:
    old = Standing(caller, layers_of(caller, before), same_account, options)
    new = Standing(caller, layers_of(caller, after), same_account, options)
    space = Space.of(
        (*old.policies, *new.policies),
        caller=caller,
        facts=facts_of(caller),
        catalog=world.catalog,
        multivalued=world.multivalued,
    )
    replay = _Replay(new.resource_account, before, after, options)
    return changed(space, old, new)[0], replay
