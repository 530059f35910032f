"""clearance logs: CloudTrail logs to learn and test with."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

__all__ = ["app"]

app = typer.Typer(
    name="logs",
    help="Make up realistic CloudTrail logs and their estate.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _logs() -> None:
    pass


@app.command("generate")
def generate(
    folder: Path = typer.Argument(help="Where to write; the folder is made, and must be empty."),
    events: int = typer.Option(20_000, min=1, max=2_000_000_000, help="How many calls."),
    days: int = typer.Option(90, min=1, max=3650, help="Over how many days, from 2026-01-01."),
    accounts: int = typer.Option(3, min=1, max=9, help="How many accounts."),
    roles: int = typer.Option(60, min=1, max=100_000, help="How many roles that call."),
    users: int = typer.Option(6, min=0, max=10_000, help="How many IAM users."),
    seed: int = typer.Option(1, help="Another number, another world; the same, the same."),
) -> None:
    """Make up an estate and CloudTrail logs of its calls, to try on.

    Writes `estate.json`, the logs in S3's layout under `AWSLogs`, and `needs.json`: what every
    principal needs. Calls that AWS would refuse are marked so; the estate agrees with all of them.

    Example: clearance logs generate ./demo --events 50000
    """
    from clearance import wiring

    try:
        from clearance.batch.synthetic import trail
        from clearance.batch.synthetic.rows import Log
    except ImportError as error:
        raise UsageError(f"this needs {error.name}; pip install clearance[logs]") from None
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
        files, size = trail.write(world, Log(events, days, seed), folder)
    except OSError as error:
        raise UsageError(f"`{folder}` cannot be written: {error.strerror}") from None
    out = output.console()
    out.print(f"{events:,} events ({size / 1e6:,.0f} MB of JSON) in {files:,} files")
    out.print(
        f"{len(world.needs):,} needs of {len({n.principal for n in world.needs}):,} principals"
    )
    out.print(f"try: clearance replay {folder / 'AWSLogs'} -e {folder / 'estate.json'} --help")
