"""The fewest statements that allow just some requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.policy import Effect, Policy, Statement
from clearance.model.request import Request
from clearance.parse.render import render

__all__ = ["Grant", "Limits", "grant_for", "size_of"]

# "IAM doesn't count white space when calculating the size of a policy" (reference_iam-quotas).
MANAGED_POLICY: Final = 6144
# "${*}", "${?}" and "${$}" are text (reference_policies_variables).
_ESCAPES: Final = {ord("*"): "${*}", ord("?"): "${?}", ord("$"): "${$}"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a grant must keep to.

    ``size``: characters of a policy. With a ``catalog`` actions may be written ``s3:Get*`` where
    AWS has no other such action.
    """

    size: int = MANAGED_POLICY
    catalog: Catalog | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A policy that allows just what was asked; ``fits`` says whether it is within the limits."""

    policy: Policy
    size: int
    fits: bool

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements."""
        return self.policy.statements


def size_of(policy: Policy) -> int:
    """The characters IAM counts; spaces inside texts are counted, too."""
    return len(render(policy, indent=None)) - _spaces(policy)


def _spaces(policy: Policy) -> int:
    """The white space ``render`` puts between elements."""
    return _TEXTS.sub("", render(policy, indent=None)).count(" ")


_TEXTS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


def grant_for(requests: Iterable[Request], limits: Limits | None = None) -> Grant:
    """Statements that allow these actions on these resources and nothing else.

    Actions of equal resources share a statement, or resources of equal actions: whichever is
    smaller. What the requests' context holds is not asked for.
    """
    limits = limits or Limits()
    pairs = dict.fromkeys((r.action, _escaped(r.resource)) for r in requests)
    by_action: dict[str, dict[str, None]] = {}
    by_resource: dict[str, dict[str, None]] = {}
    for action, resource in pairs:
        by_action.setdefault(action, {})[resource] = None
        by_resource.setdefault(resource, {})[action] = None
    options = (
        [(tuple(actions), resources) for resources, actions in _grouped(by_action).items()],
        [(actions, tuple(resources)) for actions, resources in _grouped(by_resource).items()],
    )
    made = (_grant(option, limits) for option in options)
    return min(made, key=lambda grant: (grant.size, len(grant.statements)))


def _escaped(resource: str) -> str:
    return resource if resource == "*" else resource.translate(_ESCAPES)


def _grouped(table: Mapping[str, Mapping[str, None]]) -> dict[tuple[str, ...], list[str]]:
    """The keys of equal rows."""
    found: dict[tuple[str, ...], list[str]] = {}
    for key, row in table.items():
        found.setdefault(tuple(sorted(row)), []).append(key)
    return found


def _grant(option: Iterable[tuple[tuple[str, ...], tuple[str, ...]]], limits: Limits) -> Grant:
    statements = tuple(
        Statement(index, Effect.ALLOW, shortened(actions, limits.catalog), resources)
        for index, (actions, resources) in enumerate(option)
    )
    policy = Policy(statements, "2012-10-17")
    size = size_of(policy)
    return Grant(policy, size, size <= limits.size)


def shortened(actions: tuple[str, ...], catalog: Catalog | None) -> tuple[str, ...]:
    """The actions with a shared beginning written once, where AWS has no other such action."""
    left = dict.fromkeys(sorted(actions))
    if catalog is None:
        return tuple(left)
    lower = {action.lower() for action in actions}
    found: list[str] = []
    while left:
        action = next(iter(left))
        pattern = _widest(action, lower, catalog)
        covered = [a for a in left if a.lower().startswith(pattern[:-1].lower())]
        if pattern.endswith("*") and len(covered) > 1:
            found.append(pattern)
            for each in covered:
                del left[each]
        else:
            found.append(action)
            del left[action]
    return tuple(found)


def _widest(action: str, wanted: set[str], catalog: Catalog) -> str:
    """The shortest beginning at a word of the action that only wanted actions share."""
    service, _, name = action.partition(":")
    facts = catalog.service(service)
    known = tuple(facts.actions) if facts else ()
    if name.lower() not in known:
        return action
    prefix = service.lower()
    for start in (0, *(i for i, c in enumerate(name) if c.isupper() and i), len(name)):
        head = name[:start].lower()
        if all(f"{prefix}:{other}" in wanted for other in known if other.startswith(head)):
            return f"{service}:{name[:start]}*"
    return action
