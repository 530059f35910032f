"""Write what is generated in docs/: the command reference, from each command's own --help.

python docs/build.py          writes docs/cli.md
python docs/build.py --check  exits with 1 if it is out of date
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
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


def main() -> int:
    page, path = reference(), HERE / "cli.md"
    if "--check" in sys.argv[1:]:
        if not path.exists() or path.read_text("utf-8") != page:
            print("docs/cli.md is out of date; run `python docs/build.py`")
            return 1
        return 0
    path.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
