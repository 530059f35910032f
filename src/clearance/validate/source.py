"""JSON that may be broken: everything that can be read, with positions, and every fault.

The strict reader of ``parse`` stops at the first fault and is right to. This one goes on, so that
one run tells all. On text without a fault the two agree.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from clearance.validate.finding import Edit, Fix

__all__ = ["Fault", "Kind", "Member", "Node", "read"]

MAX_DEPTH: Final = 60
MAX_FAULTS: Final = 25


class Kind(Enum):
    """What a node is. OPAQUE stands for a value known only at deployment, such as ``!Ref``."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    OPAQUE = "expression"
    BROKEN = "nothing"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with the characters it takes; ``text`` is what a scalar says."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    members: tuple[Member, ...] = ()
    items: tuple[Node, ...] = ()

    def get(self, key: str) -> Node | None:
        """The value of a key; the last one when it occurs twice, as JSON readers do."""
        return next((m.value for m in reversed(self.members) if m.key == key), None)

    @property
    def is_scalar(self) -> bool:
        """True for what a policy may write as one value (R9)."""
        return self.kind in {Kind.STRING, Kind.NUMBER, Kind.BOOLEAN, Kind.OPAQUE}


@dataclass(frozen=True, slots=True)
class Member:
    """One key with its value."""

    key: str
    start: int
    end: int
    value: Node


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the text is not JSON."""

    start: int
    end: int
    problem: str
    fix: Fix | None = None


def read(text: str) -> tuple[Node, tuple[Fault, ...]]:
    """Everything that can be read of a text, and what is wrong with it."""
    reader = _Reader(text)
    node = reader.document()
    return node, tuple(reader.faults)


_SPACE: Final = re.compile(r"[ \t\n\r]+")
_ODD_SPACE: Final = re.compile(r"[\s\ufeff\u200b]+")
_COMMENT: Final = re.compile(r"//[^\n]*|#[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_CURLY: Final = re.compile(r"[“”]([^“”\"\n]*)[“”]")
_SINGLE: Final = re.compile(r"'(?:[^'\\\n]|\\.)*'")
_LITERAL: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])")
_WORD: Final = re.compile(r"[^\s,:\[\]{}\"'“”]+")
_WORDS: Final = {"true": Kind.BOOLEAN, "false": Kind.BOOLEAN, "null": Kind.NULL}
_PYTHON: Final = {"True": "true", "False": "false", "None": "null"}


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.faults: list[Fault] = []
        self.ended = False

    def document(self) -> Node:
        self._skip()
        if self.at >= len(self.text):
            self._fault(0, len(self.text), "the document is empty")
            return Node(Kind.BROKEN, 0, len(self.text))
        node = self._value(0)
        self._skip()
        if self.at < len(self.text):
            self._fault(self.at, len(self.text), "more text after the end of the document")
        return node

    def _fault(self, start: int, end: int, problem: str, fix: Fix | None = None) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(start, max(end, start), problem, fix))

    def _skip(self) -> None:
        while True:
            if found := _SPACE.match(self.text, self.at):
                self.at = found.end()
            elif found := _COMMENT.match(self.text, self.at):
                fix = Fix("remove the comment", (Edit(self.at, found.end(), ""),))
                self._fault(self.at, found.end(), "JSON has no comments", fix)
                self.at = found.end()
            elif found := _ODD_SPACE.match(self.text, self.at):
                fix = Fix("write a plain space", (Edit(self.at, found.end(), " "),))
                self._fault(self.at, found.end(), "this kind of space is not JSON", fix)
                self.at = found.end()
            else:
                return

    def _value(self, depth: int) -> Node:
        self._skip()
        start = self.at
        here = self.text[start : start + 1]
        if depth > MAX_DEPTH:
            self._fault(start, start + 1, "nested too deeply to be a policy")
            self.at = len(self.text)
            return Node(Kind.BROKEN, start, self.at)
        if here == "{":
            return self._object(depth)
        if here == "[":
            return self._array(depth)
        if here in {'"', "'", "“", "”"}:
            return self._string()
        return self._scalar()

    def _scalar(self) -> Node:
        start = self.at
        if found := _LITERAL.match(self.text, start):
            self.at = found.end()
            return Node(Kind.NUMBER, start, self.at, found.group())
        found = _WORD.match(self.text, start)
        if found is None:
            self._fault(start, start + 1, "a value is missing")
            return Node(Kind.BROKEN, start, start)
        word = found.group()
        self.at = found.end()
        if word in _WORDS:
            return Node(_WORDS[word], start, self.at, word)
        if word in _PYTHON:
            right = _PYTHON[word]
            fix = Fix(f"write `{right}`", (Edit(start, self.at, right),))
            self._fault(start, self.at, f"`{word}` is `{right}` in JSON", fix)
            return Node(_WORDS[right], start, self.at, right)
        fix = Fix("put it in quotes", (Edit(start, self.at, json.dumps(word)),))
        self._fault(start, self.at, f"`{word[:40]}` needs quotes", fix)
        return Node(Kind.STRING, start, self.at, word)

    def _string(self) -> Node:
        start = self.at
        if found := _STRING.match(self.text, start):
            self.at = found.end()
            try:
                return Node(Kind.STRING, start, self.at, json.loads(found.group()))
            except ValueError as error:
                self._fault(start, self.at, _why(error))
                return Node(Kind.STRING, start, self.at, found.group()[1:-1])
        for pattern, cut in ((_CURLY, 1), (_SINGLE, 1)):
            if found := pattern.match(self.text, start):
                self.at = found.end()
                inner = found.group()[cut:-cut]
                fix = Fix('write `"`', (Edit(start, self.at, json.dumps(inner)),))
                self._fault(start, self.at, 'texts stand in `"` in JSON', fix)
                return Node(Kind.STRING, start, self.at, inner)
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        self._fault(start, end, "the text has no closing quote")
        self.at = end
        return Node(Kind.STRING, start, end, self.text[start + 1 : end].rstrip(" \t\r,"))

    def _object(self, depth: int) -> Node:
        start, members = self.at, list[Member]()
        self.at += 1
        comma: int | None = None
        while True:
            self._skip()
            here = self.text[self.at : self.at + 1]
            if here in {"}", "", "]"}:
                self._close(start, "}", here, comma)
                return Node(Kind.OBJECT, start, self.at, members=tuple(members))
            if here == ",":
                fix = Fix("remove the comma", (Edit(self.at, self.at + 1, ""),))
                self._fault(self.at, self.at + 1, "a comma too many", fix)
                self.at += 1
                continue
            if members and comma is None:
                self._missing_comma(members[-1].value.end)
            before = self.at
            member = self._member(depth)
            if member is not None:
                members.append(member)
            comma = self._comma()
            if self.at == before:
                self.at += 1

    def _member(self, depth: int) -> Member | None:
        start = self.at
        if self.text[start] in "\"'“”":
            key = self._string()
        elif found := _WORD.match(self.text, start):
            self.at = found.end()
            key = Node(Kind.STRING, start, self.at, found.group())
            fix = Fix("put it in quotes", (Edit(start, self.at, json.dumps(key.text)),))
            self._fault(start, self.at, f"the key `{key.text[:40]}` needs quotes", fix)
        else:
            self._fault(start, start + 1, f"`{self.text[start]}` does not belong here")
            self.at += 1
            return None
        self._skip()
        if self.text[self.at : self.at + 1] != ":":
            fix = Fix("write a colon", (Edit(key.end, key.end, ":"),))
            wrong = self.text[self.at : self.at + 1] in {"", ",", "}", "]"}
            problem = f"the key `{key.text[:40]}` has no value" if wrong else "a colon is missing"
            self._fault(key.start if wrong else key.end, key.end, problem, None if wrong else fix)
            if wrong:
                return Member(key.text, key.start, key.end, Node(Kind.BROKEN, self.at, self.at))
        else:
            self.at += 1
        return Member(key.text, key.start, key.end, self._value(depth + 1))

    def _array(self, depth: int) -> Node:
        start, items = self.at, list[Node]()
        self.at += 1
        comma: int | None = None
        while True:
            self._skip()
            here = self.text[self.at : self.at + 1]
            if here in {"]", "", "}"}:
                self._close(start, "]", here, comma)
                return Node(Kind.ARRAY, start, self.at, items=tuple(items))
            if here in {",", ":"}:
                fix = Fix(f"remove `{here}`", (Edit(self.at, self.at + 1, ""),))
                self._fault(
                    self.at, self.at + 1, f"`{here}` too many", fix if here == "," else None
                )
                self.at += 1
                continue
            if items and comma is None:
                self._missing_comma(items[-1].end)
            before = self.at
            items.append(self._value(depth + 1))
            comma = self._comma()
            if self.at == before:
                self.at += 1

    def _comma(self) -> int | None:
        self._skip()
        if self.text[self.at : self.at + 1] != ",":
            return None
        self.at += 1
        return self.at - 1

    def _missing_comma(self, end: int) -> None:
        self._fault(
            end, end + 1, "a comma is missing", Fix("write a comma", (Edit(end, end, ","),))
        )

    def _close(self, start: int, wanted: str, here: str, comma: int | None) -> None:
        if comma is not None:
            fix = Fix("remove the comma", (Edit(comma, comma + 1, ""),))
            self._fault(comma, comma + 1, "a comma before the closing bracket", fix)
        if here == wanted:
            self.at += 1
            return
        opening = self.text[start]
        end = self.at
        while end > start + 1 and self.text[end - 1] in " \t\r\n":
            end -= 1
        fix = Fix(f"write `{wanted}`", (Edit(end, end, wanted),))
        # Where a bracket is missing in the middle only its owner knows its place; at the end the
        # innermost is closed first.
        sure = not here and not self.ended
        self.ended = self.ended or not here
        problem = f"this `{opening}` is never closed"
        self._fault(start, start + 1, problem, fix if sure else None)


def _why(error: ValueError) -> str:
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"{reason[:1].lower()}{reason[1:]}"
