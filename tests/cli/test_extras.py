"""Which extra brings which package: as pyproject.toml has it, and said when one is missing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.cli.somebody import BOB, FUNCTION, saved

from clearance.cli.extras import EXTRAS

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))


def test_every_extra_and_every_package_is_known() -> None:
    brings = packages_distributions()
    wanted = {
        extra: {re.split(r"[\[<>=;]", each)[0].strip() for each in needed}
        for extra, needed in PROJECT["project"]["optional-dependencies"].items()
        if extra not in {"all", "dev", "spark"}
    }
    told = {
        extra: {name.lower() for package in packages for name in brings.get(package, [package])}
        for extra, packages in EXTRAS.items()
    }
    assert {k: {name.lower() for name in v} for k, v in wanted.items()} == told


def test_a_missing_package_is_an_error_that_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['clearance', 'serve', '--port', "
        "'0']; from clearance.cli.main import main; main()"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: `uvicorn` is not installed; run `pip install 'clearance[serve]'`\n"
    )


WITHOUT = """
import contextlib, io, json, sys
for name in {packages!r}:
    sys.modules[name] = None
from clearance.cli.main import main
for words in {commands!r}:
    sys.argv = ["clearance", *words]
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            main()
        code = 0
    except SystemExit as stopped:
        code = stopped.code or 0
    print(json.dumps([words[0], code, len(out.getvalue())]))
"""


def test_what_needs_no_extra_works_without_any(tmp_path: Path) -> None:
    estate = saved(tmp_path).name
    file = tmp_path / "p.json"
    file.write_text(
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
    )
    asked = ["lambda:InvokeFunction", FUNCTION]
    said = ["--principal", "bob", "--action", asked[0], "--resource", FUNCTION]
    commands = [
        ["check", "bob", *asked, "-e", estate],
        ["check", BOB, *asked, "-p", file.name],
        ["who-can", *asked, "-e", estate],
        ["what-can", "bob", "-e", estate],
        ["actions", "s3:Get*Acl"],
        ["explain", "-e", estate, *said],
        ["validate", file.name],
        ["prove", "unreachable", file.name],
        ["diff", estate, estate],
        ["escalations", "-e", estate],
        ["estate", estate],
        ["init", "made"],
        ["test", "made"],
        ["doctor"],
    ]
    packages = [name for extra in EXTRAS.values() for name in extra]
    code = WITHOUT.format(packages=packages, commands=commands)
    words = [sys.executable, "-c", code]
    env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=env, check=True)
    assert done.stderr == ""
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, _, _ in told] == [each[0] for each in commands]
    for name, code_, length in told:
        assert code_ in {0, 1}, name
        assert length, name
