"""Collect: part after part, each on disk before the next, so that a second run can go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from clearance.model.errors import EstateError
from clearance.store.collect import functions, iam, resources
from clearance.store.collect.aws import Aws, CallFailed
from clearance.store.collect.organization import members, organization
from clearance.store.collect.reading import Part, Reading
from clearance.store.snapshot.node import Node, read_json, write_json

__all__ = ["PARTS", "Step", "Wanted", "collect"]

PARTS: Final = (*iam.PARTS, *functions.PARTS, *resources.PARTS)
_STATE: Final = "collection.json"
_MISSING: Final = "missing.json"
_UNFINISHED: Final = (
    "whatever `clearance collect` had not read when it stopped; run it again with --resume"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to collect.

    ``role`` is the name of the role to assume in each member account; without it only the
    caller's own account is read. ``secrets``: keep the values of environment variables.
    """

    regions: tuple[str, ...]
    organization: bool = False
    role: str | None = None
    secrets: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One part of one account, or of the organization."""

    name: str
    folder: Path
    part: Part
    reading: Reading


def collect(
    aws: Aws,
    folder: Path,
    wanted: Wanted,
    *,
    resume: bool = False,
    tell: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[str, ...]:
    """Write the snapshot folder; answers what could not be read.

    ``tell`` is called before each part with its name, how many parts are done and how many there
    are. What AWS refuses is noted and never stops the collection.

    Raises:
        EstateError: the credentials do not work, or the folder is not one to write to.
    """
    try:
        caller = aws.call("sts", "GetCallerIdentity")
    except CallFailed as error:
        raise EstateError(f"AWS does not say who we are: {error}") from error
    account, partition = str(caller["Account"]), str(caller["Arn"]).split(":")[1]
    state = _State.open(folder, account, wanted, resume=resume)
    state.save(finished=False)
    own = Reading(aws, account, partition, wanted.regions[0])
    steps = list(_steps(aws, own, folder, wanted, state))
    for number, step in enumerate(steps):
        tell(step.name, number, len(steps))
        if not state.is_finished(step.name):
            _take(step, state, secrets=wanted.secrets)
    tell("done", len(steps), len(steps))
    state.save(finished=True)
    return state.missing()


def _steps(aws: Aws, own: Reading, folder: Path, wanted: Wanted, state: _State) -> Iterator[Step]:
    accounts = {own.account: aws}
    if wanted.organization:
        place = folder / "organizations"
        yield Step("organization", place, Part("organization", organization), own)
        if wanted.role is not None:
            accounts |= _entered(own, wanted.role, state)
    for account, identity in accounts.items():
        place = folder / "accounts" / account
        base = replace(own, aws=identity, account=account)
        for part in PARTS:
            for region in wanted.regions if part.regional else wanted.regions[:1]:
                name = f"{part.name} of {account}" + (f" in {region}" if part.regional else "")
                yield Step(name, place, part, replace(base, region=region))


def _entered(own: Reading, role: str, state: _State) -> dict[str, Aws]:
    """The other accounts of the organization, entered by a role."""
    name = "accounts of the organization"
    try:
        found = members(own)
    except CallFailed as error:
        state.keep(name, [f"{name}: {error}"], finished=True)
        return {}
    state.keep(name, [], finished=True)
    entered: dict[str, Aws] = {}
    for account in found:
        if account == own.account:
            continue
        identity = own.aws.entered(f"arn:{own.partition}:iam::{account}:role/{role}")
        notes = []
        try:
            # Asked once, so that a role that cannot be assumed is told once.
            identity.call("sts", "GetCallerIdentity")
            entered[account] = identity
        except CallFailed as error:
            notes.append(f"account {account}: as `{role}`: {error}")
        state.keep(f"account {account}", notes, finished=True)
    return entered


def _take(step: Step, state: _State, *, secrets: bool) -> None:
    """Read one part and write its files."""
    # A part with notes is read again from the start: what was refused may be allowed by now.
    afresh = state.has_notes(step.name)
    notes: list[str] = []
    reading = replace(
        step.reading,
        notes=notes,
        kept=lambda file: not afresh and (step.folder / file).exists(),
    )
    try:
        for file, content in step.part.read(reading):
            _write(step.folder / file, content, secrets=secrets, is_folder=file.endswith("/"))
            if notes:
                state.keep(step.name, notes, finished=False)
    except CallFailed as error:
        notes.append(f"{step.name}: {error}")
    state.keep(step.name, notes, finished=True)


def _write(path: Path, content: object, *, secrets: bool, is_folder: bool) -> None:
    if is_folder:
        path.mkdir(parents=True, exist_ok=True)
        return
    # A file is there as a whole or not at all.
    half = path.with_name(f"{path.name}.part")
    write_json(half, content if secrets else _without_values(content))
    half.replace(path)


def _without_values(content: Any) -> Any:  # noqa: ANN401 - any answer
    """The same with the values of environment variables empty."""
    if isinstance(content, list):
        return [_without_values(item) for item in content]
    if not isinstance(content, Mapping):
        return content
    return {
        name: {"Variables": dict.fromkeys(value.get("Variables", ()), "")}
        if name == "Environment" and isinstance(value, Mapping)
        else _without_values(value)
        for name, value in content.items()
    }


@dataclass(slots=True)
class _State:
    """What is finished, in a file beside the parts."""

    folder: Path
    head: dict[str, Any]
    parts: dict[str, dict[str, Any]]

    @classmethod
    def open(cls, folder: Path, account: str, wanted: Wanted, *, resume: bool) -> _State:
        head = {"account": account, "secrets": wanted.secrets}
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return cls(folder, head, {})
        if not resume:
            raise EstateError(
                f"`{folder}` is not an empty folder; nothing was written (--resume goes on with a "
                "collection that was stopped)"
            )
        path = folder / _STATE
        if not path.exists():
            raise EstateError(f"`{folder}` was not made by `clearance collect`; give a new folder")
        node = read_json(path)
        for name, value in head.items():
            if node.at(name).value != value:
                raise node.at(name).fail(
                    f"the collection was begun with {node.at(name).value}, not {value}; "
                    "give a new folder"
                )
        return cls(folder, head, {n: _part_of(part) for n, part in node.at("parts").entries()})

    def is_finished(self, name: str) -> bool:
        found = self.parts.get(name)
        return found is not None and found["finished"] and not found["notes"]

    def has_notes(self, name: str) -> bool:
        return bool(self.parts.get(name, {}).get("notes"))

    def keep(self, name: str, notes: list[str], *, finished: bool) -> None:
        self.parts[name] = {"finished": finished, "notes": sorted(set(notes))}
        self.save(finished=False)

    def missing(self) -> tuple[str, ...]:
        notes = (note for part in self.parts.values() for note in part["notes"])
        return tuple(dict.fromkeys(notes))

    def save(self, *, finished: bool) -> None:
        notes = [*self.missing(), *([] if finished else [_UNFINISHED])]
        for name, content in ((_MISSING, notes), (_STATE, {**self.head, "parts": self.parts})):
            _write(self.folder / name, content, secrets=True, is_folder=False)


def _part_of(node: Node) -> dict[str, Any]:
    return {"finished": node.flag("finished"), "notes": list(node.texts("notes"))}
