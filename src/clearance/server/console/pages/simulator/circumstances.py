"""Context keys of the request: present with values, absent, or not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.input import Input
from nicegui.elements.select import Select

from clearance.model.request import KeyState, fold
from clearance.server.console.pages.simulator.question import Key
from clearance.server.console.parts.fields import Changed, Offer, suggesting
from clearance.server.console.parts.text import tag

__all__ = ["Circumstances"]

_STATES: Final = {
    KeyState.PRESENT: "is",
    KeyState.ABSENT: "is absent",
    KeyState.UNKNOWN: "is not known",
}
_OFFERED: Final = 8


@dataclass(slots=True)
class _Line:
    name: Input
    state: Select
    values: Input

    @property
    def key(self) -> Key:
        state = KeyState(self.state.value)
        given = (each.strip() for each in (self.values.value or "").split(","))
        values = tuple(each for each in given if each) if state is KeyState.PRESENT else ()
        return Key((self.name.value or "").strip(), values, state)


@dataclass(slots=True)
class Circumstances:
    """The keys that are told, and those that policies ask for."""

    suggest: Offer
    changed: Changed
    _lines: list[_Line] = field(default_factory=list)
    _place: Element | None = None
    _asked_for: Element | None = None

    def draw(self, keys: Iterable[Key]) -> None:
        """Show a line for each key."""
        self._asked_for = tag("div", classes="chips")
        self._place = tag("div", classes="asks")
        for key in keys:
            self._add(key)
        ui.button("Add a context key", icon="add", on_click=lambda: self._add(Key(""))).props(
            "no-caps flat dense"
        )

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that are told; a present key without value tells nothing."""
        found = (line.key for line in self._lines)
        return tuple(k for k in found if k.name and (k.values or k.state is not KeyState.PRESENT))

    def offer(self, keys: Iterable[str]) -> None:
        """Offer the keys that policies read and nobody told."""
        assert self._asked_for is not None  # noqa: S101 - drawn before anything is offered
        told = {fold(line.name.value or "") for line in self._lines}
        wanted = [key for key in keys if fold(key) not in told][:_OFFERED]
        self._asked_for.clear()
        with self._asked_for:
            if wanted:
                tag("span", "Policies read", "soft")
            for key in wanted:
                with tag("button", classes="chip") as chip:
                    chip.props["type"] = "button"
                    tag("span", f"+ {key}")
                chip.on("click", partial(self._take, key))

    def _take(self, key: str) -> None:
        self._add(Key(key)).values.run_method("focus")

    def _add(self, key: Key) -> _Line:
        assert self._place is not None  # noqa: S101 - drawn before anything is added
        with self._place, tag("div", classes="ask key") as place:
            name = suggesting("Key", key.name, self.suggest, self.changed)
            name.classes("grow")
            state = ui.select({s.value: word for s, word in _STATES.items()}, value=key.state.value)
            state.props("outlined dense aria-label='How the key is known'")
            values = ui.input("Value, or several with commas", value=",".join(key.values))
            values.props("outlined dense debounce=200 spellcheck=false")
            values.classes("grow")
            values.bind_visibility_from(state, "value", value=KeyState.PRESENT.value)
            remove = ui.button(icon="close")
            remove.props("flat dense round size=sm aria-label='Remove this key'")
            line = _Line(name, state, values)

            async def gone() -> None:
                self._lines.remove(line)
                place.delete()
                await self.changed()

            state.on_value_change(self.changed)
            values.on_value_change(self.changed)
            remove.on_click(gone)
        self._lines.append(line)
        return line
