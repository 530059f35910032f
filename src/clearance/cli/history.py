"""clearance history: who changed what, when, by which call, and how the documents differ."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import textwrap
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import diff, output, prove
from clearance.cli.moments import moment
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.prove import EstateDiff
    from clearance.store.port import Record
    from clearance.store.sqlite import SqliteStore

__all__ = ["history"]

HIDDEN: Final = "(hidden)"
# Rows that the server writes for itself.
BOOKKEEPING: Final = frozenset({"KeepUsage"})
ROWS: Final = 10  # of what one principal gains or loses


def history(
    data: Path = typer.Option(Path(".clearance"), "--data", help="The folder of the store."),
    principal: str | None = typer.Option(None, help="Only changes made by this ARN."),
    resource: str | None = typer.Option(
        None, help="Only changes of this: an ARN, or the name of a user, role, policy, function."
    ),
    operation: str | None = typer.Option(None, help="Only changes by this operation."),
    since: str | None = typer.Option(None, help="From: a date, a time, or `2h` (ago)."),
    until: str | None = typer.Option(None, help="Until: a date, a time, or `2h` (ago)."),
    limit: int = typer.Option(50, help="At most so many changes, the newest."),
    bookkeeping: bool = typer.Option(False, "--all", help="Also what the server wrote for itself."),
    effect: bool = typer.Option(
        False, "--effect", help="Prove who gained and lost what access by each change."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show who changed what, newest last.

    Each change comes with the difference of its document, or with --effect with what it gave and
    took.

    Example: clearance history --resource lambda_executer --since 7d
    """
    from clearance import wiring
    from clearance.store import DATABASE_FILE
    from clearance.store.port import HistoryQuery

    if not (data / DATABASE_FILE).exists():
        raise UsageError(f"`{data}` holds no store; --data takes the folder of `clearance serve`")
    now = wiring.now()
    query = HistoryQuery(
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
        principal=principal,
        resource=resource,
        operation=operation.rpartition(":")[2] if operation else None,  # it is printed as iam:…
    )
    found: list[Record] = []
    store = wiring.open_store(data, read_only=True)
    try:
        for record in store.history(query):
            if len(found) == limit:
                break
            if bookkeeping or record.entry.operation not in BOOKKEEPING:
                found.append(record)
        effects = _effects(store, found) if effect else {}
    finally:
        store.close()
    found.reverse()
    if as_json:
        output.print_json([_record_json(record, effects.get(record.seq)) for record in found])
        return
    out = output.console()
    for record in found:
        _show(out, record)
        if effect:
            _show_effect(out, effects.get(record.seq))
        out.print()
    if not found:
        out.print("nothing was changed that fits", style="dim")


def _effects(store: SqliteStore, wanted: Collection[Record]) -> Mapping[int, EstateDiff]:
    """What each change did to access, by number; nothing for the change an estate begins with.

    Principals are told by their own policies and what stands above them, for resources of their
    account; resources by their policies.
    """
    from clearance.prove import estate_diff

    numbers = {record.seq for record in wanted}
    if not numbers:
        return {}
    world, found = prove.world_of(open_world=False), {}
    for record, before, after in store.steps(min(numbers)):
        if record.seq in numbers and before.accounts:
            found[record.seq] = estate_diff(before, after, world, limit=ROWS)
        if record.seq == max(numbers):
            break
    return found


def _show_effect(out: Console, found: EstateDiff | None) -> None:
    out.print("  effect on access:", style="bold")
    if found is None:
        out.print("    all of it is new: the estate begins here")
        return
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        diff.show(found)
    out.print(textwrap.indent(told.getvalue(), "    "), soft_wrap=True, end="")


def _record_json(record: Record, effect: EstateDiff | None = None) -> dict[str, Any]:
    entry = record.entry
    shown = {} if effect is None else {"effect": effect.to_json()}
    return {
        "sequence": record.seq,
        "time": entry.when.isoformat(),
        "principal": entry.who,
        "account": entry.account,
        "region": entry.region,
        "service": entry.service,
        "operation": entry.operation,
        "requestId": entry.request_id,
        "sourceIp": entry.source_ip,
        "input": entry.input,
        "resources": list(entry.resources),
        "changes": [
            {
                "path": "/".join(change.path),
                "differences": [
                    {"field": field, "before": before, "after": after}
                    for field, before, after in differences(change.before, change.after)
                ],
            }
            for change in record.changes
        ],
        **shown,
    }


def _show(out: Console, record: Record) -> None:
    entry = record.entry
    out.print(f"{entry.when:%Y-%m-%d %H:%M:%S}  {entry.service}:{entry.operation}", style="bold")
    out.print(f"  by {entry.who}", soft_wrap=True)
    for change in record.changes:
        out.print(f"  {'/'.join(change.path)}", style="cyan", soft_wrap=True)
        for field, before, after in differences(change.before, change.after):
            _show_difference(out, field, before, after)


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
