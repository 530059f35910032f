"""The guardian: who is swept up, and that nothing of a pool outlives the server."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.server.runtime.conftest import alive

from clearance.server.runtime import guardian

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="processes are found in /proc")


@contextmanager
def process(marker: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["/bin/sleep", "60"], env={"TMPDIR": marker}, start_new_session=True)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_only_whoever_names_the_folder_is_swept_up(tmp_path: Path) -> None:
    mine, other = f"{tmp_path / 'mine'}{os.sep}", f"{tmp_path / 'other'}{os.sep}"
    with process(mine) as first, process(mine) as second, process(other) as stranger:
        assert guardian.sweep(mine) == 2
        assert (first.wait(5), second.wait(5)) == (-signal.SIGKILL, -signal.SIGKILL)
        assert stranger.poll() is None
        assert guardian.sweep(mine) == 0


def test_a_process_in_the_moment_of_its_exec_is_not_missed(tmp_path: Path) -> None:
    """One look misses one in six: its environment reads as empty."""
    with ExitStack() as stack:
        for number in range(60):
            marker = f"{tmp_path / str(number)}{os.sep}"
            child = stack.enter_context(process(marker))
            assert guardian.sweep(marker) >= 1
            assert child.wait(5) == -signal.SIGKILL


def test_it_ends_groups_and_removes_the_folder_when_the_server_goes(tmp_path: Path) -> None:
    folder = tmp_path / "pool"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "app.py").write_text("x = 1")
    (folder / "code").chmod(0o500)
    with process("elsewhere") as told, process("elsewhere") as untold, process(f"{folder}") as own:
        command = [sys.executable, "-I", "-S", guardian.__file__, f"{folder}"]
        keeper = subprocess.Popen(command, stdin=subprocess.PIPE, env={}, start_new_session=True)
        assert keeper.stdin is not None
        keeper.stdin.write(f"+{told.pid}\n+{untold.pid}\n-{untold.pid}\n".encode())
        keeper.stdin.close()
        assert keeper.wait(20) == 0
        assert (told.wait(5), own.wait(5)) == (-signal.SIGKILL, -signal.SIGKILL)
        assert alive(untold.pid)
    assert not folder.exists()
