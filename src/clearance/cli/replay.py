"""clearance replay: what a change would have done to the calls in CloudTrail's logs."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from clearance.cli import inputs, output
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.batch.read import Found
    from clearance.batch.replay import Change, Replay
    from clearance.batch.sights import Sights
    from clearance.model.estate import Estate

__all__ = ["replay"]


def replay(
    logs: list[str] = typer.Argument(help="A dataset or logs: files, folders, globs, s3://…"),
    estate: Path = typer.Option(
        ..., "--estate", "-e", help="The estate the calls were made in: a file, folder, or --data."
    ),
    proposed: Path | None = typer.Option(None, "--proposed", "-p", help="The changed estate."),
    policy: Path | None = typer.Option(
        None, "--policy", help="Instead of --proposed: a policy file, with one of the next two."
    ),
    replaces: str | None = typer.Option(
        None,
        "--replaces",
        help="What --policy replaces: a managed policy, SCP id, resource, or ROLE_ARN#NAME.",
    ),
    attach_to: str | None = typer.Option(
        None, "--attach-to", help="What gets --policy: a user, group, role, root, OU or account."
    ),
    limit: int = typer.Option(20, min=1, help="Rows of each kind to print."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    csv: Path | None = typer.Option(None, "--csv", help="Write the changes to a CSV file."),
    parquet: Path | None = typer.Option(None, "--parquet", help="… to a Parquet file."),
    html: Path | None = typer.Option(None, "--html", help="Write a report to an HTML file."),
) -> None:
    """Replay recorded calls against a proposed change.

    What would be denied, what newly allowed, and by whom.

    Exit code: 0 nothing breaks, 1 something would be denied, 2 bad input.

    Example: clearance replay ./AWSLogs -e estate.json --policy scp.json --attach-to ou-ab12-cd34
    """
    from clearance import wiring
    from clearance.batch import report
    from clearance.batch.run import replayed
    from clearance.batch.source import Logs
    from clearance.cli import progress

    current = inputs.estate_at(estate)
    changed = _changed(current, proposed, policy, replaces, attach_to)
    given = Logs.at(logs)
    with progress.bar() as bar:
        counted, result = replayed(
            given, current, changed, wiring.catalog, begun=bar.begun, told=bar.told
        )
    found = given.found
    for problem in found.problems:
        output.warn(problem)
    if not counted.events:
        raise UsageError(f"the {found.files} files hold no CloudTrail records")
    if csv is not None:
        _write(csv, report.as_csv(result))
    if parquet is not None:
        try:
            report.write_parquet(result, parquet)
        except OSError as error:
            raise UsageError(f"`{parquet}` cannot be written: {error.strerror}") from None
    if html is not None:
        _write(html, report.as_html("What the change would have done", found, counted, result))
    if as_json:
        output.print_json(report.as_json(found, counted, result))
    else:
        _print(found, counted, result, limit)
    raise typer.Exit(output.DENIED if result.broken else output.ALLOWED)


def _changed(
    current: Estate,
    proposed: Path | None,
    policy: Path | None,
    replaces: str | None,
    attach_to: str | None,
) -> Estate:
    from clearance.batch import propose

    targets = [target for target in (replaces, attach_to) if target is not None]
    if proposed is not None and (policy is not None or targets):
        raise UsageError("--proposed is a whole estate; leave out --policy and its target")
    if proposed is not None:
        return inputs.estate_at(proposed)
    if policy is None or len(targets) != 1:
        raise UsageError("give --proposed, or --policy with either --replaces or --attach-to")
    inputs.policies_at([policy], propose.kind_of(targets[0]))
    change = propose.replaces if replaces is not None else propose.attach_to
    return change(current, targets[0], inputs.read_text(policy))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror}") from None


_WORDS: Final = {
    "would be denied": "WOULD BE DENIED",
    "perhaps denied": "PERHAPS DENIED: a key that the log does not tell decides",
    "newly allowed": "NEWLY ALLOWED",
    "perhaps allowed": "PERHAPS ALLOWED: a key that the log does not tell decides",
}


def _print(found: Found, counted: Sights, result: Replay, limit: int) -> None:
    from clearance.batch.replay import Kind

    say = output.console().print
    broken = f", {found.broken} broken" if found.broken else ""
    say(
        f"{found.events:,} events in {found.files:,} files{broken}; {counted.decided:,} decided as "
        f"{counted.classes:,} kinds of calls"
    )
    for kind, title in _WORDS.items():
        changes = result.of(Kind(kind))
        if changes:
            say(f"\n{title}", style="bold")
        for change in changes[:limit]:
            _change(change)
        if len(changes) > limit:
            say(f"  … {len(changes) - limit:,} more; --limit, --json or --html show them")
    say("\nAWS AND THE CURRENT ESTATE", style="bold")
    say(f"  agree on {result.agreed:,} events, disagree on {result.disagreed:,}")
    for each in result.mismatches[:limit]:
        _row(each.tally.count, f"AWS {each.observed} {each.action} by {each.principal}")
        _more(f"on {each.resource}; here {each.because}")
    _left_out(found, counted, limit)
    say(f"\n{result.broken:,} calls would be denied, {result.opened:,} newly allowed", style="bold")


def _change(change: Change) -> None:
    tally = change.tally
    _row(tally.count, f"{change.action}  by {change.principal}")
    _more(f"on {change.resource}")
    when = f"{tally.first} to {tally.last}" if tally.first != tally.last else tally.first
    _more(f"{when}; {change.because}")
    for gap in (*change.keys, *change.gaps):
        _more(f"not told: {gap}")


def _row(number: int, text: str) -> None:
    _filled(text, f"  {number:>7,}  ")


def _more(text: str) -> None:
    _filled(text, " " * 11)


def _filled(text: str, start: str) -> None:
    """Lines of at most 100 columns; what goes on stands under its beginning."""
    print(
        textwrap.fill(
            text, output.WIDTH, initial_indent=start, subsequent_indent=" " * len(start),
            break_on_hyphens=False,
        )
    )  # fmt: skip


def _left_out(found: Found, counted: Sights, limit: int) -> None:
    say = output.console().print
    reasons = [*counted.skipped.most_common(), *counted.gaps.most_common(limit)]
    if found.malformed:
        reasons.append(
            ("records without eventName or eventSource, or lines not JSON", found.malformed)
        )
    if reasons:
        say("\nNOT TOLD BY THE LOGS", style="bold")
    for reason, number in reasons:
        _row(number, reason)
