"""The command tree."""

from __future__ import annotations

import os
import sys

import typer

from clearance.cli import (
    actions,
    at,
    check,
    collect,
    demo,
    diff,
    env,
    escalations,
    estate,
    explain,
    history,
    prove,
    replay,
    run,
    serve,
    test,
    trail,
    validate,
    what_can,
    who_can,
)
from clearance.cli.output import BAD_INPUT
from clearance.model.errors import ClearanceError, PolicyError

__all__ = ["app", "main"]

app = typer.Typer(
    name="clearance",
    help="AWS authorization you can run, explain and prove on your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes cost half of the time that --help takes
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("check")(check.check)
app.command("who-can")(who_can.who_can)
app.command("what-can")(what_can.what_can)
app.command("actions")(actions.actions)
app.command("explain")(explain.explain)
app.command("validate")(validate.validate)
app.command("test")(test.test)
app.command("escalations")(escalations.escalations)
app.command("diff")(diff.diff)
app.add_typer(prove.app, name="prove")
app.command("run", context_settings={"allow_interspersed_args": False})(run.run)
app.command("collect")(collect.collect)
app.command("estate")(estate.estate)
app.command("history")(history.history)
app.command("at", context_settings={"allow_interspersed_args": False})(at.at)
app.command("trail")(trail.trail)
app.command("replay")(replay.replay)
app.command("env")(env.env)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"clearance {version('clearance')}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


def main() -> None:
    """Run a command; what goes wrong is one line on standard error and exit code 2."""
    try:
        app()
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
        _fail(
            f"internal: {type(error).__name__}: {error}\n"
            "this is a bug; run again with CLEARANCE_TRACEBACK=1 and report what it prints"
        )


def _fail(text: str) -> None:
    sys.stderr.write(f"error: {text}\n")
    raise SystemExit(BAD_INPUT) from None
