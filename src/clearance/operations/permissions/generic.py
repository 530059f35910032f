"""Services without a table: the action of the operation's name, its ARN template filled.

What cannot be derived is asked on ``*`` with a warning: only a policy for every resource then
allows it, so a gap in our knowledge denies and never permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

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
    "Create", "Run", "Allocate", "Import", "Register", "Request", "Start", "Copy", "Restore",
)  # fmt: skip
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
    """One ARN for each required type; of optional types the one that fits best."""
    kinds = {n: service.resource_types.get(n.lower()) for n in facts.resources}
    required = [k for n, k in kinds.items() if k and facts.resources[n]]
    if required:
        return tuple(dict.fromkeys(_resource(ask, k, needed=True) for k in required))
    found = [arn for k in kinds.values() if k and (arn := _resource(ask, k, needed=False))]
    sent = {value for value in ask.given.values() if isinstance(value, str)}
    return (next((arn for arn in found if arn in sent), max(found, key=len, default=None)),)


def _resource(ask: Ask, kind: ResourceType, *, needed: bool) -> str | None:
    """An ARN of one type: sent as such, or its template filled from members."""
    all_templates = arns.templates(kind.arn)
    for text in _texts(ask.given):
        if text.startswith("arn:") and any(arns.fits(t, text) for t in all_templates):
            return text
    makes = needed and ask.operation.startswith(_MAKES)
    folded = {_fold(name): value for name, value in ask.given.items() if isinstance(value, str)}
    for template in all_templates:
        names = arns.variables(template)

        def value(name: str, names: tuple[str, ...] = names) -> str | None:
            if (known := _plain(ask, name)) is not None:
                return known
            return _named(folded, name, kind.name, last=name == names[-1])

        filled = arns.fill(template, value)
        if filled is not None:
            return filled
    # The id of what is being made does not exist yet; EC2 and others authorize `instance/*`.
    return _fresh(ask, all_templates[0], folded, kind.name) if makes and all_templates else None


def _fresh(ask: Ask, template: str, folded: Mapping[str, str], kind: str) -> str | None:
    def value(name: str) -> str:
        known = _plain(ask, name)
        return known if known is not None else _named(folded, name, kind, last=False) or "*"

    return arns.fill(template, value)


def _plain(ask: Ask, name: str) -> str | None:
    fixed = {
        "Partition": ask.partition,
        "Region": ask.call.region,
        "Account": ask.call.account,
    }
    return fixed.get(name)


def _named(folded: Mapping[str, str], variable: str, kind: str, *, last: bool) -> str | None:
    """A member named as the variable, or for the last variable as its resource type."""
    stem = _fold(kind)
    tries = [_fold(variable)]
    if last:
        tries += [stem, f"{stem}name", f"{stem}id", f"{stem}identifier", f"{stem}arn"]
        tries += ["name", "id", "identifier"]
    for name in tries:
        found = folded.get(name)
        if found and not found.startswith("arn:"):
            return found.lstrip("/")
    return None


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _texts(given: Mapping[str, object]) -> Iterable[str]:
    for value in given.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from (item for item in value if isinstance(item, str))
