"""What changed in an estate, shown: the differences of documents, and their effect on access."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from clearance.cli import diff

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.prove import EstateDiff
    from clearance.store.changes import Change

__all__ = ["changes_json", "differences", "show_changes", "show_effect"]

HIDDEN: Final = "(hidden)"


def show_changes(out: Console, changes: Iterable[Change]) -> None:
    """Print every change, place by place."""
    for change in changes:
        out.print(f"  {'/'.join(change.path)}", style="cyan", soft_wrap=True)
        for field, before, after in differences(change.before, change.after):
            if before or after:
                _show_difference(out, field, before, after)


def changes_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The changes for machines."""
    return [
        {
            "path": "/".join(change.path),
            "differences": [
                {"field": field, "before": before, "after": after}
                for field, before, after in differences(change.before, change.after)
            ],
        }
        for change in changes
    ]


def show_effect(out: Console, found: EstateDiff | None) -> None:
    """Print who gained and lost what."""
    out.print("  effect on access:", style="bold")
    if found is None:
        out.print("    all of it is new: the estate begins here")
        return
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        diff.show(found)
    out.print(textwrap.indent(told.getvalue(), "    "), soft_wrap=True, end="")


def _show_difference(out: Console, field: str, before: str | None, after: str | None) -> None:
    documents = [_pretty(text) for text in (before, after)]
    if not any(documents):
        shown = f"    {field}: {before or '(none)'} -> {after or '(none)'}"
        out.print(shown, soft_wrap=True)
        return
    out.print(f"    {field}", style="dim", soft_wrap=True)
    old, new = (document or [] for document in documents)
    for line in difflib.unified_diff(old, new, lineterm="", n=2):
        if line.startswith(("---", "+++", "@@")):
            continue
        style = {"+": "green", "-": "red"}.get(line[:1], "dim")
        out.print(f"      {line}", style=style, soft_wrap=True)


def _pretty(text: str | None) -> list[str] | None:
    """The lines of a JSON document; None for any other text."""
    if not text or not text.lstrip().startswith("{"):
        return None
    try:
        return json.dumps(json.loads(text), indent=2).splitlines()
    except ValueError:
        return None


def differences(before: object, after: object) -> Iterator[tuple[str, str | None, str | None]]:
    """Every text that differs between two values: its place, what was there, what is."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    for field in dict.fromkeys((*old, *new)):
        if old.get(field) != new.get(field):
            yield field, old.get(field), new.get(field)


def _leaves(value: object, place: str) -> Iterator[tuple[str, str]]:
    from dataclasses import fields, is_dataclass

    from clearance.model.estate import Secret
    from clearance.store.changes import ABSENT

    if value is None or value is ABSENT or value == ():
        return
    if isinstance(value, Secret):
        yield place, HIDDEN
    elif is_dataclass(value):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), _join(place, field.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, _join(place, str(key)))
    elif isinstance(value, tuple | frozenset | list):
        yield place, ", ".join(sorted(map(str, value)))
    else:
        yield place, str(value)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
