"""Which context keys any policy of some estates speaks of; the others cannot change a decision."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from clearance.model.estate import Estate

__all__ = ["Spoken", "texts_of", "unescaped"]


class Spoken:
    """The keys that policies test or put into patterns; too many rather than too few.

    Every text of the estates is searched, so that no kind of policy can be forgotten.

    >>> "aws:SourceIp" in Spoken(Estate())
    False
    """

    __slots__ = ("_known", "_text")

    def __init__(self, *estates: Estate) -> None:
        texts = {text for estate in estates for text in texts_of(estate)}
        self._text = "\n".join(part for text in texts for part in unescaped(text)).lower()
        self._known: dict[str, bool] = {}

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = key.lower() in self._text
        return found


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value that could name a context key."""
    if isinstance(value, str):
        if ":" in value:
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from texts_of(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))


def unescaped(text: str) -> Iterator[str]:
    """The strings of a JSON text, escapes undone and doubled names kept; else the text."""
    if text.lstrip().startswith("{"):
        try:
            yield from _strings(json.loads(text, object_pairs_hook=list))
        except (ValueError, RecursionError):
            yield text
    else:
        yield text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
