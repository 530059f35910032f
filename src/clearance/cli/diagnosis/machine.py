"""This installation and the programs it may need."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from clearance.cli.diagnosis.finding import Checked, fine, note, problem
from clearance.cli.extras import EXTRAS

__all__ = ["machine"]

OLDEST: Final = (3, 11)
CHROMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS: Final = 5


def machine() -> Iterator[Checked]:
    """Python, the package, its extras, Node.js and a browser."""
    here = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= OLDEST:
        yield fine("python", here)
    else:
        yield problem("python", here, "use Python 3.11 or newer")
    yield fine("clearance", f"{version('clearance')} ({Path(__file__).parents[2]})")
    for extra, packages in EXTRAS.items():
        missing = [name for name in packages if find_spec(name) is None]
        if sys.platform == "win32":
            missing = [name for name in missing if name not in {"awslambdaric", "uvloop"}]
        if missing:
            yield note(
                f"extra {extra}",
                f"not installed: {', '.join(missing)}",
                f"pip install 'clearance[{extra}]'",
            )
        else:
            yield fine(f"extra {extra}", "installed")
    yield _encoding()
    yield _node()
    yield _browser()
    yield _aws_cli()


def _encoding() -> Checked:
    used = (sys.stdout.encoding or "unknown").lower()
    if used.replace("-", "") == "utf8":
        return fine("terminal", "UTF-8")
    says = f"writes {used}; characters it does not have are shown as `?`"
    return note("terminal", says, "export LC_ALL=C.UTF-8")


def _node() -> Checked:
    said = _said("node", "--version")
    if said is None:
        return note("node", "not found", "needed only to run Lambda functions in Node.js")
    return fine("node", said)


def _browser() -> Checked:
    found = next((path for name in CHROMES if (path := shutil.which(name))), None)
    if found is None:
        return note("chromium", "not found", "needed only for the tests of the console")
    return fine("chromium", found)


def _aws_cli() -> Checked:
    if found := shutil.which("aws"):
        return fine("aws cli", found)
    try:
        return fine("aws cli", f"{version('awscli')}, as `python -m awscli`")
    except PackageNotFoundError:
        return note("aws cli", "not found", "needed only to call the endpoint by hand")


def _said(*command: str) -> str | None:
    if (path := shutil.which(command[0])) is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - found on the path
            [path, *command[1:]], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
