"""Which extra brings which package: as pyproject.toml has it, and said when one is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

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
