"""The policies that play a part: left out, edited, or joined by others."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from nicegui import ui
from nicegui.element import Element

from clearance.model.policy import PolicyType
from clearance.parse.render import render
from clearance.server.console.pages.simulator.overlay import Placed
from clearance.server.console.pages.simulator.question import Changes
from clearance.server.console.parts import badge
from clearance.server.console.parts.code import readable
from clearance.server.console.parts.editor import Editor
from clearance.server.console.parts.fields import Changed
from clearance.server.console.parts.layers import name_of
from clearance.server.console.parts.text import short, tag
from clearance.server.console.view import View

__all__ = ["Policies"]

_NEW: Final = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::example/*"
    }
  ]
}"""


class Policies:
    """The list of policies with the changes a reader made to them."""

    def __init__(self, view: View, changes: Changes, changed: Changed) -> None:
        self._view = view
        self._changed = changed
        self._without = set(changes.without)
        self._edited = dict(changes.edited)
        self._added = list(changes.added)
        self._shown: tuple[str, ...] | None = None
        self._list: Element
        self._own: Element

    @property
    def changes(self) -> Changes:
        """What differs from the estate."""
        return Changes(frozenset(self._without), dict(self._edited), tuple(self._added))

    def draw(self) -> None:
        """Show the list and the button for more."""
        self._list = tag("ul", classes="policies")
        self._own = tag("div", classes="stack")
        self._draw_added()
        ui.button("Add an identity policy", icon="add", on_click=self._more).props(
            "no-caps flat dense"
        )

    def offer(self, found: Iterable[Placed]) -> None:
        """Show these policies; the list stays as it is while they do."""
        found = tuple(found)
        places = tuple(each.place for each in found)
        if places == self._shown:
            return
        self._shown = places
        self._list.clear()
        with self._list:
            for each in found:
                self._item(each)
            if not found:
                tag("li", "Those that play a part appear here.", "soft")

    def _item(self, each: Placed) -> None:
        with tag("li"):
            with tag("div", classes="ask"):
                use = ui.checkbox(value=each.place not in self._without)
                use.props["aria-label"] = f"Use {each.policy.name}"
                with tag("div", classes="grow"):
                    tag("strong", each.policy.name)
                    tag(
                        "small",
                        f"{name_of(each.layer.type)}, {short(each.layer.target or '')}",
                        "soft",
                    )
                if each.place in self._edited:
                    badge.badge("edited", "note")
                edit = ui.button("Edit").props("no-caps flat dense")
                edit.props["aria-label"] = f"Edit {each.policy.name}"
            place = tag("div")
        use.on_value_change(lambda: self._use(each.place, used=bool(use.value)))
        edit.on_click(partial(self._edit, each, place))
        if each.place in self._edited:
            self._edit(each, place)

    async def _use(self, place: str, *, used: bool) -> None:
        if used:
            self._without.discard(place)
        else:
            self._without.add(place)
        await self._changed()

    def _edit(self, each: Placed, place: Element) -> None:
        if list(place):
            place.clear()
            return
        policy = each.policy
        original = readable(policy.text if policy.text is not None else render(policy.policy))
        with place:
            editor = Editor(
                self._view,
                self._edited.get(each.place, original),
                policy.type,
                label=f"Text of {policy.name}",
            )

        async def typed() -> None:
            if editor.text == original:
                self._edited.pop(each.place, None)
            else:
                self._edited[each.place] = editor.text
            await self._changed()

        editor.on_change = typed

    async def _more(self) -> None:
        self._added.append(_NEW)
        self._draw_added()
        await self._changed()

    def _draw_added(self) -> None:
        self._own.clear()
        with self._own:
            for number, text in enumerate(self._added):
                self._draw_one(number, text)

    def _draw_one(self, number: int, text: str) -> None:
        with tag("div"):
            with tag("div", classes="ask"):
                tag("strong", f"Added policy {number + 1}", "grow")
                ui.button("Remove", on_click=partial(self._drop, number)).props(
                    "no-caps flat dense"
                )
            label = f"Text of added policy {number + 1}"
            editor = Editor(self._view, text, PolicyType.IDENTITY, label=label)

        async def typed() -> None:
            self._added[number] = editor.text
            await self._changed()

        editor.on_change = typed

    async def _drop(self, number: int) -> None:
        del self._added[number]
        self._draw_added()
        await self._changed()
