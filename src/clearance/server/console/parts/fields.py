"""Fields that offer what exists while one types, and lists of them that grow and shrink."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.input import Input

from clearance.server.console.parts.text import tag

__all__ = ["Lines", "Offer", "suggesting"]

Offer: TypeAlias = Callable[[str], list[str]]
Changed: TypeAlias = Callable[[], Awaitable[None]]


def suggesting(label: str, value: str, offer: Offer, changed: Changed) -> Input:
    """A field with a list of suggestions, which the browser shows in its own way."""
    made = ui.input(value=value)
    made.props("outlined dense debounce=200 spellcheck=false")
    made.props["label"] = label
    made.props["aria-label"] = label
    options = tag("datalist")
    options.props["id"] = f"{made.html_id}-datalist"  # the list that NiceGUI's input names

    def fill() -> None:
        options.clear()
        with options:
            for each in offer(made.value or ""):
                tag("option").props["value"] = each

    async def typed() -> None:
        fill()
        await changed()

    made.on_value_change(typed)
    made.on("focus", fill)
    return made


@dataclass(slots=True)
class Lines:
    """Several fields of one kind, one a line."""

    label: str
    offer: Offer
    changed: Changed
    _fields: list[Input] = field(default_factory=list)
    _place: Element | None = None

    def draw(self, values: Iterable[str]) -> None:
        """Show a field for each value, one at least."""
        self._place = tag("div", classes="asks")
        for value in tuple(values) or ("",):
            self._add(value)
        more = ui.button(f"Add {self.label.lower()}", icon="add", on_click=self._more)
        more.props("no-caps flat dense")

    @property
    def values(self) -> tuple[str, ...]:
        """What the fields hold, without blanks and repetitions."""
        found = ((each.value or "").strip() for each in self._fields)
        return tuple(dict.fromkeys(each for each in found if each))

    def _more(self) -> None:
        self._add("").run_method("focus")

    def _add(self, value: str) -> Input:
        assert self._place is not None  # noqa: S101 - drawn before anything is added
        with self._place, tag("div", classes="ask") as line:
            label = self.label if not self._fields else f"{self.label} {len(self._fields) + 1}"
            made = suggesting(label, value, self.offer, self.changed)
            made.classes("grow")
            made.on("keydown.enter", self._more)
            remove = ui.button(icon="close")
            remove.props("flat dense round size=sm")
            remove.props["aria-label"] = f"Remove {label}"

            async def gone() -> None:
                self._fields.remove(made)
                line.delete()
                await self.changed()

            remove.on_click(gone)
        self._fields.append(made)
        return made
