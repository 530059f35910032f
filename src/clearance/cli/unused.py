"""clearance unused: access that logs show nobody to use."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.batch.unused import Key, Principal, Report, Service

__all__ = ["unused"]

_FEW: Final = 8  # services or actions that are named


def unused(
    logs: list[str] = typer.Argument(help="Logs or a dataset: files, folders, globs, s3://…"),
    estate: Path = typer.Option(
        ..., "--estate", "-e", help="Who there is: a file, a folder, or --data."
    ),
    window: str = typer.Option(
        "90d", help="Not used for so long, counted from the last event; `all` for never."
    ),
    principal: str | None = typer.Option(
        None, "--principal", "-p", help="One user or role, with every unused action."
    ),
    limit: int = typer.Option(20, min=1, help="Rows of each kind to print."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON: everything, used or not."),
) -> None:
    """Report access that nobody uses, with when it last was.

    Roles, users, access keys, services and actions; from the logs, and from what AWS told the
    estate.

    Example: clearance unused ./AWSLogs -e estate.json --window 180d
    """
    from clearance import wiring
    from clearance.cli.read_logs import counted, cutoff, short

    try:
        from clearance.batch.unused import Done, Sightings
        from clearance.batch.unused import unused as report
    except ImportError as error:
        raise UsageError(f"this needs {error.name}; pip install 'clearance[logs]'") from None
    held, catalog = inputs.estate_at(estate), wiring.catalog()
    sightings = Sightings(held)
    # What was done matters, not under which circumstances: no key tells calls apart.
    made, read = counted(logs, held, frozenset(), sightings.watching)
    first, last = made.span
    since = cutoff(window, last) or first
    found = report(held, sightings, Done.of(made), catalog, since)
    one = _chosen(found, principal) if principal is not None else None
    if as_json:
        span = {"first": first, "last": last, "events": read.events}
        output.print_json({"logs": span, **_json(found, one)})
    elif one is not None:
        _details(one)
    else:
        print(f"{read.events:,} events from {first} to {last}; unused: not since {since}")
        if short(since, first, last):
            print(f"the logs begin at {first}: only the estate tells what was before")
        _print(found, limit)
        if held.missing:
            print(f"\nthe estate does not tell: {', '.join(held.missing)}")


def _chosen(found: Report, name: str) -> Principal:
    hits = [p for p in found.principals if name in {p.arn, p.arn.rsplit("/", 1)[-1]}]
    if len(hits) != 1:
        told = ", ".join(p.arn for p in hits)
        problem = f"is {len(hits)} principals: {told}" if hits else "is not in the estate"
        raise UsageError(f"`{name}` {problem}; write an ARN")
    return hits[0]


def _print(found: Report, limit: int) -> None:
    for kind in ("role", "user"):
        every = [p for p in found.principals if p.kind == kind]
        _table(f"{kind}s".upper(), every, [p for p in every if p.unused], _row, limit)
    _table("ACCESS KEYS", found.keys, [k for k in found.keys if k.unused], _key, limit)
    active = [p for p in found.principals if not p.unused]
    pairs = [(p, s) for p in active for s in p.services]
    idle = [(p, s) for p, s in pairs if not s.last or s.last < found.since]
    rows = [(p, [s for q, s in idle if q is p]) for p in active]
    _table("SERVICES OF THOSE WHO ARE ACTIVE", pairs, idle, None, limit)
    for one, services in sorted(rows, key=lambda row: -len(row[1]))[:limit]:
        if services:
            _line(f"{one.arn}: {_some([s.prefix for s in services])}")
    actions = [(p, s) for p, s in pairs if s.last >= found.since and s.unused]
    allowed = sum(len(s.allowed) for _, s in pairs if s.last >= found.since)
    left = sum(len(s.unused) for _, s in actions)
    print(f"\nACTIONS OF SERVICES IN USE: {left:,} of {allowed:,} unused")
    for one, service in sorted(actions, key=lambda row: -len(row[1].unused))[:limit]:
        _line(f"{one.arn}: {len(service.unused):,} of {len(service.allowed):,} in {service.prefix}")
    print("\n--principal NAME lists the actions; clearance least-privilege writes policies without")


def _table(
    title: str,
    every: Iterable[Any],
    idle: list[Any],
    row: Callable[[Any], str] | None,
    limit: int,
) -> None:
    total = sum(1 for _ in every)
    output.console().print(f"\n{title}: {len(idle):,} of {total:,} unused", style="bold")
    if row is None:
        return
    for each in sorted(idle, key=lambda e: e.last)[:limit]:
        _line(row(each))
    if len(idle) > limit:
        print(f"  … {len(idle) - limit:,} more; --limit or --json show them")


def _row(one: Principal) -> str:
    actions = sum(len(service.allowed) for service in one.services)
    young = ", newer than the window" if one.young else ""
    return f"{_last(one.last)}  {one.arn}  allows {actions:,} actions{young}"


def _key(key: Key) -> str:
    state = "active" if key.active else "inactive"
    young = ", newer than the window" if key.young else ""
    return f"{_last(key.last)}  {key.id} of {key.owner}, {state}{young}"


def _last(text: str) -> str:
    return text or "never seen".ljust(20)


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return ", ".join(texts[:_FEW]) + more


def _details(one: Principal) -> None:
    print(one.arn)
    print(f"  created {one.created}, last used {one.last or 'never, as far as can be told'}")
    for service in one.services:
        used = len(service.allowed) - len(service.unused)
        print(f"\n{service.prefix}: {used:,} of {len(service.allowed):,} actions used")
        for action, last in sorted(service.used.items()):
            _line(f"{last}  {action}")
        if service.unused:
            _line("unused: " + ", ".join(a.partition(":")[2] for a in service.unused))


def _line(text: str) -> None:
    print(
        textwrap.fill(
            text, output.WIDTH, initial_indent="  ", subsequent_indent="    ",
            break_on_hyphens=False, break_long_words=False,
        )
    )  # fmt: skip


def _json(found: Report, one: Principal | None) -> dict[str, Any]:
    principals = found.principals if one is None else (one,)
    keys = [k for k in found.keys if one is None or k.owner == one.arn]
    return {
        "since": found.since,
        "principals": [
            {
                "principal": p.arn,
                "created": p.created,
                "lastUsed": p.last or None,
                "unused": p.unused,
                "newerThanWindow": p.young,
                "services": [_service(service) for service in p.services],
            }
            for p in principals
        ],
        "keys": [
            {
                "id": k.id, "owner": k.owner, "created": k.created, "lastUsed": k.last or None,
                "active": k.active, "unused": k.unused, "newerThanWindow": k.young,
            }
            for k in keys
        ],
    }  # fmt: skip


def _service(service: Service) -> dict[str, Any]:
    return {
        "service": service.prefix,
        "lastUsed": service.last or None,
        "allowed": len(service.allowed),
        "used": dict(sorted(service.used.items())),
        "unused": list(service.unused),
    }
