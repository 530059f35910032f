"""What changed in an estate, shown: the differences of documents, and their effect on access."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from clearance.cli import diff

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.prove import EstateDiff
    from clearance.store.changes import Change

__all__ = ["changes_json", "show_changes", "show_effect"]


def show_changes(out: Console, changes: Iterable[Change]) -> None:
    """Print every change, place by place."""
    from clearance.store.differences import differences

    for change in changes:
        out.print(f"  {'/'.join(change.path)}", style="cyan", soft_wrap=True)
        for field, before, after in differences(change.before, change.after):
            if before or after:
                _show_difference(out, field, before, after)


def changes_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The changes for machines."""
    from clearance.store.differences import differences

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
