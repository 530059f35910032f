"""The actions AWS has, where only they count."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.model.catalog import Catalog
from clearance.prove.globs import matches

__all__ = ["actions_in", "is_in"]


def is_in(text: str, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()) -> bool:
    """True when a text matches all of some patterns and none of others."""
    return all(matches(p, text) for p in wanted) and not any(matches(p, text) for p in unwanted)


def actions_in(
    catalog: Catalog, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()
) -> Iterator[str]:
    """The actions AWS has in a region of patterns (which are in lower case)."""
    for prefix in catalog.prefixes:
        service = prefix.lower()
        if not all(_may_be_of(pattern, service) for pattern in wanted):
            continue
        facts = catalog.service(prefix)
        for name, action in facts.actions.items() if facts else ():
            if is_in(f"{service}:{name}", wanted, unwanted):
                yield f"{service}:{action.name}"


def _may_be_of(pattern: str, service: str) -> bool:
    head, colon, _ = pattern.partition(":")
    if not colon or "*" in head or "?" in head:
        return True
    return head == service
