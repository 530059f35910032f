"""clearance trail: the audit trail in the layout in which CloudTrail delivers to S3."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import typer

from clearance.cli import output
from clearance.model.errors import UsageError
from clearance.parse.moments import moment

__all__ = ["trail"]

MOST: Final = 5_000  # records a file


def trail(
    folder: Path = typer.Argument(help="Where to write; `AWSLogs/…` is made in it."),
    data: Path = typer.Option(Path(".clearance"), "--data", help="The folder of the store."),
    since: str | None = typer.Option(None, help="From: a date, a time, or `2h` (ago)."),
    until: str | None = typer.Option(None, help="Until: a date, a time, or `2h` (ago)."),
) -> None:
    """Export the audit trail as CloudTrail's log files.

    Example: clearance trail ./logs --since 7d
    """
    from clearance import wiring
    from clearance.store import DATABASE_FILE
    from clearance.store.audit import moment as event_time
    from clearance.store.port import EventQuery

    if not (data / DATABASE_FILE).exists():
        raise UsageError(f"`{data}` holds no store; --data takes the folder of `clearance serve`")
    now = wiring.now()
    query = EventQuery(
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
        newest_first=False,
    )
    waiting: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    files, records = 0, 0
    store = wiring.open_store(data, read_only=True)
    try:
        for event in store.events(query):
            # Events of nobody's account (a caller who could not be authenticated) have no place
            # in an account's log, in AWS as here.
            if not event.get("recipientAccountId"):
                continue
            day = f"{event_time(event['eventTime']):%Y/%m/%d}"
            place = (event["recipientAccountId"], event["awsRegion"], day)
            waiting[place].append(event)
            records += 1
            if len(waiting[place]) == MOST:
                _write(folder, place, waiting.pop(place))
                files += 1
    finally:
        store.close()
    for place, events in waiting.items():
        _write(folder, place, events)
        files += 1
    told = f"{output.counted(records, 'record')} in {output.counted(files, 'file')}"
    print(f"{told} under {folder / 'AWSLogs'}")


def _write(folder: Path, place: tuple[str, str, str], events: list[dict[str, Any]]) -> None:
    """One file; its name follows from its content, so that a second export writes no second."""
    account, region, day = place
    content = json.dumps({"Records": events}).encode()
    stamp = str(events[0]["eventTime"]).replace("-", "").replace(":", "")[:13] + "Z"
    unique = hashlib.sha256(content).hexdigest()[:16]
    target = folder / "AWSLogs" / account / "CloudTrail" / region / day
    try:
        target.mkdir(parents=True, exist_ok=True)
        name = f"{account}_CloudTrail_{region}_{stamp}_{unique}.json.gz"
        (target / name).write_bytes(gzip.compress(content, mtime=0))
    except OSError as error:
        raise UsageError(f"`{target}` cannot be written: {error.strerror}") from None
