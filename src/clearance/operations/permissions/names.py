"""Action names: what a wildcard stands for, and what was meant by a name that is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from clearance.model.catalog import Catalog, ServiceFacts
from clearance.model.glob import Glob
from clearance.operations.permissions.renames import RENAMES

__all__ = ["action_of_api", "expand", "meant", "suggest"]

_LONGEST: Final = 256


def expand(catalog: Catalog, pattern: str) -> tuple[str, ...]:
    """The actions a pattern such as ``s3:Get*`` stands for, as AWS spells them, in order."""
    prefix, colon, name = pattern.partition(":")
    if not colon:
        return _all(catalog) if set(pattern) == {"*"} else ()
    glob = Glob.of(name, ignore_case=True)
    return tuple(
        sorted(
            f"{service.prefix}:{action.name}"
            for service in _services(catalog, prefix)
            for folded, action in service.actions.items()
            if glob.matches(folded)
        )
    )


def suggest(catalog: Catalog, action: str) -> tuple[str, ...]:
    """The nearest real actions to one that is unknown: what its API name needs, then by likeness.

    Without any colon, or with an unknown prefix, the nearest prefixes are tried.
    """
    if len(action) > _LONGEST:
        return ()
    prefix, _, name = action.partition(":")
    known = meant(action)
    if known:
        return known
    service = catalog.service(prefix)
    prefixes = (prefix,) if service else _near(prefix.lower(), catalog.prefixes, 2)
    found: list[str] = []
    for each in prefixes:
        facts = catalog.service(each)
        if facts is not None:
            near = _near(name.lower(), facts.actions, 3)
            found += (f"{facts.prefix}:{facts.actions[hit].name}" for hit in near)
    return tuple(found)


def meant(action: str) -> tuple[str, ...]:
    """The actions that an API name needs when no action has that name, e.g. ``lambda:Invoke``.

    >>> meant("lambda:Invoke")
    ('lambda:InvokeFunction',)
    """
    return RENAMES.get(action.lower(), ())


def action_of_api(catalog: Catalog, prefix: str, operation: str) -> tuple[str, ...]:
    """The action (or actions) an API operation is authorized as."""
    known = meant(f"{prefix}:{operation}")
    if known:
        return known
    facts = catalog.action(f"{prefix}:{operation}")
    return (f"{prefix}:{facts.name if facts else operation}",)


def _near(name: str, names: Iterable[str], most: int) -> list[str]:
    return get_close_matches(name, list(names), n=most, cutoff=0.6)


def _services(catalog: Catalog, prefix: str) -> Iterable[ServiceFacts]:
    if "*" not in prefix and "?" not in prefix:
        found = catalog.service(prefix)
        return (found,) if found else ()
    glob = Glob.of(prefix, ignore_case=True)
    return (s for p in catalog.prefixes if glob.matches(p) and (s := catalog.service(p)))


def _all(catalog: Catalog) -> tuple[str, ...]:
    return tuple(
        sorted(f"{s.prefix}:{a.name}" for s in catalog.services() for a in s.actions.values())
    )
