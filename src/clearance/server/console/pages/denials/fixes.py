"""What would let a call through: the change as a difference, its proof, and how to make it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

from nicegui import ui

from clearance.explain.api_calls import ApiCall, calls
from clearance.explain.edits import Edit, text_of
from clearance.explain.findings import Fix
from clearance.explain.prose import proof
from clearance.model.estate import Estate
from clearance.server.console.acting import Actor, Outcome, actors
from clearance.server.console.page import Desk
from clearance.server.console.pages.denials.case import Case, Told, again
from clearance.server.console.parts import badge, code, policy, states
from clearance.server.console.parts.text import tag

__all__ = ["payer_of", "show"]

SHOWN: Final = 4
Applied: TypeAlias = Callable[[Callable[[], None]], Awaitable[None]]


def show(desk: Desk, case: Case, told: Told, applied: Applied) -> None:
    """Every fix; ``applied`` is called after one was made, with what to say about it."""
    fixes = told.explanation.fixes
    with tag("section", classes="card"):
        tag("h2", "Fix")
        if not fixes:
            tag("p", "No change of a policy was found that lets this call through.", "soft")
        for number, fix in enumerate(fixes[:SHOWN]):
            if number:
                with ui.expansion(f"Or: {fix.title}").classes("other"):
                    _fix(desk, case, told, fix, applied)
            else:
                tag("p", fix.title[:1].upper() + fix.title[1:], "because")
                _fix(desk, case, told, fix, applied)


def _fix(desk: Desk, case: Case, told: Told, fix: Fix, applied: Applied) -> None:
    with tag("div", classes="stack"):
        with tag("div", classes="bar"):
            badge.badge("proven" if fix.works else "not enough", "ok" if fix.works else "warn")
            for owner in fix.owners:
                tag("span", f"by {owner}", "soft")
        if fix.intent:
            states.banner("warn", f"This touches what somebody meant: {fix.intent}")
        for edit in fix.edits:
            policy.diff(edit.before, edit.after, title=edit.target.label, note=_new(edit))
        with tag("ul", classes="plain"):
            for line in proof(fix):
                tag("li", line[:1].upper() + line[1:])
        if fix.cli or fix.terraform:
            _as_text(fix)
        _button(desk, case, told, fix, applied)


def _new(edit: Edit) -> str:
    return "new document" if edit.before is None else "changed"


def _as_text(fix: Fix) -> None:
    with ui.expansion("As commands", icon="terminal").classes("other"):
        if fix.cli:
            tag("h3", "AWS CLI")
            ui.html(code.plain_html("\n".join(fix.cli)))
        if fix.terraform:
            tag("h3", "Terraform")
            ui.html(code.plain_html(fix.terraform))


def _button(desk: Desk, case: Case, told: Told, fix: Fix, applied: Applied) -> None:
    made = [(edit, calls(edit)) for edit in fix.edits]
    if not fix.works or not made or told.then:
        return
    if desk.view.read_only or not all(each for _, each in made):
        tag("p", "This change cannot be made here; use the commands.", "soft")
        return
    owners = list(dict.fromkeys(payer_of(told.estate, edit) for edit, _ in made))
    people = {owner: actors(told.estate, owner) for owner in owners}
    if not all(people.values()):
        nobody = ", ".join(owner for owner in owners if not people[owner])
        tag("p", f"Nobody of account {nobody} has an active access key here.", "soft")
        return
    plan = [(payer_of(told.estate, edit), call) for edit, each in made for call in each]
    button = ui.button("Apply and retry …", icon="build")
    button.props("no-caps unelevated")
    button.on_click(partial(_confirm, desk, case, fix.edits, plan, people, applied))


def payer_of(estate: Estate, edit: Edit) -> str:
    """The account that makes an edit; an organization's policies are its management account's."""
    organization = estate.organizations.get(edit.target.owner)
    return organization.management_account if organization else edit.target.owner


async def _confirm(
    desk: Desk,
    case: Case,
    edits: tuple[Edit, ...],
    plan: list[tuple[str, ApiCall]],
    people: dict[str, tuple[Actor, ...]],
    applied: Applied,
) -> None:
    with ui.dialog() as dialog, tag("div", classes="card dialog"):
        tag("h2", "Apply this change?")
        tag("p", "These calls are made to this endpoint, decided and recorded like any other:")
        with tag("ul", classes="plain mono"):
            for _, call in plan:
                tag("li", call.label)
        chosen = {}
        for owner, found in people.items():
            choice = ui.select(
                {place: actor.arn for place, actor in enumerate(found)},
                value=0,
                label=f"Act as, in account {owner}",
            )
            choice.props("outlined dense")
            chosen[owner] = choice
        with tag("div", classes="bar end"):
            ui.button("Cancel", on_click=lambda: dialog.submit("")).props("no-caps flat")
            ui.button("Apply", on_click=lambda: dialog.submit("apply")).props("no-caps unelevated")
    agreed = await dialog
    acting = {owner: people[owner][int(chosen[owner].value or 0)] for owner in people}
    dialog.delete()
    if not agreed:
        return
    if any(text_of(desk.view.estate, edit.target) != edit.before for edit in edits):
        text = "Somebody changed this policy meanwhile: nothing was done. Look at the fix anew."
        await applied(partial(states.banner, "warn", text))
        return
    outcomes: list[Outcome] = []
    for owner, call in plan:
        outcomes.append(await desk.acting.make(acting[owner], call, desk.source_ip))
        if not outcomes[-1].done:
            break
    await applied(await _note(desk, case, outcomes))


async def _note(desk: Desk, case: Case, outcomes: list[Outcome]) -> Callable[[], None]:
    """What happened, to be shown on top of the page."""
    failed = next((each for each in outcomes if not each.done), None)
    if failed is not None:
        text = f"{failed.call.label} failed. {failed.code}: {failed.message}"
        return partial(states.banner, "bad", text)
    decisions = await desk.view.aside(again, desk.view, case)
    denied = next((decision for decision in decisions if not decision.allowed), None)
    if denied is None:
        return partial(states.banner, "ok", "Applied. Asked again, the same request is allowed.")
    text = f"Applied, but {denied.request.action} on {denied.request.resource} is still denied."
    return partial(states.banner, "warn", text)
