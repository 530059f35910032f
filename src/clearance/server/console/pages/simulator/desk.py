"""The simulator's page: the question on one side, its answer on the other."""

from __future__ import annotations

from dataclasses import replace

from nicegui import ui
from nicegui.element import Element

from clearance.model.errors import UsageError
from clearance.server.console.door import PREFIX
from clearance.server.console.page import Desk
from clearance.server.console.pages.simulator import result
from clearance.server.console.pages.simulator.answer import Answer, answer
from clearance.server.console.pages.simulator.circumstances import Circumstances
from clearance.server.console.pages.simulator.offers import Offers
from clearance.server.console.pages.simulator.policies import Policies
from clearance.server.console.pages.simulator.question import Question, read, url
from clearance.server.console.parts import states
from clearance.server.console.parts.fields import Lines, suggesting
from clearance.server.console.parts.text import tag

__all__ = ["Simulator"]


class Simulator:
    """One reader's simulator."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        view = desk.view
        self._offers = Offers(view.estate, view.catalog, view.principals(), view.region)
        self._asked = Question()
        self._round = 0
        self._picked: tuple[str, str] | None = None

    async def show(self) -> None:
        """Draw the page and answer what its URL asks."""
        try:
            self._asked = read(self._desk.query)
        except UsageError as error:
            states.banner("warn", f"{error}."[:1].upper() + f"{error}."[1:])
        with tag("div", classes="sides"):
            with tag("section", classes="card stack"):
                self._form()
            self._answered = tag("div", classes="stack")
        await self.ask()

    def _form(self) -> None:
        asked, offers = self._asked, self._offers
        tag("h2", "Request")
        self._principal = suggesting("Principal", asked.principal, offers.principal, self.ask)
        self._actions = Lines("Action", offers.action, self.ask)
        self._actions.draw(asked.actions)
        self._resources = Lines("Resource", self._resource_offer, self.ask)
        self._resources.draw(asked.resources)
        tag("h2", "Circumstances")
        self._keys = Circumstances(self._key_offer, self.ask)
        self._keys.draw(asked.keys)
        tag("h2", "Policies")
        self._policies = Policies(self._desk.view, asked.changes, self.ask)
        self._policies.draw()

    def _resource_offer(self, typed: str) -> list[str]:
        return self._offers.resource(typed, self._actions.values)

    def _key_offer(self, typed: str) -> list[str]:
        return self._offers.key(typed, self._actions.values)

    @property
    def question(self) -> Question:
        """What the form says."""
        return replace(
            self._asked,
            principal=(self._principal.value or "").strip(),
            actions=self._actions.values,
            resources=self._resources.values,
            keys=self._keys.keys,
            changes=self._policies.changes,
        )

    async def ask(self) -> None:
        """Answer the form; while an answer is worked out another may be asked for."""
        self._round += 1
        mine, question, view = self._round, self.question, self._desk.view
        found = await view.aside(answer, question, view.estate, now=view.now, catalog=view.catalog)
        if mine != self._round:
            return
        if question != self._asked:
            self._asked = question
            ui.navigate.history.replace(f"{PREFIX}/{url(question)}")
        self._policies.offer(found.policies)
        self._keys.offer(found.keys)
        self._answered.clear()
        with self._answered:
            self._draw(found, self._answered)

    def _draw(self, found: Answer, place: Element) -> None:
        def pick(action: str, resource: str) -> None:
            self._picked = (action, resource)
            place.clear()
            with place:
                self._draw(found, place)

        result.show(found, self._picked, pick, estate=str(self._desk.view.folder))
