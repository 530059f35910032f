"""Fields that offer what there is while one types, and take anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nicegui import ui

from clearance.server.console.parts import code
from clearance.server.console.parts.text import tag

__all__ = ["check", "choice", "field", "hidden", "offer", "submit"]


def field(
    label: str,
    name: str,
    value: str,
    offers: str = "",
    *,
    hint: str = "",
    kind: str = "text",
    mono: bool = False,
    filters: bool = False,
) -> None:
    """A field of a form; ``offers`` names a list of `offer`, the key ``/`` goes to what filters."""
    with tag("label", classes="field"):
        tag("span", label)
        made = tag("input", classes="mono" if mono else "")
        made.props["name"] = name
        made.props["value"] = value
        made.props["type"] = kind
        made.props["autocomplete"] = "off"
        made.props["spellcheck"] = "false"
        if hint:
            made.props["placeholder"] = hint
        if filters:
            made.props["data-filter"] = ""
        if offers:
            made.props["list"] = f"offer-{offers}"


def check(label: str, name: str, *, on: bool) -> None:
    """A box of a form: its value is ``1`` when it is ticked."""
    with tag("label", classes="check"):
        made = tag("input")
        made.props["type"] = "checkbox"
        made.props["name"] = name
        made.props["value"] = "1"
        if on:
            made.props["checked"] = True
        tag("span", label)


def choice(label: str, name: str, value: str, choices: Mapping[str, str]) -> None:
    """One of a few values of a form; choices map values to words."""
    with tag("label", classes="field small"):
        tag("span", label)
        with tag("select") as made:
            made.props["name"] = name
            for each, text in choices.items():
                option = tag("option", text)
                option.props["value"] = each
                if each == value:
                    option.props["selected"] = True


def hidden(name: str, value: str) -> None:
    """A value that a form brings along."""
    made = tag("input")
    made.props["type"] = "hidden"
    made.props["name"] = name
    made.props["value"] = value


def offer(name: str, values: Iterable[str]) -> None:
    """What fields of this page offer, under a name."""
    ui.html(code.offers_html(name, values))


def submit(text: str) -> None:
    """The button that sends a form."""
    with tag("button", text, "button") as made:
        made.props["type"] = "submit"
