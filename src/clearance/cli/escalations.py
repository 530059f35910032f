"""clearance escalations: who can become whom, and who can come by everything."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from clearance.cli import completing, inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from clearance.model.estate import Estate
    from clearance.reach import Goal
    from clearance.reach import Path as Route
    from clearance.reach.verify import Step

__all__ = ["Drawing", "escalations"]

FOUND: Final = 1


class Drawing(Enum):
    """How paths are written."""

    TABLE = "table"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"


def escalations(
    estate: Path | None = typer.Option(None, "--estate", "-e", help=inputs.ESTATE_HELP),
    to: str | None = typer.Option(
        None,
        help="A permission to reach, `service:Action`. [default: any permission]",
        autocompletion=completing.actions,
    ),
    on: str = typer.Option(
        "*", help="With --to: on which resource.", autocompletion=completing.resources
    ),
    source: str | None = typer.Option(
        None,
        "--from",
        help="Only paths of this principal: an ARN, or the name of a user or role.",
        autocompletion=completing.principals,
    ),
    certain: bool = typer.Option(False, "--certain", help="Leave out what hangs on unknown keys."),
    output_format: Drawing = typer.Option(Drawing.TABLE, "--format", help="How to print."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, as --format json does."),
) -> None:
    """Find paths to permissions that principals were not given.

    Every request of every path is decided again by the plain interpreter.

    Exit code: 0 no path, 1 paths found, 2 bad input.

    Example: clearance escalations --estate ./estate --format mermaid
    """
    from clearance import wiring
    from clearance.decide.who import AccessIndex
    from clearance.facts.escalations import load_methods
    from clearance.reach import admins, dot, edges, goal_of, mermaid, paths, verify

    held, now, catalog = inputs.chosen_estate(estate), wiring.now(), wiring.catalog()
    if to is not None and ":" not in to:
        raise UsageError(f"`{to}` is not an action; write `service:Action`")
    wanted = _source(source, held) if source is not None else None
    index = AccessIndex(held, catalog=catalog)
    goal = goal_of(index, to, on, now=now) if to is not None else admins(index, now=now)
    found = [
        path
        for path in paths(edges(index, load_methods(), now=now), goal)
        if (path.certain or not certain) and (wanted is None or path.source == wanted)
    ]
    steps = {p: list(verify(p, held, now=now, catalog=catalog)) for p in found}
    for path, taken in steps.items():
        for step in taken:
            if not step.holds:
                says = f"{path.source}: {step.ask.action} on {step.ask.resource} was not confirmed"
                output.warn(f"{says}; the path is left out")
    found = [path for path in found if all(step.holds for step in steps[path])]
    form = Drawing.JSON if as_json else output_format
    if form is Drawing.JSON:
        output.print_json({**_json(found, steps, goal), "missing": list(held.missing)})
    elif form is Drawing.MERMAID:
        print(mermaid(found, goal), end="")
    elif form is Drawing.DOT:
        print(dot(found, goal), end="")
    else:
        _show(output.console(), found, goal)
        if held.missing:
            print(f"the estate does not tell: {', '.join(held.missing)}")
    raise typer.Exit(FOUND if found else 0)


def _source(text: str, estate: Estate) -> str:
    from clearance.decide import identify
    from clearance.model.errors import RequestError

    if text.startswith("arn:"):
        try:
            return identify(text, estate).policy_subject
        except RequestError as error:
            raise UsageError(str(error)) from None
    kind, slash, name = text.partition("/")
    wanted = name if slash and kind in {"user", "role"} else text
    arns = [
        *(a.user_arn(u) for a in estate.accounts.values() for u in a.users.values()),
        *(a.role_arn(r) for a in estate.accounts.values() for r in a.roles.values()),
    ]
    hits = [
        arn
        for arn in arns
        if arn.rsplit("/", 1)[-1] == wanted and (not slash or f":{kind}/" in arn)
    ]
    if len(hits) != 1:
        problem = f"is {len(hits)} principals; write an ARN" if hits else "is not in the estate"
        raise UsageError(f"`{text}` {problem}")
    return hits[0]


def _show(console: Console, found: list[Route], goal: Goal) -> None:
    from rich.text import Text

    from clearance.reach import ADMIN

    there = sorted(name for name in goal.there if name != ADMIN)
    console.print(f"goal: {goal.says}", style="bold")
    shown = ", ".join(_short(name) for name in there[:8]) + (" …" if len(there) > 8 else "")  # noqa: PLR2004
    console.print(f"there already: {shown or 'nobody'}\n", soft_wrap=True)
    for path in found:
        head = Text(_short(path.source), "bold")
        if not path.certain:
            head.append(f"  if {', '.join(path.keys)}", "yellow")
        console.print(head, soft_wrap=True)
        for number, edge in enumerate(path.edges, 1):
            console.print(f"  {number}. {edge.method.says}", soft_wrap=True)
            console.print(f"     becomes {_short(edge.target)}  [{edge.method.id}]", soft_wrap=True)
            for ask in edge.asks:
                given = "".join(f" {key}={value}" for key, value in ask.given)
                line = f"     {ask.action} on {ask.resource}{given}"
                console.print(line, style="dim", soft_wrap=True)
        console.print()
    sources = {edge.method.id: edge.method.source for path in found for edge in path.edges}
    if sources:
        console.print("described by")
        for name, source in sources.items():
            console.print(f"  {name}\n    {source}", style="dim", soft_wrap=True)
        console.print()
    sure = sum(path.certain for path in found)
    rest = len(found) - sure
    conditional = f", {rest} under conditions" if rest else ""
    console.print(f"{sure} can get there{conditional}" if found else "nobody else can get there")


def _short(name: str) -> str:
    return name.split(":", 4)[-1] if name.startswith("arn:aws:iam:") else name


def _json(found: list[Route], steps: dict[Route, list[Step]], goal: Goal) -> dict[str, Any]:
    return {
        "goal": goal.says,
        "there": sorted(goal.there),
        "paths": [
            {
                "principal": path.source,
                "certain": path.certain,
                "undecidedKeys": list(path.keys),
                "steps": [
                    {
                        "from": edge.source,
                        "to": edge.target,
                        "method": edge.method.id,
                        "says": edge.method.says,
                        "source": edge.method.source,
                        "requests": [
                            {
                                "action": step.ask.action,
                                "resource": step.ask.resource,
                                "context": dict(step.ask.given),
                                "undecidedKeys": list(step.ask.keys),
                                "evaluatedEffect": step.decision.effect.value
                                if step.decision
                                else None,
                            }
                            for step in steps[path]
                            if step.edge is edge
                        ],
                    }
                    for edge in path.edges
                ],
            }
            for path in found
        ],
    }
