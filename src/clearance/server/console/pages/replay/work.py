"""Recorded calls decided again under a proposed change: what the page does in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from clearance.batch import propose
from clearance.model.catalog import Catalog
from clearance.model.errors import PolicyError, UsageError
from clearance.model.estate import Estate
from clearance.model.policy import PolicyType
from clearance.parse.document import parse_policy
from clearance.server.console.jobs import Job
from clearance.server.console.pages.policies.documents import ORGANIZATION
from clearance.server.console.pages.policies.thing import document_of, thing_of
from clearance.store.port import Event

if TYPE_CHECKING:
    from clearance.batch.read import Found
    from clearance.batch.replay import Replay
    from clearance.batch.sights import Sights

__all__ = ["Done", "changed", "kind_for", "present_text", "replayed", "targets", "trail"]

_EMPTY: Final = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Deny",
      "Action": "",
      "Resource": "*"
    }
  ]
}"""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a replay; ``title`` says which change it was of."""

    title: str
    found: Found
    sights: Sights
    replay: Replay

    def html(self) -> str:
        """The report as one page that needs nothing else."""
        from clearance.batch import report  # noqa: PLC0415 - the extra `logs`

        return report.as_html(self.title, self.found, self.sights, self.replay)

    def csv(self) -> str:
        """The changes, one a line."""
        from clearance.batch import report  # noqa: PLC0415

        return report.as_csv(self.replay)

    def json(self) -> str:
        """Everything, for programs."""
        from clearance.batch import report  # noqa: PLC0415

        told = report.as_json(self.found, self.sights, self.replay)
        return msgspec.json.format(msgspec.json.encode(told)).decode()


def trail(events: Iterable[Event], folder: Path, job: Job) -> Path:
    """The endpoint's own audit trail as a file of CloudTrail records."""
    file = folder / "trail.jsonl"
    job.says = "Reading the trail"
    with file.open("wb") as out:
        for event in job.counted(events):
            out.write(msgspec.json.encode(event) + b"\n")
    return file


def replayed(
    places: Sequence[str | Path],
    current: Estate,
    proposed: Estate,
    catalog: Catalog,
    job: Job,
    *,
    title: str,
) -> Done:
    """Every call of some logs, decided in both estates.

    Raises:
        UsageError: there are no logs, or what reads them is not installed.
    """
    try:
        from clearance.batch.run import replayed as run  # noqa: PLC0415
        from clearance.batch.source import Logs  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(f"this needs {error.name}; pip install 'clearance[logs]'") from None

    def begun(size: int, files: int) -> None:
        job.says = f"Reading {files:,} files" if files else "Deciding"
        job.done, job.total = 0, size
        job.check()

    def told(size: int, files: int) -> None:
        del files
        job.done += size
        job.check()

    job.says = "Deciding"
    job.check()
    logs = Logs.at(places)
    sights, found = run(logs, current, proposed, lambda: catalog, begun=begun, told=told)
    job.check()
    if not sights.events:
        problems = "; ".join(logs.found.problems[:3])
        raise UsageError(f"there are no CloudTrail records in it{f': {problems}' * bool(problems)}")
    return Done(title, logs.found, sights, found)


def changed(current: Estate, target: str, text: str, *, attach: bool) -> Estate:
    """The estate with one policy replaced, or one more attached.

    Raises:
        UsageError: the text is no policy, or the target is nothing of the estate.
    """
    try:
        parse_policy(text, kind_for(current, target), strict=False)
    except PolicyError as error:
        raise UsageError(f"the proposed policy cannot be read: {error}") from None
    return (propose.attach_to if attach else propose.replaces)(current, target, text)


def kind_for(estate: Estate, target: str) -> PolicyType:
    """The kind of policy that goes to a target."""
    found = (o.policies[target] for o in estate.organizations.values() if target in o.policies)
    held = next(found, None)
    known = ORGANIZATION.get(held.type) if held is not None else None
    return known if known is not None else propose.kind_of(target)


def present_text(estate: Estate, target: str) -> str:
    """What a proposal begins with: the text it would replace, or a statement to fill in."""
    found = document_of(estate, target)
    if found is None:
        thing = thing_of(estate, target)
        held = [d for d in thing.documents if d.text] if thing is not None else []
        found = held[0] if len(held) == 1 or (held and ":policy/" in target) else None
    return found.text if found is not None and found.text else _EMPTY


def targets(estate: Estate, *, attach: bool) -> Iterator[str]:
    """What a policy can go to: what can be replaced, or what takes one more."""
    for organization in estate.organizations.values():
        if attach:
            yield from organization.units
            yield from organization.accounts
        else:
            yield from organization.policies
    for account in estate.accounts.values():
        holders = (
            *((account.user_arn(user), user.inline) for user in account.users.values()),
            *((account.group_arn(group), group.inline) for group in account.groups.values()),
            *((account.role_arn(role), role.inline) for role in account.roles.values()),
        )
        if attach:
            yield from (arn for arn, _ in holders)
            continue
        yield from account.policies
        yield from account.resources
        for function in account.functions.values():
            yield function.arn(account.id, partition=account.partition)
        yield from (f"{arn}#{name}" for arn, inline in holders for name in inline)
        yield from (f"{account.role_arn(role)}#trust" for role in account.roles.values())
