"""Actions: that they exist, and that none says what another says (R32-R36)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.glob import Glob
from clearance.prove.globs import contains, intersects
from clearance.validate import view
from clearance.validate.finding import Edit, Finding
from clearance.validate.view import Document, Entry, Statement, found

__all__ = ["covered", "exists", "expand", "statement"]

_WILD: Final = frozenset("*?")
SURE: Final = 0.88
MARGIN: Final = 0.08


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Every action by itself, then against the others."""
    for entry in one.actions:
        if entry.known and "${" not in entry.text:
            yield from _action(doc, entry)
    if not one.not_actions or len(one.actions) > 1:
        yield from _redundant(one.actions)


def _action(doc: Document, entry: Entry) -> Iterator[Finding]:
    text = entry.text
    if set(text) == {"*"}:
        return
    prefix, colon, name = text.partition(":")
    if not colon:
        hint = _hint(_services_near(doc.catalog, prefix), ":…")
        details = f"`{text}` names no service; write `service:Action`{hint}"
        yield found("INVALID_ACTION", entry.place, details)
        return
    if not _WILD.isdisjoint(prefix):
        details = f"the wildcard in `{prefix}` covers services that only sound alike"
        yield found("WILDCARD_IN_SERVICE_NAME", entry.place, details)
        if not exists(doc.catalog, text):
            yield found("INVALID_ACTION", entry.place, f"no action matches `{text}`")
        return
    if doc.catalog.service(prefix) is None:
        near = _services_near(doc.catalog, prefix)
        details = f"no service has the prefix `{prefix}`{_hint(near)}"
        fix = None
        if len(near) == 1 and exists(doc.catalog, f"{near[0]}:{name}"):
            edit = Edit(entry.node.start + 1, entry.node.start + 1 + len(prefix), near[0])
            fix = (f"write `{near[0]}`", (edit,))
        yield found("INVALID_SERVICE_IN_ACTION", entry.place, details, fix)
        return
    if not exists(doc.catalog, text):
        yield _missing(doc.catalog, entry, prefix, name)


def _missing(catalog: Catalog, entry: Entry, prefix: str, name: str) -> Finding:
    if not _WILD.isdisjoint(name):
        return found("INVALID_ACTION", entry.place, f"no action matches `{entry.text}`")
    facts = catalog.service(prefix)
    assert facts is not None  # noqa: S101
    close = get_close_matches(name.lower(), list(facts.actions), n=2, cutoff=0.6)
    near = [f"{facts.prefix}:{facts.actions[hit].name}" for hit in close]
    fix = None
    if (sure := _sure(name.lower(), close)) is not None:
        right = f"{facts.prefix}:{facts.actions[sure].name}"
        fix = (f"write `{right}`", (Edit(entry.node.start, entry.node.end, f'"{right}"'),))
    details = f"there is no action `{entry.text}`{_hint(near)}"
    return found("INVALID_ACTION", entry.place, details, fix)


def _sure(name: str, close: Sequence[str]) -> str | None:
    """The only name that can have been meant: one slip away, and no other is near."""
    ratios = [SequenceMatcher(None, hit, name).ratio() for hit in close]
    if not ratios or ratios[0] < SURE or (len(ratios) > 1 and ratios[0] - ratios[1] < MARGIN):
        return None
    return close[0]


def _hint(near: Sequence[str], tail: str = "") -> str:
    return f"; did you mean {' or '.join(f'`{n}{tail}`' for n in near)}?" if near else ""


@lru_cache(maxsize=4096)
def _services_near(catalog: Catalog, prefix: str) -> tuple[str, ...]:
    return tuple(get_close_matches(prefix.lower(), list(catalog.prefixes), n=2, cutoff=0.75))


def exists(catalog: Catalog, pattern: str) -> bool:
    """True when some action fits the pattern."""
    return bool(expand(catalog, pattern.lower()))


@lru_cache(maxsize=16384)
def expand(catalog: Catalog, pattern: str) -> tuple[str, ...]:
    """The actions a lower-case pattern stands for, in lower case."""
    prefix, colon, name = pattern.partition(":")
    if not colon:
        prefix, name = ("*", "*") if set(pattern) == {"*"} else (pattern, "")
    if _WILD.isdisjoint(prefix):
        prefixes: tuple[str, ...] = (prefix,)
    else:
        glob = Glob.of(prefix)
        prefixes = tuple(p for p in catalog.prefixes if glob.matches(p))
    wanted = Glob.of(name)
    return tuple(
        f"{p}:{action}"
        for p in prefixes
        if (facts := catalog.service(p)) is not None
        for action in facts.actions
        if wanted.matches(action)
    )


def covered(one: Statement, pattern: str) -> tuple[Entry, ...]:
    """The entries of Action that have an action of the pattern."""
    wanted = pattern.lower()
    return tuple(e for e in one.actions if e.known and intersects(e.text.lower(), wanted))


def _redundant(entries: tuple[Entry, ...]) -> Iterator[Finding]:
    known = [e for e in entries if e.known and "${" not in e.text]
    wild = [e for e in known if not _WILD.isdisjoint(e.text)]
    seen: dict[str, Entry] = {}
    for entry in known:
        folded = entry.text.lower()
        owner = seen.get(folded)
        if owner is None:
            owner = next(
                (w for w in wild if w.text.lower() != folded and _contains(w.text.lower(), folded)),
                None,
            )
        seen.setdefault(folded, entry)
        if owner is not None:
            yield view.covered("REDUNDANT_ACTION", entry, owner, entries)


def _contains(outer: str, inner: str) -> bool:
    head, tail = outer.partition(":")[0], inner.partition(":")[0]
    if head != tail and _WILD.isdisjoint(head) and _WILD.isdisjoint(tail):
        return False
    return contains(outer, inner)
