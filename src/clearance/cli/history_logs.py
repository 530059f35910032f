"""`clearance history --logs`: the changes that foreign CloudTrail tells of."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearance.cli import history_output, inputs, output, prove
from clearance.model.errors import UsageError
from clearance.parse.moments import moment

if TYPE_CHECKING:
    from clearance.batch.changes.events import Done
    from clearance.batch.changes.history import Entry

__all__ = ["Asked", "from_logs"]

SUSPICIOUS: Final = 1
_LONG: Final = 12  # lines of parameters


class Asked:
    """What is to be shown."""

    def __init__(
        self,
        *,
        principal: str | None = None,
        resource: str | None = None,
        operation: str | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int = 50,
        suspicious: bool = False,
        effect: bool = False,
    ) -> None:
        from clearance import wiring

        now = wiring.now()
        self.principal, self.resource, self.operation = principal, resource, operation
        self.since = moment(since, now) if since else None
        self.until = moment(until, now) if until else None
        self.limit, self.suspicious, self.effect = limit, suspicious, effect

    def wants(self, entry: Entry) -> bool:
        """Whether an entry is among them."""
        from clearance.batch.changes.recorded import moment as when

        done = entry.done
        if self.principal is not None and self.principal not in {done.who, done.caller}:
            return False
        if self.operation is not None and self.operation.rpartition(":")[2] != done.operation:
            return False
        if self.since is not None and when(done.when) < self.since:
            return False
        if self.until is not None and when(done.when) > self.until:
            return False
        if self.suspicious and not entry.findings:
            return False
        return self.resource is None or _names(entry, self.resource)


def _names(entry: Entry, resource: str) -> bool:
    name = resource.rpartition("/")[2]
    told = {part for change in entry.changes for part in change.path}
    given = json.dumps(dict(entry.done.given), default=str)
    return resource in told or f'"{resource}"' in given or f'"{name}"' in given


def from_logs(
    logs: Iterable[str], estate: Path | None, trusted: Iterable[str], asked: Asked, *, as_json: bool
) -> int:
    """Print the changes; answers how many of them are suspicious."""
    from clearance.batch.changes.history import history
    from clearance.facts.managed_policies import with_aws_managed
    from clearance.model.estate import Estate

    known = _accounts(trusted)
    calls = _calls(logs)
    held = inputs.estate_at(estate) if estate is not None else with_aws_managed(Estate())
    compared = _compared(known)
    world = prove.world_of(open_world=False) if asked.effect else None
    entries = [e for e in history(calls, held, compared, world) if asked.wants(e)]
    suspicious = sum(1 for entry in entries if entry.findings)
    shown = entries[-asked.limit :] if asked.limit else entries
    if as_json:
        output.print_json([_json(entry) for entry in shown])
        return suspicious
    for entry in shown:
        _show(entry)
    if len(entries) > len(shown):
        print(f"{len(entries) - len(shown):,} older changes are not shown; --limit shows them")
    print(f"{len(entries):,} changes, {suspicious:,} of them suspicious")
    return suspicious


def _accounts(trusted: Iterable[str]) -> frozenset[str]:
    found = frozenset(trusted)
    for account in found:
        if not (len(account) == 12 and account.isdecimal()):  # noqa: PLR2004
            raise UsageError(f"`{account}` is not an account ID; it has 12 digits")
    return found


def _calls(logs: Iterable[str]) -> tuple[Done, ...]:
    from clearance.cli import progress

    try:
        from clearance.batch.changes.events import changes_in
        from clearance.batch.read import records
        from clearance.batch.source import Logs
    except ImportError as error:
        raise UsageError(f"this needs {error.name}; pip install 'clearance[logs]'") from None
    given = Logs.at(logs)
    if given.units:
        raise UsageError("a dataset does not hold what a change needs; give CloudTrail's own files")
    found, files = given.found, given.files
    with progress.bar() as bar:
        bar.begun(sum(place.size for place in files), len(files))
        calls = changes_in(records(files, found, done=lambda place: bar.told(place.size, 1)))
    for problem in found.problems:
        output.warn(problem)
    if not found.events:
        raise UsageError(f"the {found.files} files hold no CloudTrail records")
    return calls


def _compared(known: frozenset[str]) -> Any:  # noqa: ANN401 - lazy type
    from clearance import wiring
    from clearance.batch.changes.compared import Compared
    from clearance.facts.escalations import load_methods

    world = prove.world_of(open_world=False)
    return Compared(wiring.catalog(), world, load_methods(), known)


def _show(entry: Entry) -> None:
    out, done = output.console(), entry.done
    head = output.plain(f"{done.when}  {done.service}:{done.operation}")
    out.print(head, style="bold", soft_wrap=True)
    _line(f"by {done.who}")
    place = ", ".join(part for part in (done.source_ip, done.region, done.user_agent) if part)
    _line(f"from {place}, account {done.account}")
    for finding in sorted(entry.findings, key=lambda f: -f.level):
        style = {3: "bold red", 2: "yellow"}.get(int(finding.level), "dim")
        out.print(f"  {str(finding.level).upper()} [{finding.id}]", style=style)
        _line(finding.says, "    ")
    for lacked in entry.lacking:
        _line(f"{lacked} was not known before: only what this call says of it is")
    history_output.show_changes(out, entry.changes)
    if not entry.changes:
        _parameters(entry)
    if entry.effect is not None:
        history_output.show_effect(out, entry.effect)
    print()


def _parameters(entry: Entry) -> None:
    """What was asked, where no estate changed by it."""
    if entry.problem is not None:
        _line(f"not folded: {entry.problem}")
    lines = json.dumps(_given(entry.done), indent=2, ensure_ascii=False).splitlines()
    for line in lines[:_LONG]:
        _line(line, "    ")
    if len(lines) > _LONG:
        _line(f"… {len(lines) - _LONG} more lines; --json shows them", "    ")


def _given(done: Done) -> Any:  # noqa: ANN401 - JSON
    from clearance.store.summary import summarize

    return summarize(dict(done.given))


def _line(text: str, start: str = "  ") -> None:
    text = output.plain(text)
    indent = start + " " * (len(text) - len(text.lstrip()))
    print(
        textwrap.fill(
            text.lstrip(), output.WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
            break_on_hyphens=False,
        )
    )  # fmt: skip


def _json(entry: Entry) -> dict[str, Any]:
    done = entry.done
    found: dict[str, Any] = {
        "eventId": done.id,
        "time": done.when,
        "principal": done.who,
        "identity": done.caller,
        "root": done.root,
        "account": done.account,
        "region": done.region,
        "sourceIp": done.source_ip,
        "userAgent": done.user_agent,
        "invokedBy": done.by_service,
        "service": done.service,
        "operation": done.operation,
        "error": done.error,
        "input": _given(done),
        "level": str(entry.level) if entry.level is not None else None,
        "findings": [{"id": f.id, "level": str(f.level), "says": f.says} for f in entry.findings],
        "changes": history_output.changes_json(entry.changes),
        "notFolded": entry.problem,
        "notKnownBefore": list(entry.lacking),
    }
    if entry.effect is not None:
        found["effect"] = entry.effect.to_json()
    return found
