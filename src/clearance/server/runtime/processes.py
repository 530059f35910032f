"""What the kernel says about a child: its memory, its children, its connections, its end.

Linux answers everything from `/proc`. Elsewhere memory is not limited and connections are not
checked; timeouts and process groups work everywhere.
"""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["Memory", "kill_group", "memory_bytes", "owns_connection", "peak_bytes"]

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
Memory = int


def kill_group(pid: int) -> None:
    """Kill a child and all who stayed in its process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def memory_bytes(pid: int) -> Memory:
    """Memory of a child and its descendants now; what they share is counted once.

    Resident memory is watched because the limits of the kernel do not fit: `RLIMIT_AS` and
    `RLIMIT_DATA` count what is reserved, and Node reserves gigabytes it never touches, as
    does glibc for threads (64 MB an arena); `RLIMIT_RSS` does nothing; cgroups need root.
    """
    private, shared = 0, 0
    for member in _tree(pid):
        with suppress(OSError, ValueError, IndexError):
            pages = (PROC / str(member) / "statm").read_bytes().split()
            private += int(pages[1]) - int(pages[2])
            shared = max(shared, int(pages[2]))
    return (private + shared) * PAGE


def peak_bytes(pid: int) -> Memory:
    """Highest resident memory of the child itself."""
    with suppress(OSError):
        status = (PROC / str(pid) / "status").read_bytes()
        if found := re.search(rb"VmHWM:\s+(\d+) kB", status):
            return int(found[1]) * 1024
    return 0


def owns_connection(pid: int, client_port: int, server_port: int) -> bool:
    """True unless the kernel says that another process than the child's holds the socket."""
    tables = [PROC / "net" / "tcp", PROC / "net" / "tcp6"]
    if not tables[0].exists():
        return True
    row = re.compile(
        rb"[0-9A-F]+:%04X [0-9A-F]+:%04X (?:\S+ +){6}(\d+)" % (client_port, server_port)
    )
    for table in tables:
        with suppress(OSError):
            if found := row.search(table.read_bytes()):
                return _holds(pid, f"socket:[{found[1].decode()}]")
    return False


def _holds(pid: int, socket: str) -> bool:
    for member in _session(pid):
        with suppress(OSError):
            for descriptor in (PROC / str(member) / "fd").iterdir():
                with suppress(OSError):
                    if str(descriptor.readlink()) == socket:
                        return True
    return False


def _session(pid: int) -> Iterator[int]:
    """The child first: it is nearly always the one."""
    yield pid
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(entry.name)) == pid and int(entry.name) != pid:
                yield int(entry.name)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for thread in (PROC / str(pid) / "task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from _tree(int(child))
