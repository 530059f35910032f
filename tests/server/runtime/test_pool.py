"""When an environment is used again, when it is not, and that none is left behind."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.server.runtime.conftest import Workshop, alive, package

from clearance.server.runtime import (
    BadPackage,
    Credentials,
    InvocationRefused,
    Pool,
    RuntimeUnavailable,
    Throttled,
    packages,
    unpacked,
)

PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"
WAITS = """
import os, time
def handler(event, context):
    open(event + "/" + context.aws_request_id, "w").close()
    while not os.path.exists(event + "/go"): time.sleep(0.01)
    return os.getpid()
"""


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_invocation_at_a_time_per_environment(
    open_workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    shop = open_workshop()
    spec = shop.function(WAITS)
    folder = tmp_path / "meet"
    folder.mkdir()

    async def together() -> set[int]:
        tasks = [asyncio.create_task(shop.start(spec, str(folder))) for _ in range(3)]
        while len(list(folder.iterdir())) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (folder / "go").touch()
        return {json.loads((await task).payload) for task in tasks}

    pids = shop.call(together())
    assert len(pids) == 3
    assert shop.answer(spec, str(folder)) in pids


def test_another_configuration_is_another_environment(shop: Workshop) -> None:
    first = shop.function(PID)
    others = [
        shop.function(PID, role="arn:aws:iam::123456789012:role/other"),
        shop.function(PID, environment={"A": "1"}),
        shop.function(PID, memory_mb=256),
        shop.function(PID, version="1"),
        shop.function(PID + "\n"),
    ]
    pids = [shop.answer(spec) for spec in (first, *others)]
    assert len(set(map(str, pids))) == len(pids)
    alias = shop.function(PID, arn=first.arn + ":live", reserved_concurrency=5)
    assert shop.answer(alias) == pids[0]


def test_throttled_above_the_limits(open_workshop: Callable[..., Workshop], tmp_path: Path) -> None:
    shop = open_workshop(concurrency=2)
    reserved = shop.function(WAITS, reserved_concurrency=1)
    other = shop.function(WAITS, unqualified_arn="arn:other")
    folder = tmp_path / "meet"
    folder.mkdir()

    async def refused(spec: object) -> str:
        with pytest.raises(Throttled) as found:
            await shop.start(spec, str(folder))  # type: ignore[arg-type]
        assert (found.value.status, str(found.value)) == (429, "Rate Exceeded.")
        return found.value.reason

    async def play() -> list[str]:
        one = asyncio.create_task(shop.start(reserved, str(folder)))
        await asyncio.sleep(0)
        reasons = [await refused(reserved)]
        two = asyncio.create_task(shop.start(other, str(folder)))
        await asyncio.sleep(0)
        reasons.append(await refused(other))
        (folder / "go").touch()
        await asyncio.gather(one, two)
        return reasons

    assert shop.call(play()) == [
        "ReservedFunctionConcurrentInvocationLimitExceeded",
        "ConcurrentInvocationLimitExceeded",
    ]
    assert shop.invoke(reserved, str(folder)).function_error is None
    with pytest.raises(Throttled):
        shop.invoke(shop.function(WAITS, reserved_concurrency=0), str(folder))


def test_functions_without_a_reservation_share_what_the_account_has(
    open_workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    shop = open_workshop()
    one = shop.function(WAITS, account_concurrency=1)
    another = shop.function(WAITS, account_concurrency=1, unqualified_arn="arn:another")
    elsewhere = shop.function(WAITS, account_concurrency=1, region="eu-west-1")
    reserved = shop.function(WAITS, reserved_concurrency=1, unqualified_arn="arn:reserved")

    async def play() -> list[str | None]:
        first = asyncio.create_task(shop.start(one, str(tmp_path)))
        await asyncio.sleep(0)
        with pytest.raises(Throttled) as found:
            await shop.start(another, str(tmp_path))
        assert found.value.reason == "ConcurrentInvocationLimitExceeded"
        (tmp_path / "go").touch()
        rest = [await shop.start(spec, str(tmp_path)) for spec in (elsewhere, reserved)]
        return [outcome.function_error for outcome in (await first, *rest)]

    assert shop.call(play()) == [None, None, None]


def test_the_machine_is_not_filled_with_idle_processes(
    open_workshop: Callable[..., Workshop],
) -> None:
    shop = open_workshop(max_environments=2, waiting=0)
    specs = [shop.function(PID, version=str(n)) for n in range(3)]
    pids = [shop.answer(spec) for spec in specs]
    assert isinstance(pids[0], int)
    until(lambda: not alive(int(str(pids[0]))))
    assert shop.answer(specs[2]) == pids[2]


def test_idle_environments_end(open_workshop: Callable[..., Workshop]) -> None:
    shop = open_workshop(idle_seconds=0.2, waiting=0)
    pid = shop.answer(shop.function(PID))
    until(lambda: not alive(int(str(pid))))


def test_retired_environments_are_not_used_again(
    open_workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    shop = open_workshop()
    spec = shop.function(WAITS)
    (tmp_path / "go").touch()
    first = shop.answer(spec, str(tmp_path))

    async def retire(name: str) -> int:
        return shop.pool.retire(lambda each: each.name == name)

    assert shop.call(retire("Another")) == 0
    assert shop.answer(spec, str(tmp_path)) == first
    assert shop.call(retire("ProcessImages")) == 1
    assert shop.answer(spec, str(tmp_path)) != first

    async def while_busy() -> object:
        (tmp_path / "go").unlink()
        task = asyncio.create_task(shop.start(spec, str(tmp_path), request_id="busy"))
        while not (tmp_path / "busy").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert shop.pool.retire(lambda _: True) == 1
        (tmp_path / "go").touch()
        return json.loads((await task).payload)

    busy = shop.call(while_busy())
    assert shop.answer(spec, str(tmp_path)) != busy


def test_credentials_do_not_go_stale(open_workshop: Callable[..., Workshop]) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    shop = open_workshop(now=lambda: clock[0])
    source = "import os\ndef handler(event, context):\n    return os.environ['AWS_ACCESS_KEY_ID']\n"
    spec = shop.function(source)

    def invoke(key: str) -> object:
        expires = clock[0] + timedelta(hours=1)
        credentials = Credentials(key, "s", "t", expires)
        return json.loads(shop.call(shop.start(spec, credentials=credentials)).payload)

    assert invoke("ASIA1") == "ASIA1"
    clock[0] += timedelta(minutes=55)
    assert invoke("ASIA2") == "ASIA1"
    clock[0] += timedelta(minutes=4)
    assert invoke("ASIA3") == "ASIA3"


def test_credentials_may_be_fetched_asynchronously_and_may_fail(
    open_workshop: Callable[..., Workshop],
) -> None:
    shop = open_workshop(concurrency=1)
    spec = shop.function(PID)

    async def invoke(credentials: object) -> object:
        async def fetch() -> Credentials:
            await asyncio.sleep(0)
            if isinstance(credentials, Exception):
                raise credentials
            return Credentials("A", "b", "c")

        outcome = await shop.pool.invoke(
            spec, b"", credentials_for=fetch, endpoint_url="http://x", request_id="r"
        )
        return outcome.function_error

    with pytest.raises(InvocationRefused, match="cannot be assumed"):
        shop.call(invoke(InvocationRefused("the role cannot be assumed")))
    assert shop.call(invoke(None)) is None


@pytest.mark.parametrize("runtime", ["java21", "python2.7", "python3.99", "", "../x"])
def test_a_runtime_that_is_not_here_is_refused_with_those_that_are(
    shop: Workshop, runtime: str
) -> None:
    with pytest.raises(RuntimeUnavailable) as found:
        shop.invoke(shop.function(PID, runtime=runtime))
    assert found.value.code == "InvalidRuntimeException"
    assert f"runtime `{runtime}` cannot run on this machine" in str(found.value)
    assert f"`python3.{sys.version_info[1]}`" in str(found.value)


def test_a_bad_package_is_refused_every_time(shop: Workshop) -> None:
    bad = b"not a zip"
    specs = [
        shop.function(PID, code=package(bad)),
        shop.function(PID, code=package(bad, "not/its+digest=")),
        shop.function(PID, layers=(bad,)),
    ]
    for spec in specs * 2:
        with pytest.raises(BadPackage):
            shop.invoke(spec)


def test_old_code_is_forgotten_unless_it_is_in_use(
    open_workshop: Callable[..., Workshop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacked, "KEPT_PACKAGES", 4)
    shop = open_workshop(max_environments=2)
    used = shop.function(PID)
    pid = shop.answer(used)
    for n in range(8):
        assert shop.answer(shop.function(f"{PID}# {n}\n", version=f"{n}"))
        assert shop.answer(used) == pid
    until(lambda: len(list(tmp_path.glob("clearance-*/code/*"))) <= 5)


def test_a_full_disk_is_not_the_functions_fault(
    open_workshop: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_workshop()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(packages, "unpack", full)
        with pytest.raises(InvocationRefused, match="No space left on device") as found:
            shop.invoke(shop.function(PID))
    assert found.value.code == "ServiceException"
    assert shop.invoke(shop.function(PID)).function_error is None


def test_a_cancelled_invocation_leaves_nothing(
    open_workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    shop = open_workshop(concurrency=1)
    spec = shop.function(WAITS)

    async def cancel() -> None:
        task = asyncio.create_task(shop.start(spec, str(tmp_path), request_id="first"))
        while not (tmp_path / "first").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    shop.call(cancel())
    (tmp_path / "go").touch()
    assert shop.invoke(spec, str(tmp_path)).function_error is None


def processes_in(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            lines = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(folder).encode() in lines and state != "Z":
            found.append(int(entry.name))
    return found


def test_close_leaves_no_process_and_no_file(
    open_workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    directory = tmp_path / "pool"
    directory.mkdir()
    shop = open_workshop(directory=directory)
    spec = shop.function(WAITS)

    async def busy() -> str | None:
        task = asyncio.create_task(shop.start(spec, str(tmp_path), request_id="first"))
        while not (tmp_path / "first").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await shop.pool.close()
        return (await task).function_error

    assert shop.call(busy()) == "Unhandled"
    assert processes_in(directory) == []
    assert list(directory.iterdir()) == []
    with pytest.raises(RuntimeError, match="closed"):
        shop.invoke(spec)


SERVER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from clearance.server.runtime import Pool
from tests.server.runtime.conftest import Workshop

async def main(source, directory, note):
    pool = Pool(now=lambda: datetime.now(UTC), directory=Path(directory))
    shop = Workshop(asyncio.get_running_loop(), pool)
    await shop.start(shop.function(source), note)

asyncio.run(main(*sys.argv[1:]))
"""
BUSY = """
import subprocess
def handler(event, context):
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    open(event, "w").close()
    while True: pass
"""


