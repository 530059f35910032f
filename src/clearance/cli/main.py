"""The command tree."""

from __future__ import annotations

import io
import os
import sys
from functools import partial
from typing import Final

import typer

from clearance.cli import completing, extras
from clearance.cli.lazy import SETTINGS, LazyGroup
from clearance.cli.output import BAD_INPUT
from clearance.model.errors import ClearanceError, PolicyError

__all__ = ["app", "main"]

NAME: Final = "clearance"

app = typer.Typer(
    name=NAME,
    cls=LazyGroup,  # the commands are in cli/commands.py
    help="AWS authorization you can run, explain and prove on your own machine.",
    epilog="`clearance COMMAND --help` shows an example.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes cost half of the time that --help takes
    context_settings=SETTINGS,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"clearance {version('clearance')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    ctx: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    del version
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> None:
    """Run a command; what goes wrong is one line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not have every character
            stream.reconfigure(errors="replace")
    run = partial(app, prog_name=NAME)  # whatever it was started as: completion goes by the name
    try:
        if os.environ.get(completing.VARIABLE) == "complete_bash":
            completing.in_bash(run, os.environ)
        else:
            run()
    except PolicyError as error:
        _fail(f"{error}\n{error.excerpt}" if error.excerpt else str(error))
    except ClearanceError as error:
        _fail(str(error))
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(BAD_INPUT) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        if os.environ.get("CLEARANCE_TRACEBACK"):
            raise
        missing = extras.hint(error.name or "") if isinstance(error, ImportError) else None
        _fail(
            missing
            or f"internal: {type(error).__name__}: {error}\n"
            "this is a bug; run again with CLEARANCE_TRACEBACK=1 and report what it prints"
        )


def _fail(text: str) -> None:
    sys.stderr.write(f"error: {text}\n")
    raise SystemExit(BAD_INPUT) from None
