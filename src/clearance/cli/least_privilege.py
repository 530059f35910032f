"""clearance least-privilege: policies from what CloudTrail shows was used."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import inputs, output, prove
from clearance.cli import least_privilege_output as show
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.batch.distinct import Counted
    from clearance.batch.privilege.propose import Proposal, Proposer
    from clearance.batch.privilege.shape import Form
    from clearance.batch.privilege.use import Used
    from clearance.model.catalog import Catalog
    from clearance.model.estate import Estate

__all__ = ["As", "Keep", "Resources", "least_privilege"]

BROKEN: Final = 1


class Resources(Enum):
    """How resources are written."""

    RESOURCE = "resource"
    PREFIX = "prefix"
    TYPE = "type"


class As(Enum):
    """How policies are given."""

    MANAGED = "managed"
    INLINE = "inline"


class Keep(Enum):
    """Which conditions are written."""

    KEPT = "kept"
    OBSERVED = "observed"
    NONE = "none"


def least_privilege(
    logs: list[str] = typer.Argument(help="CloudTrail files, folders or globs."),
    principal: list[str] = typer.Option(
        [], "--principal", "-p", help="A user or role: its ARN or name; may be given again."
    ),
    every: bool = typer.Option(False, "--all", help="Every user and role in the logs."),
    estate: Path | None = typer.Option(
        None, "--estate", "-e", help="What they may do now: a file, a folder, or --data."
    ),
    resources: Resources = typer.Option(
        Resources.PREFIX, help="Write each resource, prefixes of alike ones, or whole types."
    ),
    form: As = typer.Option(As.MANAGED, "--as", help="Managed policies, or inline ones."),
    conditions: Keep = typer.Option(
        Keep.KEPT, help="Conditions in force, also what never varied, or none."
    ),
    window: str = typer.Option(
        "90d", help="What was last used longer ago, counted from the last event, goes; or `all`."
    ),
    keep: list[str] = typer.Option(
        [], help="Actions that stay as they are though unused, `s3:Restore*`; may be given again."
    ),
    out: Path | None = typer.Option(
        None, "--out", "-o", help="Write policies, AWS CLI commands and Terraform to a new folder."
    ),
    limit: int = typer.Option(10, min=1, help="Rows to show of what is removed or in excess."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Write the least policies for what was used, verified.

    Every used request is decided again with the new policies. With --estate it is also proven
    what is removed and that nothing is newly allowed; conditions, Denies and what used actions
    depend on are kept.

    Exit code: 0 every used request is allowed as before, 1 some is not, 2 bad input.

    Example: clearance least-privilege ./AWSLogs --principal app -e estate.json

    Example: clearance least-privilege ./AWSLogs --all -e estate.json --out ./policies
    """
    from clearance import wiring
    from clearance.batch.keys import Spoken as Policies
    from clearance.batch.privilege.bounds import bounds
    from clearance.batch.privilege.generalize import Level
    from clearance.batch.privilege.propose import Options, Proposer
    from clearance.batch.privilege.shape import Form
    from clearance.batch.privilege.use import CONSTANT, Spoken
    from clearance.cli.read_logs import counted, cutoff
    from clearance.model.estate import Estate

    if bool(principal) == every:
        raise UsageError("give --principal, or --all for everybody in the logs")
    _patterns(keep)
    held = inputs.estate_at(estate) if estate is not None else None
    _empty(out)
    more = CONSTANT if conditions is Keep.OBSERVED else ("iam:PassedToService",)
    spoken = Spoken(Policies(held or Estate()), more)
    made, read = counted(logs, held or Estate(), spoken)
    first, last = made.span
    since, catalog = cutoff(window, last), wiring.catalog()
    options = Options(
        Level(resources.value), Form(form.value), conditions.value, tuple(keep), since
    )
    world = prove.world_of(open_world=False)
    proposer = Proposer(held, catalog, options, world)
    done: list[Proposal] = []

    def results() -> Iterator[show.Result]:
        wanted = _wanted(made, principal, held, catalog, since)
        for one, proposal in _proposed(proposer, wanted):
            done.append(replace(proposal, uses=(), former=()))
            yield one, proposal, bounds(proposal, world, catalog, limit=limit)

    if as_json:
        span = {"first": first, "last": last, "since": since or first, "events": read.events}
        told = [show.as_json(*each, form.value) for each in results()]
        failed = sum(len(each["failed"]) for each in told)
        _write(out, done, Form(form.value))
        output.print_json({"logs": span, "principals": told})
    else:
        waiting = results()
        begun = list(islice(waiting, 1))  # what is wrong is said before anything else
        _say_when(read.events, first, last, since)
        failed = show.show(chain(begun, waiting), form.value)
        _write(out, done, Form(form.value))
        if every and (idle := _idle(held, {proposal.principal for proposal in done})):
            print(f"{idle:,} more used nothing: `clearance unused` tells who")
        if out is not None:
            print(f"\nwritten to {out}: read each apply.sh before you run it")
    raise typer.Exit(BROKEN if failed else 0)


