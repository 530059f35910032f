"""The field above a list that narrows it; the key ``/`` goes to it."""

from __future__ import annotations

from nicegui import ui

__all__ = ["filter_box"]


def filter_box(hint: str, label: str, *, value: str = "", wait: int = 100) -> ui.input:
    """A field for words to look for; ``wait`` are the milliseconds of rest before they count."""
    box = ui.input(value=value, placeholder=hint)
    box.props("outlined dense clearable")
    box.props["debounce"] = wait
    box.props["aria-label"] = label
    box.props["data-filter"] = ""
    box.classes("grow")
    return box
