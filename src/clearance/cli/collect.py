"""clearance collect: an estate from AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.store.collect import Wanted

__all__ = ["collect"]


def collect(
    out: Path | None = typer.Argument(None, help="The folder to write; new or empty."),
    profile: str | None = typer.Option(None, help="A profile of the AWS configuration."),
    region: list[str] = typer.Option(
        [], help="A Region to read; give it again for more. Default: the configured one."
    ),
    endpoint_url: str | None = typer.Option(
        None, help="Ask another endpoint than AWS, e.g. that of `clearance serve`."
    ),
    organization: bool = typer.Option(
        False, "--organization", help="Read the organization too, with its SCPs and RCPs."
    ),
    assume_role: str | None = typer.Option(
        None, help="With --organization: read each account as this role in it, by name."
    ),
    resume: bool = typer.Option(
        False, "--resume", help="Go on with a collection that was stopped or refused something."
    ),
    secrets: bool = typer.Option(
        False, "--secrets", help="Keep the values of functions' environment variables."
    ),
    show_policy: bool = typer.Option(
        False, "--show-policy", help="Print the least policy that lets this command work; stop."
    ),
) -> None:
    """Copy what decides in an AWS account, with read-only calls.

    What AWS refuses or does not have is named in `missing.json` and never stops the command.
    The folder is an estate for every other command.

    Exit code: 0 written, 2 bad input.

    Example: clearance collect acme --profile audit --region eu-west-1 --organization
    """
    from clearance.store.collect import LiveAws
    from clearance.store.collect import collect as run

    if assume_role is not None and not organization:
        raise UsageError("--assume-role needs --organization: it says which accounts there are")
    wanted = _wanted(region, assume_role, organization=organization, secrets=secrets)
    if show_policy:
        _show_policy(wanted)
        return
    if out is None:
        raise UsageError("give the folder to write, e.g. `clearance collect acme`")
    aws = LiveAws.of(profile, wanted.regions[0] if wanted.regions else None, endpoint_url)
    if not wanted.regions:
        wanted = _wanted([aws.region], assume_role, organization=organization, secrets=secrets)
    with _progress() as tell:
        missing = run(aws, out, wanted, resume=resume, tell=tell)
    console = output.console(stderr=True)
    console.print(f"`{out}` is an estate now: clearance check … --estate {out}")
    if missing:
        console.print(f"{len(missing)} things could not be read; see `{out / 'missing.json'}`:")
        for text in missing[:5]:
            console.print(f"  {text}")


def _wanted(regions: list[str], role: str | None, *, organization: bool, secrets: bool) -> Wanted:
    from clearance.store.collect import Wanted

    once = tuple(dict.fromkeys(regions))
    return Wanted(once, organization=organization, role=role, secrets=secrets)


def _show_policy(wanted: Wanted) -> None:
    from dataclasses import replace

    from clearance import wiring
    from clearance.facts import services
    from clearance.store.collect import least_privilege

    if not wanted.regions:
        wanted = replace(wanted, regions=("us-east-1",))
    output.print_json(least_privilege(wanted, wiring.catalog(), services.service))


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, silence elsewhere."""
    console = output.console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("asking who we are", total=None)

        def tell(text: str, done: int, total: int) -> None:
            bar.update(task, description=text, completed=done, total=total)

        yield tell