def _patterns(keep: Iterable[str]) -> None:
    for text in keep:
        service, colon, name = text.partition(":")
        if not colon or not name or "*" in service:
            raise UsageError(f"`{text}` is not an action; write `service:Action*`")


def _empty(out: Path | None) -> None:
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"`{out}` is not an empty folder; give a new one")


def _say_when(events: int, first: str, last: str, since: str) -> None:
    from clearance.cli.read_logs import short

    window = f"; used since {since}" if since > first else ""
    print(f"{events:,} events from {first} to {last}{window}")
    if since and short(since, first, last):
        print(f"the logs begin at {first}: what is done more rarely is not in them")


def _proposed(proposer: Proposer, wanted: Iterable[Used]) -> Iterator[tuple[Used, Proposal]]:
    """One after the other: what each used is in memory only while it is looked at."""
    from clearance.batch.work import at_work

    with at_work():
        for one in wanted:
            yield one, proposer.propose(one)
            gc.collect(0)  # what is left in circles of the one before


def _wanted(
    made: Counted, names: list[str], held: Estate | None, catalog: Catalog, since: str
) -> Iterator[Used]:
    """What those used who are asked for; without names, everybody who used anything."""
    from clearance.batch.privilege.use import use_of, users_of

    users = users_of(made)
    if not names:
        every = (use_of(made, arn, catalog, since) for arn in users)
        yield from (one for one in every if one.uses)
        return
    arns = set(users)
    for account in held.accounts.values() if held else ():
        arns |= {account.user_arn(user) for user in account.users.values()}
        arns |= {account.role_arn(role) for role in account.roles.values()}
    wanted = []
    for name in names:
        hits = sorted(arn for arn in arns if name in {arn, arn.rsplit("/", 1)[-1]})
        if len(hits) != 1:
            problem = (
                f"is {len(hits)} principals: {', '.join(hits)}; write an ARN"
                if hits
                else "called nothing in these logs"
            )
            raise UsageError(f"`{name}` {problem}")
        one = use_of(made, hits[0], catalog, since)
        if not one.uses:
            raise UsageError(
                f"`{name}` used nothing in the window; `clearance unused` tells what nobody uses"
            )
        wanted.append(one)
    yield from wanted


def _idle(held: Estate | None, active: set[str]) -> int:
    """How many of an estate's users and roles used nothing in the window."""
    if held is None:
        return 0
    arns = {a.user_arn(user) for a in held.accounts.values() for user in a.users.values()}
    arns |= {
        account.role_arn(role)
        for account in held.accounts.values()
        for role in account.roles.values()
        if not role.is_service_linked
    }
    return len(arns - active)


def _write(out: Path | None, proposals: list[Proposal], form: Form) -> None:
    from clearance.batch.privilege.export import files

    if out is None:
        return
    try:
        for name, text in files(proposals, form).items():
            place = out / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"`{out}` cannot be written: {error.strerror}") from None