def test_a_killed_server_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    directory = tmp_path / "pool"
    directory.mkdir()
    home = Path(__file__).parents[3]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, BUSY, f"{directory}", f"{tmp_path / 'busy'}"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{home / 'src'}:{home}"},
    )
    until((tmp_path / "busy").exists)
    # A process shows no environment in the moment of its exec, so it may take a second look.
    until(lambda: len(processes_in(directory)) >= 3)
    server.send_signal(signal.SIGKILL)
    server.wait()
    until(lambda: processes_in(directory) == [] and list(directory.iterdir()) == [])


def test_uvloop_runs_functions_too(tmp_path: Path) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> list[tuple[bytes, str | None]]:
        pool = Pool(now=lambda: datetime.now(UTC), directory=tmp_path)
        try:
            shop = Workshop(asyncio.get_running_loop(), pool)
            source = "def handler(event, context):\n    return 1 / event\n"
            spec = shop.function(source)
            outcomes = [await shop.start(spec, event) for event in (1, 0, 2)]
            slow = "import time\ndef handler(event, context):\n    time.sleep(60)\n"
            outcomes.append(await shop.start(shop.function(slow, timeout=0.2)))
            return [(outcome.payload[:20], outcome.function_error) for outcome in outcomes]
        finally:
            await pool.close()

    assert uvloop.run(main()) == [
        (b"1.0", None),
        (b'{"errorMessage": "di', "Unhandled"),
        (b"0.5", None),
        (b'{"errorType":"Sandbo', "Unhandled"),
    ]
