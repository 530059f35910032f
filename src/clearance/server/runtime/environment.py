"""One execution environment: a process, its Runtime API, and one invocation at a time."""

import asyncio
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from clearance.server.runtime import guardian, packages, processes, report
from clearance.server.runtime.api import Answer, Invocation, RuntimeApi
from clearance.server.runtime.output import Output
from clearance.server.runtime.spec import FunctionSpec, Outcome

__all__ = ["Environment"]

# "The Init phase is limited to 10 seconds. If all three tasks don't complete within 10 seconds,
# Lambda retries the Init phase at the time of the first function invocation with the configured
# function timeout" (lambda-runtime-environment); here it goes on instead of starting again.
INIT_SECONDS = 10.0
SETTLE_SECONDS = 1.0
WATCH_SECONDS = 0.02
GRACE_SECONDS = 0.01
MEBIBYTE = 1024 * 1024
PIPE = 65536
STARTED = frozenset({"next", "init", "exit", "memory", "time"})
ANSWERED = frozenset({"response", "error", "large", "exit", "memory", "time"})
SETTLED = frozenset({"next", "exit", "time"})


@dataclass(frozen=True, slots=True)
class _Result:
    payload: bytes
    error: bool
    failure: report.Failure | None = None


class Environment:
    """``start`` it, ``assign`` it a function, ``invoke`` it many times, ``destroy`` it."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self.tmp = folder / "tmp"
        self.home = folder / "home"
        self.spec: FunctionSpec | None = None
        self.log_stream = ""
        self.refresh_at: datetime | None = None
        self.uses: tuple[Path, ...] = ()
        self.idle_since = 0.0
        self.retired = False
        self.pid: int | None = None
        self.on_exit: Callable[[Environment], None] = lambda _: None
        self._now = now
        self._api = RuntimeApi(self._tell, self._admits)
        self._output = Output(now)
        self._process: subprocess.Popen[bytes] | None = None
        self._fault: report.Failure | None = None
        self._assigned_at: float | None = None
        self._initialized = False
        self._asked = False
        self._init_error: Answer | None = None
        self._stdin: int | None = None
        self._pipe: int | None = None
        self._peak = 0
        self._gone: asyncio.Future[int] | None = None
        self._announced = False
        self._wanted: frozenset[str] = frozenset()
        self._waiter: asyncio.Future[Answer] | None = None

    @property
    def alive(self) -> bool:
        """True until the process ends."""
        return self._gone is not None and not self._gone.done()

    @property
    def address(self) -> str:
        """`AWS_LAMBDA_RUNTIME_API`."""
        return self._api.address

    async def open(self) -> None:
        """Make the folders and listen."""
        self.tmp.mkdir(parents=True)
        self.home.mkdir()
        await self._api.start()

    def start(
        self, command: Sequence[str], environ: Mapping[str, str], cwd: Path, *, waits: bool
    ) -> None:
        """Start the process; one that ``waits`` gets its function through standard input.

        `vfork` and nothing of ours between fork and exec: safe beside threads, and quick.
        """
        loop = asyncio.get_running_loop()
        self._gone = loop.create_future()
        reader, writer = os.pipe()
        stdin, self._stdin = os.pipe() if waits else (os.open(os.devnull, os.O_RDONLY), None)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (the function's own program)
                command,
                env=dict(environ),
                cwd=cwd,
                stdin=stdin,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
            )
        except OSError as error:
            os.close(reader)
            reason = (error.strerror or "cannot be executed").lower()
            self._refused(f"fork/exec {command[0]}: {reason}")
            return
        finally:
            os.close(writer)
            os.close(stdin)
        self.pid = self._process.pid
        os.set_blocking(reader, False)
        self._pipe = reader
        loop.add_reader(reader, self._read)
        self._watch_exit(loop)

    def missing_bootstrap(self, looked: Sequence[str]) -> None:
        """A custom runtime's zip without its program."""
        self._gone = asyncio.get_running_loop().create_future()
        self._refused(f"Couldn't find valid bootstrap(s): [{' '.join(looked)}]")

    def assign(self, assignment: Mapping[str, object] | None, spec: FunctionSpec) -> None:
        """Give the process its function; from here on its time counts as INIT."""
        self.spec = spec
        self._assigned_at = time.monotonic()
        if self._stdin is None or assignment is None:
            return
        # Smaller than a pipe's buffer: "The total size of all environment variables doesn't
        # exceed 4 KB" (configuration-envvars), so this cannot block.
        with suppress(BrokenPipeError):
            os.write(self._stdin, json.dumps(assignment).encode() + b"\n")
        os.close(self._stdin)
        self._stdin = None

    async def initialize(self, spec: FunctionSpec) -> bool:
        """Let the function start before anybody calls it; False when it could not."""
        return await self._initialize(spec, "") is None

    async def invoke(self, spec: FunctionSpec, invocation: Invocation) -> Outcome:
        """Run the function once; whatever it does, there is an outcome."""
        request_id = invocation.request_id
        init_ms, result = None, None
        if not self._initialized:
            result = await self._initialize(spec, request_id)
            init_ms = 1000 * (time.monotonic() - (self._assigned_at or time.monotonic()))
            if result is not None:
                self._output.say(report.init_report(init_ms, result.failure))
        began = time.monotonic()
        self._output.say(report.start(request_id, spec.version))
        if result is None:
            deadline = self._now().timestamp() + spec.timeout
            self._api.give(replace(invocation, deadline_ms=int(deadline * 1000)))
            answer = await self._wait(ANSWERED, spec, spec.timeout)
            result = self._result(answer, spec, request_id)
        duration_ms = 1000 * (time.monotonic() - began)
        if result.error:
            await self._settle(spec)
        return self._outcome(spec, request_id, result, duration_ms, init_ms)

    def kill(self) -> None:
        """End it now, with all its process group."""
        if self.pid is not None and self.alive:
            processes.kill_group(self.pid)

    async def destroy(self) -> None:
        """End it and remove its traces."""
        self.kill()
        if self._process is not None and self._gone is not None:
            await asyncio.shield(self._gone)
        self._api.close()
        for descriptor in (self._pipe, self._stdin):
            if descriptor is not None:
                asyncio.get_running_loop().remove_reader(descriptor)
                os.close(descriptor)
        self._pipe = self._stdin = None
        await asyncio.to_thread(self._clean)

    def _clean(self) -> None:
        if self.spec is not None:  # a process that only waited has no children
            guardian.sweep(f"{self.folder}{os.sep}")
        packages.remove(self.folder)

    async def _initialize(self, spec: FunctionSpec, request_id: str) -> _Result | None:
        if self._fault is not None:
            why = self._fault.message
            failure = report.bad_entry_point(request_id, why)
            return _Result(failure.payload, error=True, failure=failure)
        answer = await self._wait(STARTED, spec, INIT_SECONDS + spec.timeout)
        if answer.kind == "next":
            self._initialized = True
            return None
        return self._result(answer, spec, request_id)

    def _result(self, answer: Answer, spec: FunctionSpec, request_id: str) -> _Result:
        match answer.kind:
            case "response":
                return _Result(answer.body, error=False)
            case "error":
                return _Result(answer.body, error=True)
            case "init":
                self.kill()
                kind = answer.error_type or "Runtime.Unknown"
                return _Result(answer.body, error=True, failure=report.Failure(kind, "", ""))
            case "large":
                failure = report.too_large()
            case "memory":
                failure = report.out_of_memory(request_id)
            case "time":
                self.kill()
                failure = report.timed_out(request_id, spec.timeout, self._now())
            case _:
                code = self._gone.result() if self._gone and self._gone.done() else 1
                failure = report.exited(request_id, code)
        return _Result(failure.payload, error=True, failure=failure)

    def _outcome(
        self,
        spec: FunctionSpec,
        request_id: str,
        result: _Result,
        duration_ms: float,
        init_ms: float | None,
    ) -> Outcome:
        self._read()
        if self.pid is not None:
            self._peak = max(self._peak, processes.peak_bytes(self.pid))
        most = math.ceil(self._peak / MEBIBYTE)
        if result.failure is not None and result.failure.error_type == "Runtime.OutOfMemory":
            most = spec.memory_mb
        if result.failure is not None and result.failure.line:
            self._output.say(result.failure.line)
        self._output.say(report.end(request_id))
        self._output.say(
            report.report(
                request_id,
                duration_ms=duration_ms,
                init_ms=init_ms,
                memory_mb=spec.memory_mb,
                max_memory_mb=most,
                failure=result.failure,
            )
        )
        events, tail = self._output.take()
        return Outcome(
            payload=result.payload,
            function_error="Unhandled" if result.error else None,
            executed_version=spec.version,
            request_id=request_id,
            log_tail=tail,
            log_events=events,
            log_stream=self.log_stream,
            duration_ms=duration_ms,
            init_ms=init_ms,
            billed_ms=report.billed(duration_ms, init_ms),
            max_memory_mb=most,
        )

    async def _settle(self, spec: FunctionSpec) -> None:
        """After an error the process may be about to end: know before it is used again."""
        self._asked = False
        if self.alive:
            answer = await self._wait(SETTLED, spec, SETTLE_SECONDS)
            if answer.kind == "time":
                self.kill()

    async def _wait(self, wanted: frozenset[str], spec: FunctionSpec, seconds: float) -> Answer:
        """The first of the wanted events; time and memory are watched meanwhile."""
        if "next" in wanted and self._asked:
            return Answer("next")
        if "init" in wanted and self._init_error is not None:
            return self._init_error
        if self._announced:
            return Answer("exit")
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Answer] = loop.create_future()
        self._wanted, self._waiter = wanted, waiter
        alarm = loop.call_later(seconds, self._tell, Answer("time"))
        watch = asyncio.Handle(lambda: None, (), loop)
        limit = spec.memory_mb * MEBIBYTE

        def look() -> None:
            nonlocal watch
            if self.pid is None or not self.alive:
                return
            used = processes.memory_bytes(self.pid)
            self._peak = max(self._peak, min(used, limit))
            if used > limit:
                self.kill()
                self._tell(Answer("memory"))
            else:
                watch = loop.call_later(WATCH_SECONDS, look)

        watch = loop.call_later(WATCH_SECONDS, look)
        try:
            return await waiter
        finally:
            self._waiter = None
            alarm.cancel()
            watch.cancel()

    def _tell(self, answer: Answer) -> None:
        if answer.kind == "next":
            self._asked = True
        elif answer.kind == "init":
            self._init_error = answer
        waiter = self._waiter
        if waiter is not None and not waiter.done() and answer.kind in self._wanted:
            waiter.set_result(answer)

    def _admits(self, client_port: int, server_port: int) -> bool:
        if self.pid is None:
            return False
        return processes.owns_connection(self.pid, client_port, server_port)

    def _refused(self, why: str) -> None:
        self._fault = report.Failure("Runtime.InvalidEntrypoint", why, "")
        if self._gone is not None:
            self._gone.set_result(1)
        self._announced = True

    def _read(self) -> None:
        """Empty the pipe; bounded, since the function may be filling it."""
        if self._pipe is None:
            return
        for _ in range(16):
            try:
                data = os.read(self._pipe, PIPE)
            except BlockingIOError:
                return
            if not data:
                asyncio.get_running_loop().remove_reader(self._pipe)
                os.close(self._pipe)
                self._pipe = None
                return
            self._output.feed(data)

    def _watch_exit(self, loop: asyncio.AbstractEventLoop) -> None:
        """A process descriptor works in any thread, with any loop, and needs no SIGCHLD."""
        assert self._process is not None  # noqa: S101 (called by start)
        if sys.platform == "linux":
            with suppress(OSError):
                pid = self._process.pid
                descriptor = os.pidfd_open(pid)

                def ended() -> None:
                    # Whom it left behind; before `wait`, while its number is surely its own.
                    processes.kill_group(pid)
                    loop.remove_reader(descriptor)
                    os.close(descriptor)
                    self._exited(loop)

                loop.add_reader(descriptor, ended)
                return
        waited = loop.run_in_executor(None, self._process.wait)
        waited.add_done_callback(lambda _: self._exited(loop))

    def _exited(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._process is None or self._gone is None:
            return
        code = self._process.wait()
        if not self._gone.done():
            self._gone.set_result(code)
        # What it sent last may still be on its way through the socket.
        loop.call_later(GRACE_SECONDS, self._announce)

    def _announce(self) -> None:
        self._announced = True
        self._tell(Answer("exit"))
        self.on_exit(self)
