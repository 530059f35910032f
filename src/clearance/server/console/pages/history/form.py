"""The form above the lists of history, and the way to older ones."""

from __future__ import annotations

from clearance.server.console.pages.history.asked import OUTCOMES, Asked
from clearance.server.console.parts import refer, suggest
from clearance.server.console.parts.text import tag

__all__ = ["form", "older"]


def form(asked: Asked, principals: tuple[str, ...], *, calls: bool) -> None:
    """The fields; those of the trail have an outcome."""
    with tag("form", classes="card pair row") as made:
        made.props["method"] = "get"
        made.props["action"] = "history"
        if calls:
            suggest.hidden("view", "calls")
        hint = "an ARN or a user's name" if calls else "an ARN"
        suggest.field(
            "Principal", "principal", asked.principal, "principals", hint=hint, filters=True
        )
        suggest.field("Resource", "resource", asked.resource, hint="an ARN or a name")
        suggest.field("Operation", "operation", asked.operation, hint="PutUserPolicy")
        suggest.field("From", "since", asked.since, hint="2026-03-01 or 2h")
        suggest.field("Until", "until", asked.until, hint="2026-03-02T12:00 or 30m")
        if calls:
            suggest.choice("Outcome", "outcome", asked.outcome, OUTCOMES)
        with tag("div", classes="bar"):
            suggest.submit("Search")
            if asked.narrowed:
                refer.refer("history", "Clear", view="calls" if calls else "")
        suggest.offer("principals", principals)


def older(asked: Asked, view: str, *, more: bool) -> None:
    """Links to newer and older ones."""
    with tag("nav", classes="bar") as around:
        around.props["aria-label"] = "Pages"
        if asked.page:
            page = str(asked.page - 1) if asked.page > 1 else ""
            refer.refer("history", "← Newer", view=view, page=page, **asked.fields())
        tag("span", classes="rest")
        if more:
            given = asked.fields()
            refer.refer("history", "Older →", view=view, page=str(asked.page + 1), **given)
