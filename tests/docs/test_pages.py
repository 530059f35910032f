"""Who does what a page says sees what it shows."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Final

import pytest
from tests.docs.pages import Command, Doctest, read, steps
from tests.docs.reader import reader, same

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
RUN: Final = (
    "audit-history",
    "console",
    "deciding",
    "endpoint",
    "escalations",
    "file-formats",
    "least-privilege",
    "policy-tests",
    "prove",
    "pytest",
    "tutorial",
    "validate",
)
PAGES: Final = sorted(
    [
        *(DOCS / f"{name}.md" for name in RUN),
        ROOT / "README.md",
        *DOCS.glob("how-to/*.md"),
    ]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_reader_sees_what_the_page_shows(page: Path) -> None:
    ran = 0
    with reader() as found:
        for step in read(page):
            printed = found.do(step)
            where = f"{page.relative_to(ROOT)}:{step.line}"
            if isinstance(step, Doctest):
                assert not printed, f"{where}\n{printed}"
            elif isinstance(step, Command) and not same(step.shown, printed):
                diff = difflib.ndiff(step.shown.splitlines(), printed.splitlines())
                pytest.fail(f"{where}: $ {step.text}" + "\n".join(diff), pytrace=False)
            ran += not isinstance(step, Doctest)
    assert ran, "the page has nothing to do"


def test_a_step_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.docs.reader.PATIENCE", 0.2)
    (step,) = steps("```console\n$ sleep 600\n```\n")
    with pytest.raises(AssertionError, match="ended in `sleep 600`"), reader() as found:
        found.do(step)


def test_every_command_of_a_block_is_found() -> None:
    page = "```console\n$ echo a \\\n    b\na b\n$ cat <<END\nx\nEND\nx\n```\n"
    first, second = steps(page)
    assert isinstance(first, Command)
    assert isinstance(second, Command)
    assert (first.text, first.shown) == ("echo a \\\n    b\n", "a b\n")
    assert (second.text, second.shown) == ("cat <<END\nx\nEND\n", "x\n")


def test_a_page_that_shows_something_else_is_found_out() -> None:
    assert same("key ...\n", "key AKIA123\n")
    assert not same("key ...\n", "no\n")
    (step,) = steps("```console\n$ echo $((1 + 1))\n3\n```\n")
    assert isinstance(step, Command)
    with reader() as found:
        assert not same(step.shown, found.do(step))


def test_the_readme_opens_with_what_the_tutorial_comes_to() -> None:
    readme, tutorial = (
        path.read_text("utf-8") for path in (ROOT / "README.md", DOCS / "tutorial.md")
    )
    shown = readme[readme.index("DENIED  lambda") : readme.index("```\n\n## Two commands")]
    assert shown in tutorial
