"""Run the command line as a user does; in this process, since starting one takes half a second."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from clearance.cli.main import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What was printed, wherever its lines end."""
        return " ".join(self.out.split())


def clearance(
    *words: str | Path,
    cwd: Path | None = None,
    given: str | None = None,
    aws: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> Ran:
    """Run ``clearance`` with these words; of AWS's variables only those of ``aws`` are set."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLEARANCE_"))}
    plain = {"NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb"}
    environment = {**clean, **plain, **(aws or {}), **(env or {})}
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["clearance", *map(str, words)]),
        mock.patch.object(sys, "stdin", io.StringIO(given or "")),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code
    return Ran(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
