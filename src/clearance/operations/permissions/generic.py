"""Services without a table: the action of the operation's name, its ARN template filled.

What cannot be derived is asked on ``*`` with a warning: only a policy for every resource then
allows it, so a gap in our knowledge denies and never permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from clearance.model.arn import Arn
from clearance.model.catalog import ActionFacts, ResourceType, ServiceFacts
from clearance.operations.permissions import arns, tags
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.names import action_of_api
from clearance.operations.permissions.pass_role import passed, roles_in
from clearance.operations.permissions.permission import Permission
from clearance.operations.permissions.rows import one

__all__ = ["derive"]

_READS: Final = frozenset({"Read", "List"})
_MAKES: Final = (
    "Create", "Run", "Allocate", "Import", "Register", "Request", "Copy", "Restore",
)  # fmt: skip
_DEEPEST: Final = 4
# Services whose principal is not `<prefix>.amazonaws.com`.
_PRINCIPALS: Final = {
    "ecs": "ecs-tasks.amazonaws.com",
    "elasticmapreduce": "elasticmapreduce.amazonaws.com",
    "application-autoscaling": "application-autoscaling.amazonaws.com",
    "es": "opensearchservice.amazonaws.com",
    "pipes": "pipes.amazonaws.com",
    "rds": "rds.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
}


def derive(ask: Ask) -> Iterable[Permission]:
    """What a call asks for, from the service authorization reference alone."""
    for action in action_of_api(ask.catalog, ask.prefix, ask.operation):
        yield from _action(ask, action)
    facts = ask.catalog.action(ask.action)
    if facts is None or facts.access_level not in _READS:
        principal = _PRINCIPALS.get(ask.prefix, f"{ask.prefix}.amazonaws.com")
        yield from passed(lambda a: roles_in(a.given), principal)(ask)


def _action(ask: Ask, action: str) -> Iterable[Permission]:
    context = tags.of(ask)
    service = ask.catalog.service(action.partition(":")[0])
    facts = ask.catalog.action(action)
    if service is None or facts is None:
        yield Permission(
            action,
            context=context,
            resource_account=ask.call.account,
            derived=False,
            warning=f"`{action}` is not in the service authorization reference; using `*`",
        )
        return
    if not facts.resources:
        yield one(ask, action, "*", context)
        return
    for resource in _resources(ask, service, facts):
        yield one(ask, action, resource, {**context})


def _resources(ask: Ask, service: ServiceFacts, facts: ActionFacts) -> tuple[str | None, ...]:
    """The ARNs of each required type; of optional types the one that fits best."""
    kinds = {n: service.resource_types.get(n.lower()) for n in facts.resources}
    required = [k for n, k in kinds.items() if k and facts.resources[n]]
    if required:
        each = (_of_type(ask, service, kind) or _fresh(ask, kind) or (None,) for kind in required)
        return tuple(dict.fromkeys(arn for found in each for arn in found))
    found = [arn for kind in kinds.values() if kind for arn in _of_type(ask, service, kind)]
    sent = {value for value in ask.given.values() if isinstance(value, str)}
    return (next((arn for arn in found if arn in sent), max(found, key=len, default=None)),)


def _of_type(ask: Ask, service: ServiceFacts, kind: ResourceType) -> tuple[str, ...]:
    """What in the request is of one resource type.

    First an ARN under the type's own name, then the template filled from members of its
    variables' names. Failing these, any ARN that fits and the template filled from `name` or
    `id`: both, if they differ, since either may be what is meant.
    """
    every = arns.templates(kind.arn)
    folded = {_fold(name): value for name, value in ask.given.items() if isinstance(value, str)}
    own = {name for t in every for v in arns.variables(t)[-1:] for name in _names(v, kind.name)}
    for name in sorted(own):
        text = folded.get(name, "")
        if text.startswith("arn:") and any(arns.fits(t, text) for t in every):
            return (text,)
    if (filled := _filled(ask, every, folded, kind.name, loose=False)) is not None:
        return (filled,)
    sent = (t for t in _texts(ask.given) if t.startswith("arn:"))
    fitting = next((text for text in sent if any(arns.fits(t, text) for t in every)), None)
    found = (fitting, _filled(ask, every, folded, kind.name, loose=True))
    arn_or_name = tuple(dict.fromkeys(arn for arn in found if arn is not None))
    return arn_or_name or _by_service(ask, service, every)


def _filled(
    ask: Ask, every: tuple[str, ...], folded: Mapping[str, str], kind: str, *, loose: bool
) -> str | None:
    for template in every:
        last = arns.variables(template)[-1:]

        def value(name: str, last: tuple[str, ...] = last) -> str | None:
            if (known := _plain(ask, name)) is not None:
                return known
            return _named(folded, name, kind if (name,) == last else "", loose=loose)

        filled = arns.fill(template, value)
        if filled is not None:
            return filled
    return None


def _by_service(ask: Ask, facts: ServiceFacts, every: tuple[str, ...]) -> tuple[str, ...]:
    """The only ARN of the service in the request, when no template at all fits it.

    Some templates are narrower than the ARNs that are in use.
    """
    services = {template.split(":")[2] for template in every}
    found = {
        text
        for name, text in ask.given.items()
        if isinstance(text, str) and "arn" in name.lower() and text.startswith("arn:")
    }
    ours = [text for text in found if (arn := Arn.find(text)) and arn.service in services]
    known = (t for kind in facts.resource_types.values() for t in arns.templates(kind.arn))
    if len(ours) != 1 or any(arns.fits(template, ours[0]) for template in known):
        return ()
    return (ours[0],)


def _fresh(ask: Ask, kind: ResourceType) -> tuple[str, ...]:
    """``*`` for the id of what is being made, which does not exist yet: ``instance/*``."""
    every = arns.templates(kind.arn)
    if not every or not ask.operation.startswith(_MAKES):
        return ()
    folded = {_fold(name): value for name, value in ask.given.items() if isinstance(value, str)}

    def value(name: str) -> str:
        known = _plain(ask, name)
        return known if known is not None else _named(folded, name, "", loose=False) or "*"

    filled = arns.fill(every[0], value)
    return (filled,) if filled is not None else ()


def _plain(ask: Ask, name: str) -> str | None:
    fixed = {
        "Partition": ask.partition,
        "Region": ask.call.region,
        "Account": ask.call.account,
        "AccountId": ask.call.account,
    }
    return fixed.get(name)


_ENDINGS: Final = ("name", "identifier", "externalid", "id", "arn")


def _named(folded: Mapping[str, str], variable: str, kind: str, *, loose: bool) -> str | None:
    """A member named as the variable or its resource type, give or take an ending."""
    tries = _names(variable, kind) + (("name", "id", "identifier") if loose and kind else ())
    for name in tries:
        found = folded.get(name)
        if found and not found.startswith("arn:"):
            return found.lstrip("/")
        if found and Arn.find(found):  # a parent named by its ARN
            return found.rpartition("/")[2].rpartition(":")[2]
    return None


def _names(variable: str, kind: str) -> tuple[str, ...]:
    whole = _fold(variable)
    stem = next((whole.removesuffix(e) for e in _ENDINGS if whole.endswith(e)), whole)
    return (whole, *(_variants(stem) if stem else ()), *(_variants(_fold(kind)) if kind else ()))


def _variants(stem: str) -> tuple[str, ...]:
    return (stem, *(f"{stem}{ending}" for ending in _ENDINGS))


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _texts(given: object, depth: int = 0) -> Iterable[str]:
    """The texts of a request, the outer ones first."""
    if isinstance(given, str):
        yield given
    elif depth < _DEEPEST and isinstance(given, Mapping | list | tuple):
        parts = given.values() if isinstance(given, Mapping) else given
        for part in sorted(parts, key=lambda each: not isinstance(each, str)):
            yield from _texts(part, depth + 1)
