"""Resources: whether the ARNs can be those of anything (R37-R42)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from clearance.prove.globs import contains, intersects
from clearance.validate.finding import Edit, Finding
from clearance.validate.places import PARTITIONS, Shape, is_region, shapes, with_stars
from clearance.validate.view import Document, Entry, Statement, covered, found

__all__ = ["account", "statement"]

PARTS: Final = 6
_ACCOUNT: Final = re.compile(r"\d{12}|aws|cloudfront|amazon|aws-managed|third-party|partner")
_WILD: Final = frozenset("*?")
# What AWS itself owns has no account in its ARN.
_AWS_OWNED: Final = {
    "ssm": ("document/", "automation-definition/", "parameter/aws/", "parameter/*"),
    "kms": ("alias/aws/", "*"),
    "cloudformation": ("transform/",),
}
_NO_ARN: Final = frozenset({"*"})
_HEADED: Final = re.compile(r"arn:|\*|\?|\$\{")


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Every resource by itself, then against the others."""
    if one.member("Resource", "NotResource") is None:
        return
    for entry in one.resources:
        if entry.known and entry.text not in _NO_ARN:
            yield from _resource(doc, entry)
    yield from _redundant(one.resources)


def _resource(doc: Document, entry: Entry) -> Iterator[Finding]:
    text = entry.text
    if not text.startswith("arn:"):
        if text.startswith("${") or (text[:1] in _WILD and set(text) <= _WILD):
            return
        if not _HEADED.match(text) or not intersects(with_stars(text), "arn:*"):
            low = text.lower()
            fix = None
            if low.startswith("arn:"):
                fix = ("write `arn`", (Edit(entry.node.start + 1, entry.node.start + 4, "arn"),))
            details = f"`{text}` is not an ARN; ARNs begin with `arn:`"
            yield found("INVALID_ARN_PREFIX", entry.place, details, fix)
        return
    parts = text.split(":", PARTS - 1)
    if len(parts) < PARTS:
        # A `*` at the end stands for the parts that follow (R37).
        if not text.endswith("*"):
            details = f"`{text}` has {len(parts)} of the six parts of an ARN"
            yield found("MISSING_ARN_FIELD", entry.place, details)
        return
    yield from _parts(doc, entry, parts)


