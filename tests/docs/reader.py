"""A reader who does what a page says, in a shell and a folder of its own.

``python -m tests.docs.reader docs/tutorial.md`` writes what the commands print into the page,
where it differs from what the page shows; ``...`` in the page stands for any text.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tests.docs.pages import Command, Doctest, File, Step, steps

__all__ = ["Reader", "reader", "same"]

ROOT: Final = Path(__file__).parents[2]
MARK: Final = "--8<-- step done:"
PORT: Final = "127.0.0.1:4599"  # the port the pages show; a free one is taken
RUNTIME: Final = "--runtime python3.11"  # the pages say to give the Python one has
SERVE: Final = "clearance serve"
READY: Final = "Ctrl-C stops it"
PATIENCE: Final = 120  # seconds, on a busy machine


@dataclass
class Reader:
    """A shell in a folder; ``do`` takes a step and returns what was printed."""

    folder: Path
    shell: subprocess.Popen[str]
    script: Path
    server: int | None = None
    code: int = 0
    real: str = ""

    def do(self, step: Step) -> str:
        match step:
            case File(name=name, text=text):
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
                return ""
            case Doctest(text=text):
                lesson = self.script.with_name("lesson.txt")
                lesson.write_text(text, "utf-8")
                return self._run(f"python -m doctest {lesson}\n")
            case Command(text=text) if text.startswith(SERVE):
                return self._serve(text)
            case Command(text=text):
                return self._run(text)

    def _run(self, text: str) -> str:
        mine = f"--runtime python3.{sys.version_info.minor}"
        self.script.write_text(text.replace(RUNTIME, mine), "utf-8")
        before = f"(exit {self.code}); " if self.code else ""
        self._say(f"{before}source {self.script} </dev/null 2>&1; printf '\\n{MARK}%s\\n' $?\n")
        lines = []
        watch = threading.Timer(PATIENCE, self.end)  # nothing a page asks for takes so long
        watch.start()
        for line in self._heard():
            if line.startswith(MARK):
                self.code = int(line.removeprefix(MARK))
                break
            lines.append(line)
        else:
            watch.cancel()
            raise AssertionError(f"the shell ended in `{text.strip()}`:\n{''.join(lines)}")
        watch.cancel()
        out = "".join(lines).rstrip("\n")
        shown = out.replace(self.real, PORT) if self.real else out
        return f"{shown}\n".replace(str(self.folder), "~") if shown else ""

    def _serve(self, text: str) -> str:
        """What an endpoint says at its start, in another terminal; the last one is stopped."""
        self.stop()
        out = self.script.with_name("serve.txt")
        out.unlink(missing_ok=True)
        command = re.sub(r"\s+--port \d+", "", text.strip())
        self.server = int(self._run(f"{command} --port 0 >{out} 2>&1 & echo $!\n"))
        for _ in range(PATIENCE * 10):
            said = out.read_text("utf-8") if out.exists() else ""
            if READY in said:
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"the endpoint did not start: {said}")
        self.real = re.search(r"127\.0\.0\.1:\d+", said)[0]  # type: ignore[index]
        return said.replace(self.real, PORT)

    def stop(self) -> None:
        if self.server is not None:
            # Not SIGINT: what a shell starts with `&` ignores that until it asks for it.
            os.kill(self.server, signal.SIGTERM)
            self._run(f"wait {self.server}\n")
            self.server = None

    def end(self) -> None:
        """End the shell and all it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.shell.pid, signal.SIGKILL)

    def _say(self, text: str) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.write(text)
        self.shell.stdin.flush()

    def _heard(self) -> IO[str]:
        assert self.shell.stdout is not None
        return self.shell.stdout


@contextmanager
def reader() -> Iterator[Reader]:
    """A reader in a folder that has the examples, as a clone of the repository has."""
    with tempfile.TemporaryDirectory() as made:
        home, aside = Path(made, "home"), Path(made, "aside")
        home.mkdir()
        aside.mkdir()
        shutil.copytree(ROOT / "examples", home / "examples")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=home,
            env={
                "PATH": path,
                "HOME": str(home),
                "PYTHONPATH": str(ROOT / "src"),
                "COLUMNS": "100",
                "TERM": "dumb",
                "NO_COLOR": "1",
                "LC_ALL": "C.UTF-8",
                "AWS_PAGER": "",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        found = Reader(home, shell, aside / "step.sh")
        try:
            found.do(Command(0, "shopt -s expand_aliases\n", "", 0, 0))
            yield found
            found.stop()
        finally:
            found.end()
            shell.communicate()


def same(shown: str, printed: str) -> bool:
    """True when the page shows what was printed; ``...`` stands for any text."""
    lines = [line.rstrip() for line in printed.splitlines()]
    wanted = [line.rstrip() for line in shown.splitlines()]
    return doctest.OutputChecker().check_output(
        "\n".join(wanted).strip("\n") + "\n", "\n".join(lines).strip("\n") + "\n", doctest.ELLIPSIS
    )


def rewritten(page: str) -> str:
    """The page with what its commands print today."""
    edits = []
    with reader() as found:
        for step in steps(page):
            printed = found.do(step)
            if isinstance(step, Command) and not same(step.shown, printed):
                edits.append((step.start, step.end, printed))
    for start, end, printed in reversed(edits):
        page = page[:start] + printed + page[end:]
    return page


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(rewritten(file.read_text("utf-8")), "utf-8")
