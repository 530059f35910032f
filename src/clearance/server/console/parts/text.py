"""A plain HTML element with a text, which is never read as HTML."""

from __future__ import annotations

import re
from typing import Final

from nicegui.elements.mixins.text_element import TextElement

__all__ = ["breakable", "short", "tag"]


def tag(name: str, text: str = "", classes: str = "") -> TextElement:
    """An element; use it in a ``with`` to fill it."""
    made = TextElement(tag=name, text=text)
    if classes:
        made.classes(classes)
    return made


def breakable(name: str) -> str:
    """A long name that may break between its words.

    >>> breakable("InvokeFunction").split("\u200b")
    ['Invoke', 'Function']
    """
    return _WORD.sub("\u200b", name)


_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=:)")


def short(arn: str) -> str:
    """An ARN without what all of them begin with; put the whole into a title.

    >>> short("arn:aws:iam::123456789012:user/ana"), short("arn:aws:s3:::a/b.jpg"), short("*")
    ('user/ana', 'a/b.jpg', '*')
    """
    return arn.split(":", 5)[-1] if arn.startswith("arn:") else arn
