"""clearance demo: the whole story, with real boto3 calls against a real endpoint."""

from __future__ import annotations

import sys
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.demo.play import Played, Scene

__all__ = ["demo"]

INDENT = 11


def demo(
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document at the end."),
    console: bool = typer.Option(
        False, "--console", help="Stay afterwards and show it all in the web console."
    ),
) -> None:
    """Play five denials: why, the smallest fix, the call again.

    Everything runs on this machine in a store that is thrown away. Exit code 0 only if every act
    ended as expected.

    Example: clearance demo
    """
    from clearance.demo.play import play, to_json

    if as_json and console:
        raise UsageError("give either --json or --console: one ends, the other stays")
    if as_json:
        played = play()
        output.print_json(to_json(played))
    else:
        played = play(_Teller(output.console()), _stay if console else None)
    raise typer.Exit(0 if played.ended_as_expected else 1)


def _stay(address: str) -> None:
    """Wait at the console until Ctrl-C."""
    import threading

    out = output.console()
    out.print(
        "\nLook at it all in a browser; Ctrl-C ends the demo and throws it away:", style="bold"
    )
    out.print(f"console: {address}", soft_wrap=True)
    sys.stdout.flush()
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


class _Teller:
    """Prints what is new each time it is called."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.told = 0
        self.began = False

    def __call__(self, played: Played) -> None:
        if not self.began:
            self._begin(played)
        for scene in played.scenes[self.told :]:
            self._scene(scene)
        self.told = len(played.scenes)
        if played.changes:
            self._end(played)

    def _begin(self, played: Played) -> None:
        self.began = True
        out = self.console
        out.print(f"An AWS endpoint of its own at {played.url}", style="bold")
        out.print("Account 123456789012 has user lambda_executer; account 098765432109 has user")
        out.print("reporter; both are in one organization. Every call below is boto3, for real.\n")
        self._line("admin", played.prologue)

    def _scene(self, scene: Scene) -> None:
        self.console.print(f"\n{scene.number}  {scene.title}", style="bold cyan")
        if scene.aside:
            self._line("first", scene.aside)
        self._line("call", scene.shown)
        self._line("denied", f"{scene.message} (HTTP {scene.status})", "red")
        self._line("why", f"{scene.because} [{scene.cause}]", "yellow")
        for blocker in scene.blockers if len(scene.blockers) > 1 else ():
            self._line("", f"- {blocker}")
        if scene.not_it:
            self._line("not it", scene.not_it)
        self._line("fix", scene.fix)
        for change in scene.changes:
            self._line("", f"> {change}")
        self._line("proof", scene.proof)
        if scene.problem:
            self._line("PROBLEM", scene.problem, "bold red")
        elif scene.outcome:
            self._line("again", scene.outcome, "green")

    def _end(self, played: Played) -> None:
        self.console.print("\nAudit trail of the changes", style="bold cyan")
        for change in played.changes:
            who = change.who.split(":", 4)[-1]
            what = change.resource.split(":", 5)[-1]
            self.console.print(
                f"  {change.time}  {who:<19} {change.operation:<32} {what}"[: output.WIDTH],
                soft_wrap=True,
            )
        self.console.print(
            f"\n{played.calls} calls recorded, {played.denied} of them refused. "
            f"{'Every act ended as expected.' if played.ended_as_expected else 'NOT as expected.'}",
            style="bold green" if played.ended_as_expected else "bold red",
        )

    def _line(self, label: str, text: str, style: str = "") -> None:
        width = output.WIDTH - INDENT
        lines = textwrap.wrap(text, width, break_long_words=True, break_on_hyphens=False) or [""]
        for place, line in enumerate(lines):
            head = label if place == 0 else ""
            self.console.print(f"   {head:<{INDENT - 3}}", style="dim", end="")
            self.console.print(line, style=style, soft_wrap=True)
