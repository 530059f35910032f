"""Tables in the pages that are read off the engine, so that they cannot be out of date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from clearance.decide.combine import GRANTS
from clearance.decide.special_cases import ROWS
from clearance.model.decision import CheckType

__all__ = ["MADE", "filled"]

MADE: Final = re.compile(
    r"^<!-- made: (?P<name>[a-z-]+) -->\n.*?^<!-- /made -->$", re.MULTILINE | re.DOTALL
)


def filled(page: str) -> str:
    """The page with every table in it made anew."""
    return MADE.sub(
        lambda found: f"<!-- made: {found['name']} -->\n{TABLES[found['name']]()}<!-- /made -->",
        page,
    )


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def grants() -> str:
    """What a resource policy's Allow still needs, by how it names the caller."""
    order = list(CheckType)
    rows = (
        (
            naming.value,
            ", ".join(kind.value for kind in order if kind in needed) or "nothing",
        )
        for naming, needed in sorted(GRANTS.items(), key=lambda item: len(item[1]))
    )
    return table(("the resource policy names the caller as", "what else must allow"), rows)


def special_cases() -> str:
    """The rows of special cases: what each says, by its rule."""
    return table(("what is different", "rule"), (_special(row.__doc__ or "") for row in ROWS))


def _special(doc: str) -> tuple[str, str]:
    text = " ".join(doc.split())
    rules = ", ".join(re.findall(r"R\d+[a-z]?", text))
    return re.sub(r" \(R\d+[a-z]?(?:, R\d+[a-z]?)*\)", "", text), rules


def outputs() -> str:
    """What prints JSON, and the schema of it."""
    from outputs import OUTPUTS

    found = {**OUTPUTS, "explanation": ("`explain --format json`", None)}
    rows = (
        (f"`clearance` {command}", f"[{name}](schemas/{name}.schema.json)")
        for name, (command, _) in sorted(found.items())
    )
    return table(("printed by", "schema"), rows)


def exit_codes() -> str:
    """What each command's help says of its exit code."""
    return table(("command", "exit code"), _exit_codes())


def _exit_codes() -> Iterator[tuple[str, str]]:
    from build import commands, help_of

    for words in ([name, *more] for name in commands() for more in _words(commands(name))):
        told = re.search(r"Exit code:? (.+?)\.\n", help_of(*words) + "\n", re.DOTALL)
        if told:
            means = " ".join(told[1].split())
            parts = re.sub(r"\b(\d)\b", r"**\1**", means)
            yield f"[`{' '.join(words)}`](cli.md#clearance-{'-'.join(words)})", parts


def _words(inner: Sequence[str]) -> list[list[str]]:
    return [[], *([name] for name in inner)]


def dataset() -> str:
    """The columns of a dataset, as its definition tells them."""
    from clearance.batch import dataset as defined

    told = re.findall(r"^\| (``.+?) \| (.+) \|$", defined.__doc__ or "", re.MULTILINE)
    rows = ((name.replace("``", "`"), holds.replace("``", "`")) for name, holds in told)
    return table(("column", "holds"), rows)


def glossary_layers() -> str:
    """The layers in the order in which AWS reports them."""
    return table(
        ("name in JSON", "in words"), ((f"`{kind.name}`", kind.value) for kind in CheckType)
    )


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "grants": grants,
    "special-cases": special_cases,
    "dataset": dataset,
    "exit-codes": exit_codes,
    "outputs": outputs,
    "layers": glossary_layers,
}