def _parts(doc: Document, entry: Entry, parts: list[str]) -> Iterator[Finding]:
    _, partition, service, region, owner, resource = parts
    if not _opaque(partition) and not any(intersects(partition, p) for p in PARTITIONS):
        near = get_close_matches(partition, PARTITIONS, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else f"; use {', '.join(PARTITIONS[:3])}"
        details = f"there is no partition `{partition}`{hint}"
        yield found("INVALID_PARTITION", entry.place, details)
    if _opaque(service):
        return
    if not _WILD.isdisjoint(service):
        if set(service) != {"*"}:
            details = f"the wildcard in `{service}` covers services that only sound alike"
            yield found("WILDCARD_IN_SERVICE_NAME", entry.place, details)
        return
    if service != service.lower():
        start = entry.node.start + 1 + len(f"arn:{partition}:")
        edit = Edit(start, start + len(service), service.lower())
        fix = (f"write `{service.lower()}`", (edit,))
        details = f"the service of an ARN is lower case: `{service.lower()}`"
        yield found("INVALID_ARN_SERVICE_CASE", entry.place, details, fix)
    known = shapes(doc.catalog, service.lower())
    if known is None:
        near = get_close_matches(service.lower(), doc.catalog.prefixes, n=1, cutoff=0.75)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        yield found("INVALID_SERVICE", entry.place, f"no service is `{service}` in ARNs{hint}")
        return
    yield from _region(entry, service, region)
    yield from account(entry, owner)
    if known:
        yield from _shape(entry, service, (region, owner, resource), known)


def _region(entry: Entry, service: str, region: str) -> Iterator[Finding]:
    if not region or _opaque(region) or is_region(region) or set(region) <= _WILD:
        return
    details = f"there is no Region `{region}` for `{service}`"
    yield found("INVALID_ARN_REGION", entry.place, details)


def account(entry: Entry, owner: str) -> Iterator[Finding]:
    """The account part of an ARN."""
    if not owner or _opaque(owner) or _ACCOUNT.fullmatch(owner):
        return
    if not _WILD.isdisjoint(owner) and re.fullmatch(r"[\d*?]{1,12}", owner):
        return
    details = f"`{owner}` is not an account ID; account IDs have 12 digits"
    yield found("INVALID_ARN_ACCOUNT", entry.place, details)


def _shape(
    entry: Entry, service: str, parts: tuple[str, str, str], known: tuple[Shape, ...]
) -> Iterator[Finding]:
    """The parts that must be there, must not, and what may follow them."""
    region, owner, resource = (with_stars(part) for part in parts)
    fit = tuple(s for s in known if intersects(resource, s.resource))
    if not fit:
        near = sorted({s.template for s in known}, key=len)[:3]
        details = f"`{service}` has no resource like `{parts[2]}`; its ARNs are {_list(near)}"
        yield found("INVALID_ARN_RESOURCE", entry.place, details)
        return
    tight = _tightest(fit, resource)
    if not any(_may(region, s.region) for s in tight):
        if region:
            details = f"ARNs such as `{tight[0].template}` have no Region"
            yield found("ARN_REGION_NOT_ALLOWED", entry.place, details, _drop(entry, 3))
        else:
            details = f"ARNs such as `{tight[0].template}` need a Region, or `*`"
            yield found("MISSING_ARN_REGION", entry.place, details)
    if not any(_may(owner, s.account) for s in tight):
        if owner and not _ACCOUNT.fullmatch(owner):
            return
        if owner:
            details = f"ARNs such as `{tight[0].template}` have no account"
            yield found("ARN_ACCOUNT_NOT_ALLOWED", entry.place, details, _drop(entry, 4))
        elif not any(resource.startswith(head) for head in _AWS_OWNED.get(service, ())):
            details = f"ARNs such as `{tight[0].template}` need an account ID, or `*`"
            yield found("MISSING_ARN_ACCOUNT", entry.place, details)


def _tightest(fit: tuple[Shape, ...], resource: str) -> tuple[Shape, ...]:
    """The kinds whose own words the resource begins with; all when it begins with a wildcard."""

    def words(shape: Shape) -> int:
        return len(re.split(r"[*?]", shape.resource)[0])

    head = len(re.split(r"[*?]", resource)[0])
    longest = max(min(words(s), head) for s in fit)
    return tuple(s for s in fit if min(words(s), head) == longest)


def _may(part: str, wanted: str) -> bool:
    if not wanted:
        return set(part) <= {"*"}
    if not part:
        return False
    return intersects(part, wanted)


def _drop(entry: Entry, which: int) -> tuple[str, tuple[Edit, ...]] | None:
    """Leave a part of the ARN empty; only where the text has no escapes."""
    raw = entry.node.end - entry.node.start - 2
    if raw != len(entry.text):
        return None
    parts = entry.text.split(":", PARTS - 1)
    start = entry.node.start + 1 + len(":".join(parts[:which])) + 1
    return "leave it empty", (Edit(start, start + len(parts[which]), ""),)


def _opaque(part: str) -> bool:
    return "${" in part


def _list(items: list[str]) -> str:
    return ", ".join(f"`{item}`" for item in items)


def _redundant(entries: tuple[Entry, ...]) -> Iterator[Finding]:
    known = [e for e in entries if e.known]
    wild = [e for e in known if not _WILD.isdisjoint(e.text) and "${" not in e.text]
    seen: dict[str, Entry] = {}
    for entry in known:
        owner = seen.get(entry.text)
        if owner is None and "${" not in entry.text:
            owner = next(
                (w for w in wild if w.text != entry.text and contains(w.text, entry.text)), None
            )
        seen.setdefault(entry.text, entry)
        if owner is not None:
            yield covered("REDUNDANT_RESOURCE", entry, owner, entries)
