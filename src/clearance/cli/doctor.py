"""clearance doctor: what is installed, how fresh it is, and what stands in the way."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.cli.diagnosis.finding import Checked

__all__ = ["doctor"]

PROBLEMS: Final = 1
NAME: Final = 17


def doctor(
    endpoint: str | None = typer.Option(
        None,
        "--endpoint",
        metavar="URL",
        help="The endpoint to ask how it is.  [default: "
        "AWS_ENDPOINT_URL, else the one that runs on --data]",
    ),
    data: Path = typer.Option(Path(".clearance"), "--data", help="The folder of a store."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Look at this installation and say what stands in the way.

    Python, extras, how old the facts about AWS are, AWS's variables and profile, the endpoint, a
    data folder. No secret is printed, nothing is changed, and only the endpoint is called.

    Exit code: 0 no problem, 1 problems, 2 bad input.

    Example: clearance doctor --data ./estate
    """  # fmt: skip
    from clearance import wiring
    from clearance.cli.diagnosis.aws import aws, endpoint_variable
    from clearance.cli.diagnosis.data import data as facts
    from clearance.cli.diagnosis.endpoint import endpoint as ask
    from clearance.cli.diagnosis.endpoint import store
    from clearance.cli.diagnosis.finding import Standing
    from clearance.cli.diagnosis.machine import machine
    from clearance.store import DATABASE_FILE

    holds_store = (data / DATABASE_FILE).exists()
    if not holds_store and data != Path(".clearance"):
        raise UsageError(f"`{data}` holds no store; --data takes the folder of `clearance serve`")
    url = endpoint or endpoint_variable(os.environ) or _running(data)
    found = list(
        chain(
            machine(),
            facts(wiring.now()),
            aws(os.environ),
            ask(url) if url else (),
            store(data) if holds_store else (),
        )
    )
    if as_json:
        output.print_json([_json(one) for one in found])
    else:
        _show(found)
    raise typer.Exit(PROBLEMS if any(one.standing is Standing.PROBLEM for one in found) else 0)


def _running(data: Path) -> str | None:
    """The endpoint that a data folder says it has."""
    import json

    try:
        return str(json.loads((data / "endpoint.json").read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _json(one: Checked) -> dict[str, str]:
    return {"name": one.name, "standing": one.standing.value, "says": one.says, "do": one.do}


def _show(found: Iterable[Checked]) -> None:
    from rich.text import Text

    console = output.console()
    style = {"ok": "green", "note": "yellow", "problem": "bold red"}
    counts: dict[str, int] = {}
    for one in found:
        word = one.standing.value
        counts[word] = counts.get(word, 0) + 1
        width = console.width - 8 - NAME - 2
        lines = textwrap.wrap(one.says, width, break_long_words=False, break_on_hyphens=False)
        console.print(
            Text(f"{word:<8}", style[word]), f"{one.name:<{NAME}}", lines[0], soft_wrap=True
        )
        for line in lines[1:]:
            console.print(f"{'':<{8 + NAME + 1}}{line}", soft_wrap=True)
        if one.do:
            console.print(f"{'':<{8 + NAME + 1}}-> {one.do}", style="dim", soft_wrap=True)
    problems, notes = counts.get("problem", 0), counts.get("note", 0)
    told = [f"{problems} {'problem' if problems == 1 else 'problems'}"] if problems else []
    told += [f"{notes} {'note' if notes == 1 else 'notes'}"] if notes else []
    console.print(f"\n{', '.join(told) or 'all is well'}")
