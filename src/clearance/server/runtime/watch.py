"""The pool's end of its guardian: started when needed, told of each process, ended last."""

import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from clearance.server.runtime import guardian, packages

__all__ = ["Watch"]


class Watch:
    """The guardian of one pool's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._guardian: subprocess.Popen[bytes] | None = None

    def keep(self, processes: Iterable[int | None]) -> None:
        """Have a guardian; a new one is told of the processes that are there."""
        if self._guardian is not None and self._guardian.poll() is None:
            return
        self._guardian = subprocess.Popen(  # noqa: S603 (this interpreter, our script)
            [sys.executable, "-I", "-S", guardian.__file__, f"{self._root}"],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        for pid in processes:
            self.born(pid)

    def born(self, pid: int | None) -> None:
        """A process group to end with the server."""
        self._tell("+", pid)

    def lost(self, pid: int | None) -> None:
        """One that is ended already."""
        self._tell("-", pid)

    def end(self) -> None:
        """Kill whoever is left, remove the folder, let the guardian go."""
        guardian.sweep(f"{self._root}")
        packages.remove(self._root)
        if self._guardian is not None and self._guardian.stdin is not None:
            with suppress(BrokenPipeError):
                self._guardian.stdin.close()
            self._guardian.wait()

    def _tell(self, sign: str, pid: int | None) -> None:
        if pid and self._guardian is not None and self._guardian.stdin is not None:
            with suppress(BrokenPipeError):
                self._guardian.stdin.write(f"{sign}{pid}\n".encode())
