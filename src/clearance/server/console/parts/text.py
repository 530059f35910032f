"""A plain HTML element with a text, which is never read as HTML."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement

__all__ = ["tag"]


def tag(name: str, text: str = "", classes: str = "") -> TextElement:
    """An element; use it in a ``with`` to fill it."""
    made = TextElement(tag=name, text=text)
    if classes:
        made.classes(classes)
    return made
