"""clearance diff: which principals gain or lose what between two estates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clearance.cli import inputs, output, prove

if TYPE_CHECKING:
    from clearance.prove import EstateDiff

__all__ = ["diff", "show"]


def diff(
    before: Path = typer.Argument(help="The estate before: a file, a snapshot folder, or --data."),
    after: Path = typer.Argument(help="The estate after."),
    estate: bool = typer.Option(True, "--estate", help="Compare estates (the default)."),
    open_world: bool = typer.Option(
        False, "--open-world", help="Count actions that AWS does not have (yet), too."
    ),
    limit: int = typer.Option(10, help="Rows to show for each principal or resource."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show what principals gain or lose between two estates.

    And which resource policies open or close.

    Exit code: 0 nothing changes (proven), 1 something does, 3 unknown, 2 bad input.

    Example: clearance diff before/ after/
    """
    from clearance.prove import estate_diff

    del estate
    world = prove.world_of(open_world=open_world)
    found = estate_diff(inputs.estate_at(before), inputs.estate_at(after), world, limit=limit)
    if as_json:
        output.print_json(found.to_json())
    else:
        show(found)
    raise typer.Exit(prove.code_of(found.verdict))


def show(found: EstateDiff) -> None:
    """Print who gains and loses what, and which resources open and close."""
    for one in found.principals:
        typer.echo(one.principal)
        prove.show_change("  gains", one.gains)
        prove.show_change("  loses", one.losses)
    for resource in found.resources:
        typer.echo(resource.resource)
        prove.show_change("  lets in", resource.comparison.newly_allowed)
        prove.show_change("  keeps out", resource.comparison.newly_denied)
    if found.verdict.value == "proven":
        typer.echo("nothing changes (proven)")
