"""A small process that outlives the server by a moment, and takes its children with it.

``python guardian.py FOLDER`` reads its standard input until it ends, which is when the server
closes it or dies, however it dies. Then it kills every process of the pool and deletes the
folder. It is a process and not `PR_SET_PDEATHSIG` because that reaches only the direct child,
dies with the *thread* that forked, and needs code between fork and exec; and not a pipe
watched by the child, because a handler can close that.

Standard library only, and no import of ours: it starts in milliseconds, without site-packages.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["sweep"]

PROC = Path("/proc")
SECONDS = 60.0
LOOKS = 5
PAUSE = 0.005


def sweep(marker: str) -> int:
    """Kill every process whose environment names the folder; answers how many there were.

    A child that leaves its process group keeps its environment (`TMPDIR` is in the folder).
    One that also clears its environment escapes: only a container could hold that. In the moment
    of `exec` the kernel shows an empty environment, after `Popen` has returned, too: one process
    in six that was started just now. So whoever shows none is looked at again.
    """
    needle, found = marker.encode(), 0
    for _ in range(LOOKS):
        killed, unclear = _look(needle)
        found += killed
        if not killed and not unclear:
            break
        time.sleep(PAUSE)
    return found


def _look(needle: bytes) -> tuple[int, int]:
    """How many were killed, and how many showed no environment."""
    killed, unclear = 0, 0
    for entry in PROC.glob("[0-9]*"):
        # Gone meanwhile, or not ours to look at.
        with suppress(OSError, IndexError, UnicodeError):
            environment = (entry / "environ").read_bytes()
            if environment and needle not in environment:
                continue
            if int(entry.name) == os.getpid():
                continue
            if (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            if not environment:
                (entry / "exe").readlink()  # the kernel's own threads have none
                unclear += 1
                continue
            os.kill(int(entry.name), signal.SIGKILL)
            killed += 1
    return killed, unclear


def main(folder: str) -> None:
    """Remember the process groups that are announced; at the end, kill them."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        groups.add(group) if line[0] == "+" else groups.discard(group)
    for group in groups:
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    # A process may be born, or may write, while we look: look until nothing is left.
    deadline = time.monotonic() + SECONDS
    while sweep(folder) or not _removed(folder):
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _removed(folder: str) -> bool:
    for current, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(current).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
    return not Path(folder).exists()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    main(sys.argv[1])
