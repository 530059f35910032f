"""clearance logs: convert CloudTrail's logs, see what they tell, make up some to try on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.batch.coverage import Coverage

__all__ = ["app"]

app = typer.Typer(
    name="logs",
    help="Convert CloudTrail logs, see what they tell, make some up.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _logs() -> None:
    pass


@app.command("ingest")
def ingest(
    logs: list[str] = typer.Argument(
        help="CloudTrail files, folders, globs or s3://BUCKET/PREFIX."
    ),
    to: Path = typer.Option(..., "--to", help="The folder of the dataset; made when missing."),
    workers: int = typer.Option(0, min=0, max=256, help="Processes; as many as cores unless told."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Convert logs to a compact dataset, which everything else reads much faster.

    Run it again and only new files are read; interrupted, it goes on where it stopped. Broken
    files are named, counted and left out.

    Example: clearance logs ingest s3://my-trail/AWSLogs --to ./dataset
    """
    from clearance import wiring
    from clearance.batch import ingest as ingesting
    from clearance.cli import progress

    try:
        with progress.bar() as bar:
            result = ingesting.ingest(
                logs, to, wiring.catalog, workers=workers or ingesting.cores(),
                begun=bar.begun, told=bar.told,
            )  # fmt: skip
    except OSError as error:
        raise UsageError(f"`{to}` cannot be written: {error.strerror or error}") from None
    found = result.found
    for problem in found.problems:
        output.warn(problem)
    if as_json:
        told = {
            "files": {"read": found.files, "known": result.known, "broken": found.broken},
            "events": {"read": found.events, "malformed": found.malformed},
            "bytes": found.bytes,
            "problems": found.problems,
        }
        output.print_json(told)
        return
    broken = f", {found.broken} of them broken" if found.broken else ""
    malformed = f", {found.malformed:,} records malformed" if found.malformed else ""
    out = output.console()
    out.print(f"{found.events:,} events from {found.files:,} new files{broken}{malformed}")
    out.print(f"{result.known:,} files were known already")


@app.command("coverage")
def coverage(
    logs: list[str] = typer.Argument(help="Logs or a dataset: files, folders, globs, s3://…"),
    estate: Path | None = typer.Option(
        None, "--estate", "-e", help="Tells callers of other accounts, aliases and the like."
    ),
    limit: int = typer.Option(30, min=1, help="How many operations to list."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, every operation."),
) -> None:
    """Show which events can be decided, which cannot, and why.

    Example: clearance logs coverage ./AWSLogs -e estate.json
    """
    from clearance import wiring
    from clearance.batch.coverage import REASONS, covered
    from clearance.batch.requests import Mapper
    from clearance.batch.source import Logs
    from clearance.cli import inputs, progress
    from clearance.model.estate import Estate

    catalog = wiring.catalog()
    known = inputs.estate_at(estate) if estate is not None else Estate()
    given = Logs.at(logs)
    mapper = Mapper(known, catalog, frozenset())
    with progress.bar() as bar:
        bar.begun(sum(place.size for place in given.files), len(given.files))
        units = given.columns(catalog, (), lambda place: bar.told(place.size, 1))
        found = covered(units, mapper)
    for problem in given.found.problems:
        output.warn(problem)
    if as_json:
        output.print_json(found.as_json())
    else:
        _print(found, REASONS, limit)


def _print(found: Coverage, reasons: dict[str, str], limit: int) -> None:
    say = output.console().print
    counts = found.reasons
    say(f"{found.events:,} events of {len(found.operations):,} operations")
    for reason, text in reversed(reasons.items()):
        if counts[reason]:
            say(f"  {counts[reason]:>12,}  {counts[reason] / found.events:6.1%}  {text}")
    for reason, count in found.untold.most_common():
        say(f"  {count:>12,}          {reason}")
    worst = found.worst()
    if worst:
        say("\nNOT COMPLETE", style="bold")
    for each in worst[:limit]:
        open_ = {r: n for r, n in each.events.most_common() if r != "complete"}
        why = ", ".join(f"{reason} {count:,}" for reason, count in open_.items())
        say(f"  {each.total:>12,}  {each.source} {each.name}: {why}")
    if len(worst) > limit:
        say(f"  … {len(worst) - limit:,} more; --limit or --json show them")


@app.command("generate")
def generate(
    folder: Path = typer.Argument(help="Where to write; the folder is made, and must be empty."),
    events: int = typer.Option(20_000, min=1, max=2_000_000_000, help="How many calls."),
    days: int = typer.Option(90, min=1, max=3650, help="Over how many days, from 2026-01-01."),
    accounts: int = typer.Option(3, min=1, max=9, help="How many accounts."),
    roles: int = typer.Option(60, min=1, max=100_000, help="How many roles that call."),
    users: int = typer.Option(6, min=0, max=10_000, help="How many IAM users."),
    seed: int = typer.Option(1, help="Another number, another world; the same, the same."),
    as_dataset: bool = typer.Option(
        False, "--dataset", help="Write the compact dataset instead: millions of calls in a minute."
    ),
) -> None:
    """Make up an estate and CloudTrail logs of its calls, to try on.

    Writes `estate.json`, the logs in S3's layout under `AWSLogs` (or a dataset under `dataset`),
    and `needs.json`: what every principal needs. Calls that AWS would refuse are marked so; the
    estate agrees with all of them.

    Example: clearance logs generate ./demo --events 50000
    """
    from clearance import wiring
    from clearance.batch.synthetic import columns, trail
    from clearance.batch.synthetic.rows import Log
    from clearance.batch.synthetic.world import Plan, draw

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"`{folder}` is not an empty folder; give a new one")
    world = draw(Plan(seed, accounts, roles, users))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wiring.save_estate(world.estate, folder / "estate.json")
        needs = [
            {"principal": n.principal, "action": n.action, "resource": n.resource}
            for n in world.needs
        ]
        (folder / "needs.json").write_text(json.dumps(needs, indent=1) + "\n", "utf-8")
        log, place = Log(events, days, seed), folder / ("dataset" if as_dataset else "AWSLogs")
        if as_dataset:
            files = columns.write_dataset(world, log, place, wiring.catalog())
            told = f"{events:,} events in {files:,} files"
        else:
            files, size = trail.write(world, log, folder)
            told = f"{events:,} events ({size / 1e6:,.0f} MB of JSON) in {files:,} files"
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be written: {error.strerror}") from None
    out = output.console()
    out.print(told)
    out.print(
        f"{len(world.needs):,} needs of {len({n.principal for n in world.needs}):,} principals"
    )
    out.print(f"try: clearance replay {place} -e {folder / 'estate.json'} --help")
