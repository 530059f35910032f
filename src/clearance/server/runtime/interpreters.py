"""Which runtimes this machine can run, and with what.

A function gets exactly the version it asks for: code that runs on 3.11 may not on 3.13, and a
test that passes on the wrong one is worse than a refusal. Python is looked for in this
interpreter first, then as `python3.N` on the path, and must have `awslambdaric`.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clearance.server.runtime.spec import RuntimeUnavailable

__all__ = ["Interpreter", "Interpreters"]

HERE = Path(__file__).parent / "bootstraps"
PYTHONS = tuple(f"python3.{minor}" for minor in range(8, 16))
NODES = tuple(f"nodejs{major}.x" for major in range(16, 28, 2))
CUSTOM = ("provided", "provided.al2", "provided.al2023")
PROBE_SECONDS = 30

# Prints the version and where the packages are that Lambda's Python runtimes bring along.
PROBE = r"""
import json, re, sys
from importlib import metadata
found, todo = {}, ["awslambdaric", "boto3"]
seen = set()
while todo:
    name = todo.pop()
    if name in seen:
        continue
    seen.add(name)
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    for file in package.files or ():
        top = file.parts[0]
        if top not in ("..", "__pycache__") and "/" not in top:
            found[top] = str(package.locate_file(top))
    for needed in package.requires or ():
        if "extra ==" not in needed:
            todo.append(re.match(r"[A-Za-z0-9._-]+", needed)[0])
import awslambdaric
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "packages": found}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How to start a runtime; without ``command`` the function brings its own `bootstrap`.

    ``home`` is `/var/runtime`: links to `awslambdaric`, boto3 and what they need, and to
    nothing else. With it and `-S` the function sees what Lambda offers, and neither
    Clearance nor whatever else is installed next to it.
    """

    runtime: str
    version: str
    home: Path
    command: tuple[str, ...] = ()


class Interpreters:
    """Found once, remembered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, asyncio.Task[Interpreter | None]] = {}

    async def find(self, runtime: str) -> Interpreter:
        """The interpreter of a runtime, or why there is none."""
        found = await self._look(runtime)
        if found is None:
            raise RuntimeUnavailable(await self._why(runtime))
        return found

    async def available(self) -> tuple[str, ...]:
        """Every runtime that can run here."""
        names = (*PYTHONS, *NODES, *CUSTOM)
        found = await asyncio.gather(*(self._look(name) for name in names))
        return tuple(each.runtime for each in found if each is not None)

    async def _look(self, runtime: str) -> Interpreter | None:
        task = self._found.get(runtime)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(_look, runtime, self._folder))
            self._found[runtime] = task
        # A caller that gives up must not spoil the answer for the others.
        return await asyncio.shield(task)

    async def _why(self, runtime: str) -> str:
        can = ", ".join(f"`{name}`" for name in await self.available())
        if runtime in PYTHONS:
            how = f"; install {runtime} and, with it, the packages awslambdaric and boto3"
        elif runtime in NODES:
            how = f"; install Node.js {_digits(runtime)} as `node` on the path"
        else:
            how = ""
        return f"runtime `{runtime}` cannot run on this machine, which has {can}{how}"


def _look(runtime: str, folder: Path) -> Interpreter | None:
    home = folder / runtime
    if runtime in PYTHONS:
        return _python(runtime, home)
    if runtime in NODES:
        return _node(runtime, home)
    if runtime in CUSTOM:
        home.mkdir(parents=True, exist_ok=True)
        return Interpreter(runtime, runtime.partition(".")[2], home)
    return None


def _python(runtime: str, home: Path) -> Interpreter | None:
    wanted = runtime.removeprefix("python")
    own = sys.executable if wanted == f"{sys.version_info[0]}.{sys.version_info[1]}" else None
    for executable in (own, shutil.which(runtime)):
        if executable is None:
            continue
        found = _probe(executable)
        if found is None or not found[0].startswith(f"{wanted}."):
            continue
        _link(found[1], home)
        command = (executable, "-S", "-B", "-X", "utf8", f"{HERE / 'bootstrap.py'}", f"{home}")
        return Interpreter(runtime, found[0], home, command)
    return None


def _node(runtime: str, home: Path) -> Interpreter | None:
    executable = shutil.which("node") or shutil.which("nodejs")
    printed = _output(executable, "--version") if executable else None
    if executable is None or printed is None:
        return None
    version = printed.strip().removeprefix("v")
    if version.partition(".")[0] != _digits(runtime):
        return None
    home.mkdir(parents=True, exist_ok=True)
    command = (executable, "--no-warnings", f"{HERE / 'bootstrap.mjs'}")
    return Interpreter(runtime, version, home, command)


def _probe(executable: str) -> tuple[str, Mapping[str, str]] | None:
    printed = _output(executable, "-c", PROBE)
    if printed is None:
        return None
    try:
        found = json.loads(printed)
        return found["version"], found["packages"]
    except (ValueError, LookupError, TypeError):
        return None


def _output(*command: str) -> str | None:
    """What a program prints, started without our environment."""
    try:
        done = subprocess.run(  # noqa: S603 (an interpreter found on the path)
            command,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
    return done.stdout


def _link(packages: Mapping[str, str], home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    for name, path in packages.items():
        link = home / name
        if not link.is_symlink() and Path(path).exists():
            link.symlink_to(path)


def _digits(runtime: str) -> str:
    found = re.search(r"\d+", runtime)
    return found[0] if found else ""
