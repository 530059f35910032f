"""What `clearance least-privilege` says: for one principal everything, for many a line or two."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from clearance.cli import output

if TYPE_CHECKING:
    from clearance.batch.privilege.bounds import Bounds
    from clearance.batch.privilege.propose import Proposal
    from clearance.batch.privilege.use import Used
    from clearance.model.request import Request
    from clearance.prove import Change, Row

    Result = tuple[Used, Proposal, Bounds]

__all__ = ["Result", "as_json", "show"]

RARE: Final = 2  # calls
_FEW: Final = 3  # exceptions that are named


def show(results: Iterable[Result], form: str) -> int:
    """Print results as they come, and how many used requests are not allowed any more."""
    say = output.console().print
    alone: Result | None = None
    number = uses = verified = unsure = 0
    failed: list[Request] = []
    lost = 0
    for one, proposal, bound in results:
        if alone is not None:
            _row(*alone[1:])
        alone = None if number else (one, proposal, bound)
        if number:
            _row(proposal, bound)
        number += 1
        uses += len(proposal.uses)
        verified += proposal.verified
        unsure += len(proposal.open)
        lost += len(proposal.failed)
        failed += proposal.failed[:_FEW]
    if alone is not None:
        _one(*alone, form)
    if not number:
        say("nobody used anything that a policy of its own allows")
    say(f"\n{verified:,} of {uses:,} used requests are allowed as before", style="bold")
    if unsure:
        say(
            f"{unsure:,} are left open, before as after: a key that no log tells decides, or a Deny"
        )
    for request in failed:
        told = f"{request.principal.display} {request.action} {request.resource}"
        say(f"NOT ALLOWED ANY MORE: {told}", style="red", soft_wrap=True)
    return lost


def _row(proposal: Proposal, bound: Bounds) -> None:
    sizes = " + ".join(f"{size:,}" for size in _sizes(proposal))
    print(proposal.principal)
    now = f" of {bound.actions_before:,} allowed now" if proposal.before else ""
    _line(
        f"{bound.actions_after} actions{now}; {sizes or 'no'} characters; {_gained(bound)}", "    "
    )
    for note in proposal.notes:
        _line(note, "    ")


def _gained(bound: Bounds) -> str:
    if bound.gained is None:
        return "what it may do now is not known"
    if bound.gained.answer.proven:
        return "nothing newly allowed (proven)"
    if bound.gained.rows:
        return "allows what the estate does not: AWS let it through"
    return f"newly allowed: unknown ({bound.gained.answer.reason})"


def _sizes(proposal: Proposal) -> list[int]:
    from clearance.prove import size_of

    return [size_of(policy) for policy in proposal.policies]


def _one(one: Used, proposal: Proposal, bound: Bounds, form: str) -> None:
    say = output.console().print
    calls = sum(use.tally.count for use in proposal.uses)
    last = max((use.tally.last for use in proposal.uses), default="")
    say(f"\n{proposal.principal}", style="bold", soft_wrap=True)
    _line(f"{len(proposal.uses):,} kinds of requests in {calls:,} calls, the last {last}")
    if proposal.unneeded:
        _line(f"{proposal.unneeded:,} more need no policy of its own")
    if proposal.before:
        _line(f"{bound.actions_before:,} actions allowed now, {bound.actions_after:,} after")
    for note in proposal.notes:
        _line(note)
    for number, (text, size) in enumerate(zip(proposal.texts, _sizes(proposal), strict=True), 1):
        title = f"POLICY {number} of {len(proposal.policies)}: {form}, {size:,} characters"
        say(f"\n{title}", style="bold")
        print(text)
    _lists(one, proposal, bound)
    print(f"\n{_gained(bound)}")


def _lists(one: Used, proposal: Proposal, bound: Bounds) -> None:
    if bound.removed is not None:
        _change("REMOVED", bound.removed)
    rare = [each for each in _by_action(proposal) if each["calls"] <= RARE]
    _table("RARELY USED, and kept", (f"{e['last']}  {e['action']}" for e in rare))
    former = sorted(proposal.former, key=lambda use: use.tally.last)[-10:]
    _table(
        "USED BEFORE THE WINDOW",
        (f"{u.tally.last}  {u.request.action} on {u.request.resource}" for u in former),
    )
    if bound.excess is None:
        _table("BEYOND USE", ["not compared: too many resources"])
    else:
        _change("BEYOND USE", bound.excess)
    denied = sorted(one.denied.items(), key=lambda each: -each[1].count)[:10]
    _table(
        "DENIED BY AWS, and not granted",
        (f"{tally.count:>7,}  {action} on {on}" for (action, on), tally in denied),
    )


def _table(title: str, rows: Iterable[str]) -> None:
    for number, row in enumerate(rows):
        if not number:
            output.console().print(f"\n{title}", style="bold")
        _line(row)


def _change(title: str, change: Change) -> None:
    output.console().print(f"\n{title}", style="bold")
    if change.answer.proven:
        _line("nothing (proven)")
    elif not change.rows:
        _line(f"unknown: {change.answer.reason}")
    for row in change.rows:
        _line(_said(row))
    if not change.complete and change.rows:
        _line("… and more: --limit, or --json")


def _said(row: Row) -> str:
    text = ", ".join(row.actions)
    if row.except_actions:
        text += f" but {_some(row.except_actions, 'actions')}"
    text += f" on {', '.join(row.resources)}"
    if row.except_resources:
        text += f" but {_some(row.except_resources, 'resources')}"
    conditions = (*row.conditions, *row.only_where)
    return text + (f" where {' and '.join(conditions)}" if conditions else "")


def _some(texts: Sequence[str], what: str) -> str:
    return ", ".join(texts) if len(texts) <= _FEW else f"{len(texts)} {what} that were used"


def _line(text: str, start: str = "  ") -> None:
    """Lines of at most 100 columns; what goes on stands under its beginning."""
    print(
        textwrap.fill(
            output.plain(text), output.WIDTH, initial_indent=start, subsequent_indent=start + "  ",
            break_on_hyphens=False, break_long_words=False,
        )
    )  # fmt: skip


def as_json(one: Used, proposal: Proposal, bound: Bounds, form: str) -> dict[str, Any]:
    """A result for machines."""
    from clearance.batch.privilege.export import policy_name

    documents = enumerate(zip(proposal.texts, _sizes(proposal), strict=True), 1)
    return {
        "principal": proposal.principal,
        "policies": [
            {
                "name": policy_name(proposal.principal, number),
                "form": form,
                "characters": size,
                "document": json.loads(text),
            }
            for number, (text, size) in documents
        ],
        "resources": proposal.level.value,
        "fits": proposal.fits,
        "usedRequests": len(proposal.uses),
        "verified": proposal.verified,
        "undecided": [_request(request) for request in proposal.open],
        "failed": [_request(request) for request in proposal.failed],
        "needNoPolicy": proposal.unneeded,
        "actionsBefore": bound.actions_before if proposal.before else None,
        "actionsAfter": bound.actions_after,
        "removed": _rows(bound.removed),
        "gained": _rows(bound.gained),
        "excess": _rows(bound.excess),
        "uses": _by_action(proposal),
        "usedBeforeWindow": [
            {**_request(use.request), "last": use.tally.last} for use in proposal.former
        ],
        "denied": [
            {"action": action, "resource": resource, "calls": tally.count, "last": tally.last}
            for (action, resource), tally in one.denied.items()
        ],
        "notes": list(proposal.notes),
    }


def _rows(change: Change | None) -> dict[str, Any] | None:
    """A change for machines; one that is proven to be none is told, too."""
    return None if change is None else change.to_json()


def _request(request: Request) -> dict[str, str]:
    return {"action": request.action, "resource": request.resource}


def _by_action(proposal: Proposal) -> list[dict[str, Any]]:
    from clearance.batch.distinct import Tally

    found: dict[str, tuple[Tally, set[str]]] = {}
    for use in proposal.uses:
        tally, resources = found.setdefault(use.request.action, (Tally(), set()))
        tally.add(use.tally)
        resources.add(use.request.resource)
    return [
        {"action": action, "calls": tally.count, "first": tally.first, "last": tally.last,
         "resources": len(resources)}
        for action, (tally, resources) in sorted(found.items())
    ]  # fmt: skip
