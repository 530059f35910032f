"""clearance run: a command as it is, and an explanation of the denials it prints."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Final

import typer

from clearance.cli import inputs
from clearance.model.errors import ClearanceError, UsageError

if TYPE_CHECKING:
    from clearance.model.estate import Estate

__all__ = ["run"]

_KEPT: Final = 4096  # chunks of output in which a denial is looked for
_CHUNK: Final = 8192
_MOST: Final = 5  # explanations
_SIGNALLED: Final = 128
_NOT_FOUND: Final = 127
_NOT_EXECUTABLE: Final = 126


def run(
    command: list[str] = typer.Argument(help="The command and its arguments, after `--`."),
    estate: Path | None = typer.Option(
        None,
        "--estate",
        "-e",
        help="The estate: a file, a snapshot folder, or --data.  [default: CLEARANCE_ESTATE]",
    ),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Show everything that was found."),
) -> None:
    """Run a command and explain the denials that it prints.

    Its output passes through as it comes; explanations follow on standard error.

    Exit code: the command's own.

    Example: clearance run --estate ./estate -- aws lambda invoke --function-name orders out.json
    """
    estate = estate or inputs.estate_of_environment()
    held = inputs.estate_at(estate) if estate is not None else None
    code, said = _run(command)
    try:
        _explain(said, held, verbose=verbose)
    except ClearanceError as error:  # the command's exit code stays the answer
        sys.stderr.write(f"warning: {error}\n")
    raise typer.Exit(code)


def _run(command: list[str]) -> tuple[int, str]:
    """The exit code as a shell tells it, and the last of what was printed."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603
    except FileNotFoundError:
        sys.stderr.write(f"error: `{command[0]}` was not found\n")
        raise typer.Exit(_NOT_FOUND) from None
    except PermissionError:
        sys.stderr.write(f"error: `{command[0]}` cannot be run\n")
        raise typer.Exit(_NOT_EXECUTABLE) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"`{command[0]}` cannot be run: {error}") from None
    # Two streams, kept apart: lines of one must not fall into a sentence of the other.
    kept: tuple[deque[bytes], deque[bytes]] = (deque(maxlen=_KEPT), deque(maxlen=_KEPT))
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    pumps = [
        Thread(target=_pump, args=(process.stdout, sys.stdout.buffer, kept[0])),
        Thread(target=_pump, args=(process.stderr, sys.stderr.buffer, kept[1])),
    ]
    for pump in pumps:
        pump.start()
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:
            # The terminal sent it to the command too, which decides what to do.
            continue
    for pump in pumps:
        pump.join()
    said = "\n".join(b"".join(each).decode("utf-8", "replace") for each in reversed(kept))
    return (_SIGNALLED - code if code < 0 else code), said


def _pump(source: IO[bytes], sink: IO[bytes], kept: deque[bytes]) -> None:
    """Pass bytes on as they come; a reader that went away does not stop the command."""
    alive = True
    while chunk := source.read1(_CHUNK):  # type: ignore[attr-defined]
        kept.append(chunk)
        if alive:
            try:
                sink.write(chunk)
                sink.flush()
            except (BrokenPipeError, ValueError):
                alive = False
    source.close()


def _explain(said: str, estate: Estate | None, *, verbose: bool) -> None:
    from clearance import wiring
    from clearance.explain import explain_evidence, prose
    from clearance.explain.inputs import recognise
    from clearance.operations.permissions.names import meant

    for each in recognise(said)[:_MOST]:
        found = explain_evidence(
            estate, each, now=wiring.now(), catalog=wiring.catalog(), meant=meant
        )
        sys.stderr.write(f"\n{prose.text(found, verbose=verbose)}\n")
