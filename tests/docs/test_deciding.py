"""What docs/deciding.md shows is what the commands print."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from tests.cli.run import clearance

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deciding.md").read_text("utf-8")
SHOWN = re.findall(r"```console\n\$ (.*?[^\\])\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[c.split("\n")[0][:60] for c, _ in SHOWN])
def test_the_page_shows_what_is_printed(command: str, shown: str) -> None:
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "clearance"
    ran = clearance(*words[1:], cwd=ROOT)
    assert (ran.out + ran.err).rstrip() == shown.rstrip()


def test_the_python_on_the_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    found = doctest.DocTestParser().get_doctest(block, {}, "deciding", None, 0)
    results = doctest.DocTestRunner(verbose=False).run(found)
    assert results.attempted > 3
    assert results.failed == 0
