"""What `--help` says: examples as a shell takes them, values by what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

__all__ = ["WIDTH", "first_sentence", "tables", "usage", "with_examples"]

WIDTH: Final = 100
_EXAMPLE: Final = 75  # so that it fits into a terminal of 80 columns
_WORD: Final = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
_TYPE: Final = re.compile(r"<(?:list\[)?([^\]>]*)\]?>")
_TYPES: Final = {"str": "TEXT", "int": "NUMBER", "int range": "NUMBER", "float": "NUMBER"}


def first_sentence(text: str) -> str:
    r"""What a command does, in a line.

    >>> first_sentence("Decide one request, e.g. this.\n\nExit code: 0.")
    'Decide one request, e.g. this.'
    """
    paragraph = " ".join(text.partition("\n\n")[0].split())
    sentence, more, _ = paragraph.partition(". ")
    if sentence.endswith("e.g"):
        return paragraph
    return sentence + "." if more else sentence


def usage(params: Iterable[Any]) -> list[str]:
    """What follows a command's name: options, then arguments, optional ones in brackets."""
    return ["[OPTIONS]", *(_placed(each) for each in params if _is_argument(each))]


def tables(params: Sequence[Any], ctx: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:  # noqa: ANN401 - Typer keeps click's classes private
    """Arguments and options: a title, and rows of what to write and what it means."""
    arguments, options = [], []
    for each in params:
        record = each.get_help_record(ctx)
        if record is not None and _is_argument(each):
            arguments.append((_name(each), record[1]))
        elif record is not None:
            options.append((_TYPE.sub(_typed, record[0]), record[1]))
    if arguments:
        yield "Arguments", arguments
    if options:
        yield "Options", options


def _is_argument(param: Any) -> bool:  # noqa: ANN401
    return bool(param.param_type_name == "argument")


def _name(param: Any) -> str:  # noqa: ANN401
    name: str = param.metavar or param.name.upper()
    return name


def _placed(param: Any) -> str:  # noqa: ANN401
    name = _name(param) if param.required else f"[{_name(param)}]"
    return name + ("..." if param.nargs == -1 else "")


def _typed(found: re.Match[str]) -> str:
    kind = found[1]
    return _TYPES.get(kind, kind if "|" in kind else kind.upper())


def with_examples(text: str) -> str:
    r"""Help whose examples keep their lines: a paragraph that starts with ``Example:`` each.

    >>> with_examples("Do it.\n\nExample: clearance do\nit")
    'Do it.\n\n\x08\nExample:\n  clearance do it'
    """
    return "\n\n".join(map(_paragraph, text.split("\n\n")))


def _paragraph(text: str) -> str:
    if not text.startswith("Example:"):
        return text
    words = _WORD.findall(text.removeprefix("Example:"))
    return "\b\n" + "\n".join(["Example:", *_lines(words)])  # \b: click keeps the lines


def _lines(words: Iterable[str]) -> Iterator[str]:
    """Lines that fit, joined as a shell joins them."""
    line = " "
    for word in words:
        if len(line) + len(word) > _EXAMPLE and line.strip():
            yield f"{line} \\"
            line = "     "
        line += f" {word}"
    yield line
