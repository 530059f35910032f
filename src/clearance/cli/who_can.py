"""clearance who-can: everybody who can do one thing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import completing, inputs, output
from clearance.cli.check import check_action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from clearance.decide.who import Access, AccessIndex, WhoCan
    from clearance.model.request import Context

__all__ = ["to_json", "who_can"]

SHOWN: Final = 50  # conditional accesses whose tests are spelled out


def who_can(
    action: str = typer.Argument(
        help="What: `service:Action`, e.g. `lambda:InvokeFunction`.",
        autocompletion=completing.actions,
    ),
    resource: str = typer.Argument(
        "*", help="On what: an ARN, or `*`.", autocompletion=completing.resources
    ),
    estate: Path | None = typer.Option(None, "--estate", "-e", help=inputs.ESTATE_HELP),
    through_roles: bool = typer.Option(
        False, "--through-roles", help="Also who can become somebody who can, role by role."
    ),
    context: list[str] = typer.Option(
        [], "--context", "-c", help="A context key: `aws:SourceIp=203.0.113.7`."
    ),
    absent: list[str] = typer.Option([], help="A context key that is known to be absent."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """List everybody who can do one thing.

    And on which context keys that nobody told it hangs.

    Exit code: 0 somebody can, 1 nobody can, 2 bad input.

    Example: clearance who-can s3:GetObject arn:aws:s3:::photos/cat.jpg --estate ./estate
    """
    from clearance import wiring
    from clearance.decide.who import AccessIndex

    check_action(action)
    keys = inputs.context_of(context, absent=absent)
    now = wiring.now()
    index = AccessIndex(inputs.chosen_estate(estate), catalog=wiring.catalog())
    found = index.who_can(action, resource, context=keys, now=now, through_roles=through_roles)
    if as_json:
        output.print_json(to_json(found))
    else:
        _show(output.console(), index, found, keys)
    raise typer.Exit(output.ALLOWED if found.accesses or found.outside else output.DENIED)


def to_json(found: WhoCan) -> dict[str, Any]:
    """Everybody who can, for machines."""
    return {
        "action": found.action,
        "resource": found.resource,
        "principals": [
            {
                "principal": access.principal.display,
                "kind": access.principal.kind.name,
                "certain": access.certain,
                "undecidedKeys": list(access.keys),
                "through": list(access.through),
            }
            for access in found.accesses
        ],
        "outside": list(found.outside),
    }


def _show(console: Console, index: AccessIndex, found: WhoCan, context: Context) -> None:
    from rich.text import Text

    certain = [access for access in found.accesses if access.certain]
    perhaps = [access for access in found.accesses if not access.certain]
    console.print(Text(f"{found.action} on {found.resource}", "bold"), soft_wrap=True)
    _list(console, "can", "green", certain)
    _list(console, "can, if", "yellow", perhaps)
    _tests(console, index, found, perhaps, context)
    if found.outside:
        console.print(
            f"\nlet in, if their own account allows it ({len(found.outside)})", style="cyan"
        )
        for name in found.outside:
            console.print(f"  {name}", soft_wrap=True)
    if not found.accesses and not found.outside:
        console.print("\nnobody can", style="red")
    for name in index.estate.missing:
        console.print(f"\nnote: the estate was read without {name}", style="cyan")


def _list(console: Console, title: str, style: str, accesses: Sequence[Access]) -> None:
    if not accesses:
        return
    console.print(f"\n{title} ({len(accesses)})", style=style)
    for access in accesses:
        console.print(f"  {access.principal.display}", soft_wrap=True)
        if access.through:
            console.print(f"    through {' -> '.join(access.through)}", style="dim", soft_wrap=True)
        if access.keys:
            console.print(f"    hangs on {', '.join(access.keys)}", style="dim", soft_wrap=True)


def _tests(
    console: Console,
    index: AccessIndex,
    found: WhoCan,
    perhaps: Sequence[Access],
    context: Context,
) -> None:
    """The tests themselves, each once."""
    from clearance import wiring

    lines: dict[str, None] = {}
    for access in perhaps[:SHOWN]:
        if access.through:
            continue
        told = index.conditions(
            access, found.action, found.resource, context=context, now=wiring.now()
        )
        lines.update(dict.fromkeys(test for key in told for test in key.tests))
    if lines:
        console.print("\nthe tests nobody can make yet", style="yellow")
        for line in lines:
            console.print(f"  {line}", soft_wrap=True)
