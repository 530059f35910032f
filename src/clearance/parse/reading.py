"""JSON text to plain values, at the speed of the standard library, and places when wanted.

Reading is quick and keeps no positions; when something is wrong (or somebody asks) the text is
read a second time by a slower reader that knows where everything stands.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeAlias

from clearance.model.errors import PolicyError, Span

__all__ = ["Number", "Path", "excerpt", "fail", "locate", "path_text", "read_json", "spans"]

Path: TypeAlias = tuple[str | int, ...]

MAX_DEPTH: Final = 60


class Number(str):
    """A JSON number, kept as it was written; AWS accepts ``10`` for ``"10"`` (R9)."""

    __slots__ = ()


class _DuplicateKey(Exception):  # noqa: N818
    def __init__(self, key: str) -> None:
        self.key = key


class _Constant(Exception):  # noqa: N818
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKey(key)
            seen.add(key)
    return found


def _constant(name: str) -> NoReturn:
    raise _Constant(name)


def read_json(text: str) -> Any:  # noqa: ANN401
    """Plain values of a JSON text: duplicate keys, NaN and deep nesting are refused (R1).

    Raises:
        PolicyError: with line and column.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        span = Span(error.lineno, error.colno, error.lineno, error.colno)
        problem = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise PolicyError(problem, span, excerpt=excerpt(text, span)) from None
    except RecursionError:
        raise PolicyError("nested too deeply to be a policy") from None
    except _DuplicateKey as error:
        path = _Reader(text).duplicate()
        fail(text, f"key `{error.key}` occurs twice in one object", path or ())
    except _Constant as error:
        raise PolicyError(f"`{error}` is not JSON") from None


def fail(text: str, problem: str, path: Path) -> NoReturn:
    """Raise a PolicyError at a JSON path of the text."""
    span = locate(text, path)
    raise PolicyError(problem, span, path_text(path), excerpt(text, span) if span else "")


def path_text(path: Path) -> str:
    """A JSON path as people read it.

    >>> path_text(("Statement", 0, "Condition", "Bool", "aws:SecureTransport"))
    'Statement[0].Condition.Bool["aws:SecureTransport"]'
    """
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif not step:  # the next step names a key itself, not its value
            continue
        elif re.fullmatch(r"\w+", step):
            parts.append(f".{step}" if parts else step)
        else:
            parts.append(f"[{json.dumps(step)}]")
    return "".join(parts)


_SHOWN: Final = 92  # with the line's number in front, a line of 100 columns


def excerpt(text: str, span: Span) -> str:
    """The source line with a caret under the place."""
    lines = text.split("\n")  # the line ends JSON knows; `splitlines` knows more
    if not 0 < span.line <= len(lines):
        return ""
    line = lines[span.line - 1].rstrip("\r")
    start = max(0, span.column - 1 - 60)
    shown = line[start : start + _SHOWN]
    end = span.end_column if span.end_line == span.line else len(line)
    width = max(1, min(end, start + _SHOWN) - span.column + 1)
    gutter = f"{span.line:>5} | "
    return f"{gutter}{shown}\n{' ' * len(gutter)}{' ' * (span.column - 1 - start)}{'^' * width}"


def locate(text: str, path: Path) -> Span | None:
    """Where a JSON path stands in the text; None when it is not there."""
    return spans(text).get(path)


def spans(text: str) -> Mapping[Path, Span]:
    """Every value of the text by JSON path. A key's place is at ``path + ("", key)``."""
    return _Reader(text).read()


_SPACE: Final = re.compile(r"[ \t\n\r]*")
_SCALAR: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+', re.DOTALL)


class _Reader:
    """A second, slower reading of a text that may be broken; it stops where the text does."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: dict[Path, tuple[int, int]] = {}
        self.twice: Path | None = None

    def read(self) -> Mapping[Path, Span]:
        self._value(0, (), 0)
        starts = [0, *(m.end() for m in re.finditer(r"\n", self.text))]
        return {path: self._span(starts, *ends) for path, ends in self.found.items()}

    def duplicate(self) -> Path | None:
        self._value(0, (), 0)
        return self.twice

    def _span(self, starts: list[int], first: int, last: int) -> Span:
        line, end = bisect_right(starts, first), bisect_right(starts, max(first, last - 1))
        return Span(
            line, first - starts[line - 1] + 1, end, max(first, last - 1) - starts[end - 1] + 1
        )

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _value(self, at: int, path: Path, depth: int) -> int:
        at = self._skip(at)
        if at >= len(self.text) or depth > MAX_DEPTH:
            return len(self.text)
        opening = self.text[at]
        if opening == "{":
            end = self._members(at + 1, path, depth)
        elif opening == "[":
            end = self._items(at + 1, path, depth)
        else:
            match = _SCALAR.match(self.text, at)
            end = match.end() if match else at + 1
        self.found.setdefault(path, (at, end))
        return end

    def _members(self, at: int, path: Path, depth: int) -> int:
        seen: set[str] = set()
        while True:
            at = self._skip(at)
            match = _SCALAR.match(self.text, at)
            if match is None or not match.group().startswith('"'):
                return at + 1
            try:
                key = json.loads(match.group(), strict=False)
            except ValueError:
                return len(self.text)
            inner = (*path, key)
            if key in seen and self.twice is None:
                self.twice = inner
                self.found.pop(inner, None)
            seen.add(key)
            self.found[(*path, "", key)] = (match.start(), match.end())
            at = self._skip(match.end())
            if self.text[at : at + 1] != ":":
                return at + 1
            at = self._skip(self._value(at + 1, inner, depth + 1))
            if self.text[at : at + 1] != ",":
                return at + 1
            at += 1

    def _items(self, at: int, path: Path, depth: int) -> int:
        index = 0
        while True:
            at = self._skip(at)
            if self.text[at : at + 1] in {"]", ""}:
                return at + 1
            at = self._skip(self._value(at, (*path, index), depth + 1))
            if self.text[at : at + 1] != ",":
                return at + 1
            at, index = at + 1, index + 1
