"""clearance history: who changed what, when, by which call, and how the documents differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import typer

from clearance.cli import history_logs, history_output, output, prove
from clearance.model.errors import UsageError
from clearance.parse.moments import moment

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.prove import EstateDiff
    from clearance.store.port import Record
    from clearance.store.sqlite import SqliteStore

__all__ = ["history"]

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
    logs: list[str] = typer.Option(
        [], "--logs", help="CloudTrail files, folders or globs instead of a store; again for more."
    ),
    estate: Path | None = typer.Option(
        None, "--estate", "-e", help="With --logs: what there was before them; changes go onto it."
    ),
    suspicious: bool = typer.Option(
        False, "--suspicious", help="With --logs: only what deserves a look."
    ),
    trusted: list[str] = typer.Option(
        [], "--trusted", help="With --logs: an account that may be trusted; again for more."
    ),
    alert: bool = typer.Option(
        False, "--alert", help="With --logs: end with 1 if a change shown is suspicious."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show who changed what, newest last.

    Each change comes with the difference of its document, or with --effect with what it gave and
    took. --logs reads foreign CloudTrail: what changed there, folded onto --estate where the
    records tell enough, and what is suspicious: access for the public or for unknown accounts,
    new administrators and ways to become one, logging switched off, keys made for others.

    Exit code: 0; 1 with --alert if something is suspicious; 2 bad input.

    Example: clearance history --resource lambda_executer --since 7d
    Example: clearance history --logs ./AWSLogs -e estate.json --suspicious --alert --json
    """
    if logs:
        asked = history_logs.Asked(
            principal=principal, resource=resource, operation=operation, since=since, until=until,
            limit=limit, suspicious=suspicious, effect=effect,
        )  # fmt: skip
        marked = history_logs.from_logs(logs, estate, trusted, asked, as_json=as_json)
        raise typer.Exit(history_logs.SUSPICIOUS if alert and marked else 0)
    if estate is not None or suspicious or trusted or alert:
        raise UsageError("--estate, --suspicious, --trusted and --alert go with --logs")
    found, effects = _from_store(data, _Wanted(principal, resource, operation, since, until), limit,
                                 bookkeeping=bookkeeping, effect=effect)  # fmt: skip
    if as_json:
        output.print_json([_record_json(record, effects.get(record.seq)) for record in found])
        return
    out = output.console()
    for record in found:
        _show(out, record)
        if effect:
            history_output.show_effect(out, effects.get(record.seq))
        out.print()
    if not found:
        out.print("nothing was changed that fits", style="dim")


class _Wanted(NamedTuple):
    principal: str | None
    resource: str | None
    operation: str | None
    since: str | None
    until: str | None


def _from_store(
    data: Path, wanted: _Wanted, limit: int, *, bookkeeping: bool, effect: bool
) -> tuple[list[Record], Mapping[int, EstateDiff]]:
    """The changes of a store that are wanted, oldest first, and what each did to access."""
    from clearance import wiring
    from clearance.store import DATABASE_FILE
    from clearance.store.differences import BOOKKEEPING
    from clearance.store.port import HistoryQuery

    if not (data / DATABASE_FILE).exists():
        raise UsageError(f"`{data}` holds no store; --data takes the folder of `clearance serve`")
    now = wiring.now()
    query = HistoryQuery(
        since=moment(wanted.since, now) if wanted.since else None,
        until=moment(wanted.until, now) if wanted.until else None,
        principal=wanted.principal,
        resource=wanted.resource,
        # It is printed as iam:…
        operation=wanted.operation.rpartition(":")[2] if wanted.operation else None,
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
    return found, effects


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
        "changes": history_output.changes_json(record.changes),
        **shown,
    }


def _show(out: Console, record: Record) -> None:
    entry = record.entry
    out.print(f"{entry.when:%Y-%m-%d %H:%M:%S}  {entry.service}:{entry.operation}", style="bold")
    out.print(f"  by {entry.who}", soft_wrap=True)
    history_output.show_changes(out, record.changes)
