"""What a proof says, in rows: newly allowed, newly denied, each with a request that shows it."""

from __future__ import annotations

from clearance.model.request import Request
from clearance.prove import Change, Comparison, Row, Verdict
from clearance.server.console.parts import badge, states
from clearance.server.console.parts.text import tag

__all__ = ["change", "comparison"]


def comparison(found: Comparison) -> None:
    """Both directions, or one line when nothing changes."""
    if found.equivalent is Verdict.PROVEN:
        states.banner("ok", "Both allow exactly the same requests. This is proven.")
        return
    change("Newly allowed", "note", found.newly_allowed)
    change("No longer allowed", "bad", found.newly_denied)


def change(title: str, tone: str, found: Change) -> None:
    """One direction."""
    with tag("section", classes="meaning"):
        with tag("div", classes="bar"):
            badge.badge(title, tone)
            if found.answer.proven:
                tag("span", "nothing (proven)", "soft")
            elif not found.rows:
                tag("span", f"unknown: {found.answer.reason or 'no answer was found'}", "soft")
        for row in found.rows:
            _row(row)
        if found.rows and not found.complete:
            reason = f": {found.answer.reason}" if found.answer.reason else ""
            tag("p", f"… and perhaps more{reason}", "soft")


def _row(row: Row) -> None:
    with tag("div", classes="proof"):
        with tag("dl", classes="facts"):
            for label, texts, between in (
                ("do", row.actions, ", "),
                ("but not", row.except_actions, ", "),
                ("on", row.resources, ", "),
                ("but not on", row.except_resources, ", "),
                ("by", row.who, ", "),
                ("if", row.conditions, " and "),
                ("where", row.only_where, " and "),
            ):
                if texts:
                    tag("dt", label)
                    tag("dd", between.join(texts), "mono")
        tag("p", f"from {row.statement}; for example: {_example(row.witness)}", "soft")


def _example(request: Request) -> str:
    given = [
        f"{value.key} = {', '.join(value.values)}"
        for value in request.context.values.values()
        if value.values
    ]
    where = f" with {'; '.join(given)}" if given else ""
    return f"{request.principal.display} does {request.action} on {request.resource}{where}"
