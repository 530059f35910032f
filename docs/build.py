"""Write what is generated in docs/, or check that it is up to date.

python docs/build.py          writes
python docs/build.py --check  exits with 1 and the names of files that are out of date

The command reference is each command's own --help; drawings and tables of how-aws-decides.md are
read off the engine; the tables of rules and of conformance off the vectors.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

HERE = Path(__file__).parent


def help_of(*words: str) -> str:
    """What a command prints for --help, at 96 columns."""
    from clearance.cli.main import app

    out = io.StringIO()
    environment = {"COLUMNS": "96", "TERMINAL_WIDTH": "96", "NO_COLOR": "1"}
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.suppress(SystemExit),
    ):
        app([*words, "--help"], prog_name="clearance")
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def commands(*group: str) -> list[str]:
    """The commands of the tool, or of one of its groups."""
    from clearance.cli.commands import COMMANDS
    from clearance.cli.lazy import load

    return [name for word in group for name in getattr(load(COMMANDS[word]), "commands", ())] or (
        [] if group else list(COMMANDS)
    )


def reference() -> str:
    """The whole page."""
    parts = [
        "# Commands",
        "",
        "Generated from `--help` by `python docs/build.py`; do not edit.",
        "",
        "```text",
        help_of(),
        "```",
    ]
    for name in commands():
        parts += ["", f"## clearance {name}", "", "```text", help_of(name), "```"]
        for inner in commands(name):
            parts += ["", f"### clearance {name} {inner}", ""]
            parts += ["```text", help_of(name, inner), "```"]
    return "\n".join(parts) + "\n"


def packages() -> tuple[list[list[str]], frozenset[str]]:
    """The layers that .importlinter keeps, and the packages it keeps from I/O."""
    from configparser import ConfigParser

    held = ConfigParser()
    held.read(HERE.parent / ".importlinter", "utf-8")
    rows = held["importlinter:contract:layers"]["layers"].split("\n")
    pure = held["importlinter:contract:pure"]["source_modules"].split()
    named = [[name.strip(" ()") for name in row.split("|")] for row in rows if row.strip()]
    return named, frozenset(name.removeprefix("clearance.") for name in pure)


def generated() -> Iterator[tuple[Path, str]]:
    """Every file that is generated, and what it should hold."""
    import outputs
    import python_api
    from drawings import drawing, layers
    from scenes import SCENES
    from tables import MADE, filled
    from tests import conformance, coverage

    yield HERE / "cli.md", reference()
    for name, text in python_api.pages():
        yield HERE / "api" / name, text
    yield HERE / "coverage.md", coverage.table()
    yield HERE / "conformance.md", conformance.page()
    for name, text in outputs.schemas():
        yield HERE / "schemas" / name, text
    yield HERE / "images" / "layers.svg", layers(*packages())
    for scene in SCENES:
        yield HERE / "images" / "decides" / f"{scene.name}.svg", drawing(scene)
    for page in sorted(HERE.rglob("*.md")):
        text = page.read_text("utf-8")
        if MADE.search(text):
            yield page, filled(text)


def main() -> int:
    """Write, or check."""
    sys.path.insert(0, str(HERE.parent))  # the tables of vectors are made by the tests
    stale = []
    for path, text in generated():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(path.relative_to(HERE.parent))
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    if stale and "--check" in sys.argv[1:]:
        print(f"out of date: {', '.join(map(str, stale))}; run `python docs/build.py`")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
