r"""Pasted text made readable: no colours, boxes, escapes or quoting, and where each letter was.

A denial reaches us through terminals, logs and JSON inside JSON. A `Reading` has the text
twice: `text`, where any run of blanks is one blank (`\n` when a line ended in it), and
`tight`, without blanks at all, in which a phrase is found however the lines were broken.
"""

from bisect import bisect_right
from functools import cached_property
from re import IGNORECASE, Match
from re import compile as pattern

__all__ = ["Reading", "read"]

_BLANK = "\\s\u200b\u200c\u2060\ufeff\u2500-\u257f\u21b5"  # the last are terraform's boxes
_ESCAPED_BLANK = r"(?:\\{1,16}(?:[nrt]|\r?\n)|<br ?/?>)"
# What a quoted or commented line starts with: `> `, `# `, `// `, `| `.
_LEADER = r"\n[ \t]{0,64}(?:[>#|]{1,4}|//)(?=\s)"
_ESCAPE = r"(?:\x1b|\\{1,4}(?:u001b|x1b|033|e)|\^\[)\[[0-9;?]{0,16}[A-Za-z]"
# A single blank is no noise: most are.
_GAP = (
    rf"(?P<blank>(?:{_LEADER}|[^\S ]|[\u200b-\u2060\ufeff\u2500-\u257f\u21b5]|{_ESCAPED_BLANK}"
    rf"| (?=[{_BLANK}\\]))(?:{_LEADER}|[{_BLANK}]|{_ESCAPED_BLANK})*)"
)
_NOISE = pattern(
    "|".join(
        (
            rf"(?P<colour>{_ESCAPE}|\[[0-9]{{1,2}}(?:;[0-9]{{1,3}}){{0,4}}m)",
            _GAP,
            r"\\{1,16}u00(?P<code>[0-9a-fA-F]{2})",
            r"\\{1,16}(?P<escaped>[\"'/`])",
            r"&(?:amp;){0,3}(?P<entity>quot|apos|lt|gt|amp|nbsp|#34|#39|#x22|#x27);",
            r"(?P<mark>[`\u201c\u201d\u201e\u2018\u2019])",
        )
    ),
    IGNORECASE,
)
_ENTITIES = {
    "quot": '"',
    "#34": '"',
    "#x22": '"',
    "apos": "'",
    "#39": "'",
    "#x27": "'",
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "nbsp": " ",
}
_MARKS = {"`": "", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'"}
_LINE_END = pattern("[\n\u21b5<]|\\\\[nr]", IGNORECASE)


class Reading:
    """A text and its readable forms; positions translate from one to the other."""

    def __init__(self, raw: str, text: str, starts: list[int], origins: list[int]) -> None:
        self.raw = raw
        self.text = text
        self._starts = starts
        self._origins = origins

    @cached_property
    def _letters(self) -> list[int]:
        return [place for place, letter in enumerate(self.text) if not letter.isspace()]

    @cached_property
    def tight(self) -> str:
        """The text without any blank."""
        return "".join(self.text.split())

    def loose(self, place: int) -> int:
        """Where in `text` the letter of `tight` at this place is."""
        return self._letters[place] if place < len(self._letters) else len(self.text)

    def squeezed(self, place: int) -> int:
        """Where in `tight` the letter of `text` at this place is, or the next one."""
        return bisect_right(self._letters, place - 1)

    def origin(self, place: int) -> int:
        """Where in the given text the letter of `text` at this place was."""
        if place >= len(self.text):
            return len(self.raw)
        piece = bisect_right(self._starts, place) - 1
        return self._origins[piece] + place - self._starts[piece]


def read(raw: str) -> Reading:
    r"""The readable forms of a text.

    >>> read(r'{\"Message\":\"User:\\n  arn').text
    '{"Message":"User:\narn'
    """
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    done = length = 0

    def add(piece: str, origin: int) -> None:
        nonlocal length
        if piece:
            pieces.append(piece)
            starts.append(length)
            origins.append(origin)
            length += len(piece)

    for noise in _NOISE.finditer(raw):
        add(raw[done : noise.start()], done)
        add(_meant(noise), noise.start())
        done = noise.end()
    add(raw[done:], done)
    return Reading(raw, "".join(pieces), starts, origins)


def _meant(noise: Match[str]) -> str:
    """What a piece of noise stands for."""
    match noise.lastgroup:
        case "blank":
            return "\n" if _LINE_END.search(noise[0]) else " "
        case "code":
            letter = chr(int(noise["code"], 16))
            return letter if letter.isprintable() else " "
        case "escaped":
            return noise["escaped"] if noise["escaped"] != "`" else ""
        case "entity":
            return _ENTITIES[noise["entity"].lower()]
        case "mark":
            return _MARKS[noise["mark"]]
    return ""
