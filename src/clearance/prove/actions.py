"""The actions AWS has, where only they count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clearance.model.catalog import Catalog
from clearance.prove.globs import matches
from clearance.prove.patterns import is_literal

__all__ = ["actions_in", "is_in"]


def is_in(text: str, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()) -> bool:
    """True when a text matches all of some patterns and none of others."""
    return all(matches(p, text) for p in wanted) and not any(matches(p, text) for p in unwanted)


def actions_in(
    catalog: Catalog, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()
) -> Iterator[str]:
    """The actions AWS has in a region of patterns (which are in lower case)."""
    named = next((pattern for pattern in wanted if is_literal(pattern)), None)
    if named is not None:
        facts = catalog.action(named)
        if facts is not None and is_in(named, wanted, unwanted):
            yield f"{named.partition(':')[0]}:{facts.name}"
        return
    for service in _services(catalog, wanted):
        held = catalog.service(service)
        for name, action in held.actions.items() if held else ():
            if is_in(f"{service}:{name}", wanted, unwanted):
                yield f"{service}:{action.name}"


def _services(catalog: Catalog, wanted: tuple[str, ...]) -> Iterable[str]:
    for pattern in wanted:
        head, colon, _ = pattern.partition(":")
        if colon and is_literal(head):
            return (head,)
    return map(str.lower, catalog.prefixes)
