r"""The regular expressions of service models, which are Java's, as Python's.

Java's `\p{L}` becomes a class of the characters it names. A pattern that Python cannot say is no
pattern: it constrains nothing here, and the service's own code has to.
"""

import re
import sys
import unicodedata
import warnings
from collections.abc import Mapping
from functools import cache

__all__ = ["matches"]

_LONG = 2048

# Java's POSIX classes are ASCII: https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
_POSIX = {
    "ASCII": r"\x00-\x7F",
    "Alpha": "a-zA-Z",
    "Alnum": "a-zA-Z0-9",
    "Digit": "0-9",
    "Lower": "a-z",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Space": r" \t\n\x0B\f\r",
    "Blank": r" \t",
}
_NAMES = {"IsLetter": "L", "IsAlphabetic": "L", "IsDigit": "Nd", "IsPunctuation": "P"}

_TOKEN = re.compile(
    r"""
    (?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})
  | (?P<wide>\\x\{[0-9a-fA-F]+\})
  | \\(?P<sign>[pP])(?:\{(?P<named>\^?[A-Za-z_]+)\}|(?P<one>[A-Z]))
  | (?P<end>\\z)
  | (?P<shorthand>\\[wdsWDS]-(?!\]))
  | (?P<escape>\\.)
  | (?P<open>\[\^?)
  | (?P<close>\])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ONE_CLASS = re.compile(r"\^?(\[(?:[^\[\]\\]|\\.)*\]|\.)([*+]|\{\d+,?\d*\})?\$?", re.DOTALL)


def matches(pattern: str, text: str, maximum: float | None = None) -> bool:
    """True if the whole text matches.

    A text longer than ``maximum`` is faulty already; it is not worth a search that may be slow.
    """
    compiled = _compiled(pattern)
    if compiled is None:
        return True
    simple, expression = compiled
    if not simple and len(text) > (maximum if maximum is not None else _LONG):
        return True
    return expression.fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> tuple[bool, re.Pattern[str]] | None:
    translated = _translate(pattern)
    if translated is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            expression = re.compile(translated)
    except (re.error, OverflowError, FutureWarning, DeprecationWarning):
        return None
    return _ONE_CLASS.fullmatch(translated) is not None, expression


def _translate(pattern: str) -> str | None:
    """The pattern in Python's syntax, or None if it uses what Python has not."""
    if "&&" in pattern:
        return None
    out, inside = [], False
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup
        if kind == "pair":
            out.append(_astral(token["pair"]))
        elif kind == "wide":
            out.append(f"\\U{int(token['wide'][3:-1], 16):08x}")
        elif token["sign"]:
            members = _category(token["named"] or token["one"], token["sign"] == "P")
            if members is None:
                return None
            out.append(members if inside else f"[{members}]")
        elif kind == "end":
            out.append(r"\Z")
        elif kind == "shorthand" and inside:
            out.append(f"{token[0][:2]}\\-")  # `[\w-/]`: Java reads a hyphen, Python a bad range
        else:
            inside = (inside or kind == "open") and kind != "close"
            out.append(token[0])
    return "".join(out)


def _astral(pair: str) -> str:
    high, low = int(pair[2:6], 16), int(pair[8:12], 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _category(name: str, negated: bool) -> str | None:  # noqa: FBT001 - `P` is `p` negated
    """The inside of a class for one property; None if it has no name here."""
    if name in _POSIX:
        return None if negated else _POSIX[name]
    spans = _categories().get(_NAMES.get(name, name.removeprefix("Is")))
    if spans is None:
        return None
    if negated:
        edges = [-1, *(point for span in spans for point in span), sys.maxunicode + 1]
        gaps = zip(edges[::2], edges[1::2], strict=True)
        spans = [(low + 1, high - 1) for low, high in gaps if low + 1 <= high - 1]
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)


@cache
def _categories() -> Mapping[str, list[tuple[int, int]]]:
    """The characters of every Unicode general category, and of every first letter of one."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for point in range(sys.maxunicode + 1):
        full = unicodedata.category(chr(point))
        for name in (full[0], full):
            spans = runs.setdefault(name, [])
            if spans and spans[-1][1] == point - 1:
                spans[-1] = (spans[-1][0], point)
            else:
                spans.append((point, point))
    return runs
