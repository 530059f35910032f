"""clearance at: a command in the estate as it was at a moment."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import typer

from clearance.cli import commands, lazy
from clearance.model.errors import UsageError
from clearance.parse.moments import moment

__all__ = ["at"]

COMMANDS: Final = ("check", "who-can", "what-can", "explain")  # those that take --estate


def at(
    time: str = typer.Argument(help="When: a date, a time, or `2h` (ago)."),
    command: list[str] = typer.Argument(help="The command: check, who-can, what-can or explain."),
    data: Path = typer.Option(Path(".clearance"), "--data", help="The folder of the store."),
) -> None:
    """Run a command in the estate as it was at a moment.

    Options of `at` come before the time.

    Example: clearance at --data ./estate 2026-03-01 check PRINCIPAL ACTION RESOURCE
    """
    from clearance import wiring
    from clearance.store import DATABASE_FILE

    if command[0] not in COMMANDS:
        raise UsageError(f"`{command[0]}` has no estate; `at` takes {', '.join(COMMANDS)}")
    if not (data / DATABASE_FILE).exists():
        raise UsageError(f"`{data}` holds no store; --data takes the folder of `clearance serve`")
    when = moment(time, wiring.now())
    store = wiring.open_store(data, read_only=True)
    try:
        estate = store.at(when)
    finally:
        store.close()
    if not estate.accounts:
        then = f"{when:%Y-%m-%d %H:%M:%S} (UTC)"
        raise UsageError(f"at {then} the store of `{data}` held nothing yet")
    with tempfile.TemporaryDirectory(prefix="clearance-at-") as folder:
        file = Path(folder) / "estate.json"
        wiring.save_estate(estate, file)
        inner = lazy.load(commands.COMMANDS[command[0]])
        inner([*command[1:], "--estate", str(file)], prog_name=f"clearance at {command[0]}")
