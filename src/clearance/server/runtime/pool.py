"""All execution environments of the server: warm ones are used again, all end with it."""

import asyncio
import dataclasses
import secrets
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from inspect import isawaitable
from pathlib import Path

from clearance.server.runtime.api import Invocation
from clearance.server.runtime.environment import Environment
from clearance.server.runtime.interpreters import Interpreter, Interpreters
from clearance.server.runtime.spec import (
    Credentials,
    FunctionSpec,
    InvocationRefused,
    Outcome,
    Throttled,
)
from clearance.server.runtime.unpacked import Unpacked
from clearance.server.runtime.variables import Folders, search_path, started_with, variables
from clearance.server.runtime.watch import Watch

__all__ = ["CredentialsFor", "Pool", "environment_key"]

Key = tuple[object, ...]
CredentialsFor = Callable[[], Awaitable[Credentials] | Credentials]
RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
# A session is replaced while the longest invocation could still finish with it.
MARGIN = timedelta(seconds=60)
CLOSE_SECONDS = 5.0


class Closed(RuntimeError):  # noqa: N818 (a state, more than an error)
    """The pool was closed."""

    def __init__(self) -> None:
        super().__init__("the pool is closed")


class Pool:
    """Runs functions; use it from one event loop and its thread, and ``close`` it."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        directory: Path | None = None,
        concurrency: int = 1000,
        max_environments: int = 64,
        idle_seconds: float = 600,
        waiting: int = 1,
    ) -> None:
        self._now = now
        self._directory = directory
        self._concurrency = concurrency
        self._max_environments = max_environments
        self._idle_seconds = idle_seconds
        self._waiting_wanted = waiting
        self._root: Path | None = None
        self._watch: Watch | None = None
        self._interpreters: Interpreters | None = None
        self._environments: set[Environment] = set()
        self._idle: dict[Key, list[Environment]] = {}
        self._waiting: dict[str, list[Environment]] = {}
        self._kept: dict[Key, int] = {}
        self._busy_with: Counter[Key] = Counter()
        self._busy: Counter[str] = Counter()
        self._shared: Counter[str] = Counter()
        self._unpacked: Unpacked | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False
        self._number = 0

    async def start(self, *runtimes: str) -> None:
        """Make the folder, start the guardian, and have processes waiting for functions.

        ``invoke`` does it when it must; a server calls it when it starts.
        """
        self._prepare()
        assert self._interpreters is not None  # noqa: S101 (prepared)
        for runtime in runtimes:
            await self._have_waiting(await self._interpreters.find(runtime))

    async def available(self) -> tuple[str, ...]:
        """The runtimes this machine can run."""
        self._prepare()
        assert self._interpreters is not None  # noqa: S101 (prepared)
        return await self._interpreters.available()

    async def invoke(
        self,
        spec: FunctionSpec,
        payload: bytes,
        *,
        credentials_for: CredentialsFor,
        endpoint_url: str,
        request_id: str,
        invoked_arn: str | None = None,
        client_context: str | None = None,
        trace_id: str | None = None,
    ) -> Outcome:
        """Run a function once.

        Whatever the function does is an ``Outcome``; an ``InvocationRefused`` means that it
        was not run. If the caller is cancelled, so is the function.
        """
        self._prepare()
        key = environment_key(spec, endpoint_url)
        with self._slot(spec):
            environment = self._take_idle(key, spec)
            if environment is None:
                environment = await self._create(spec, credentials_for, endpoint_url)
            invocation = Invocation(
                request_id=request_id,
                payload=payload or b"{}",
                deadline_ms=0,
                invoked_arn=invoked_arn or spec.arn,
                trace_id=trace_id,
                client_context=client_context,
            )
            self._busy_with[key] += 1
            try:
                outcome = await environment.invoke(spec, invocation)
            except BaseException:
                self._discard(environment)
                raise
            finally:
                self._busy_with[key] -= 1
            self._give_back(key, environment)
        self._replenish(spec.runtime)
        return outcome

    async def keep_ready(
        self,
        spec: FunctionSpec,
        count: int,
        *,
        credentials_for: CredentialsFor,
        endpoint_url: str,
    ) -> int:
        """Have so many environments of a function initialized, from now on; answers how many are.

        Fewer than asked for means that the function's own start failed. They are not ended for
        being idle, and count against no limit until they are used.
        """
        self._prepare()
        key = environment_key(spec, endpoint_url)
        self._kept[key] = count
        while (there := self._idle_of(key, spec) + self._busy_with[key]) < count:
            environment = await self._create(
                spec, credentials_for, endpoint_url, started="provisioned-concurrency"
            )
            try:
                sound = await environment.initialize(spec)
            except BaseException:
                self._discard(environment)
                raise
            if not sound:
                self._discard(environment)
                return there
            self._give_back(key, environment)
        return count

    def release(self, spec: FunctionSpec, endpoint_url: str) -> None:
        """Keep a function ready no longer; what is idle ends in its time."""
        self._kept.pop(environment_key(spec, endpoint_url), None)

    def retire(self, predicate: Callable[[FunctionSpec], bool]) -> int:
        """End the environments of matching functions, busy ones after their invocation.

        For changed code, configuration, roles and credentials; answers how many there were.
        """
        found = 0
        idle = {each for group in self._idle.values() for each in group}
        for environment in tuple(self._environments):
            if environment.spec is None or not predicate(environment.spec):
                continue
            found += 1
            environment.retired = True
            if environment in idle:
                self._discard(environment)
        return found

    async def close(self) -> None:
        """Kill everything and remove the folder."""
        if self._closed:
            return
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        for environment in tuple(self._environments):
            self._discard(environment)
        # Invocations that were just getting their environment notice it and give up.
        patience = asyncio.get_running_loop().time() + CLOSE_SECONDS
        while self._tasks or self._busy.total():
            if asyncio.get_running_loop().time() > patience:
                break
            await asyncio.sleep(0.001)
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._watch is not None:
            await asyncio.to_thread(self._watch.end)

    def _prepare(self) -> None:
        if self._closed:
            raise Closed
        if self._root is None:
            made = tempfile.mkdtemp(prefix="clearance-", dir=self._directory)
            self._root = Path(made).resolve()
            self._interpreters = Interpreters(self._root / "runtime")
            self._unpacked = Unpacked(self._root, self._background)
            self._watch = Watch(self._root)
            self._reap()
        assert self._watch is not None  # noqa: S101 (made above)
        self._watch.keep(each.pid for each in self._environments)

    @contextmanager
    def _slot(self, spec: FunctionSpec) -> Iterator[None]:
        """Room for one more invocation of the function."""
        name, reserved = spec.unqualified_arn, spec.reserved_concurrency
        if reserved is not None and self._busy[name] >= reserved:
            raise Throttled(RESERVED)
        shared = f"{spec.account}/{spec.region}" if reserved is None else ""
        if shared and self._shared[shared] >= spec.account_concurrency:
            raise Throttled
        if self._busy.total() >= self._concurrency:
            raise Throttled
        self._busy[name] += 1
        self._shared[shared] += 1
        try:
            yield
        finally:
            self._busy[name] -= 1
            self._shared[shared] -= 1

    def _take_idle(self, key: Key, spec: FunctionSpec) -> Environment | None:
        """The environment used last: its caches are warm, and the others may grow old."""
        soon = self._now() + MARGIN + timedelta(seconds=spec.timeout)
        group = self._idle.get(key, [])
        while group:
            environment = group.pop()
            expires = environment.refresh_at
            if environment.alive and (expires is None or expires > soon):
                return environment
            self._discard(environment)
        return None

    def _idle_of(self, key: Key, spec: FunctionSpec) -> int:
        """How many environments wait; those whose session ends soon are ended."""
        soon = self._now() + MARGIN + timedelta(seconds=spec.timeout)
        for environment in tuple(self._idle.get(key, ())):
            expires = environment.refresh_at
            if not environment.alive or (expires is not None and expires <= soon):
                self._discard(environment)
        return len(self._idle.get(key, ()))

    def _give_back(self, key: Key, environment: Environment) -> None:
        if self._closed or environment.retired or not environment.alive:
            self._discard(environment)
            return
        environment.idle_since = asyncio.get_running_loop().time()
        self._idle.setdefault(key, []).append(environment)

    async def _create(
        self,
        spec: FunctionSpec,
        credentials_for: CredentialsFor,
        endpoint_url: str,
        started: str = "on-demand",
    ) -> Environment:
        assert self._unpacked is not None  # noqa: S101 (prepared)
        assert self._interpreters is not None  # noqa: S101 (prepared)
        self._make_room()
        interpreter = await self._interpreters.find(spec.runtime)
        try:
            used = {path for each in self._environments for path in each.uses}
            task = await self._unpacked.code(spec, used)
            opt = await self._unpacked.layers(spec, used | {task})
            found = credentials_for()
            credentials = await found if isawaitable(found) else found
            environment = self._take_waiting(interpreter, spec, task)
            if environment is None:
                environment = await self._open()
        except OSError as error:  # no space, no descriptors, no processes
            why = f"cannot make an execution environment: {error.strerror or error}"
            raise InvocationRefused(why) from error
        try:
            folders = Folders(task, opt, interpreter.home, environment.tmp, environment.home)
            self._assign(
                environment, spec, interpreter, folders, credentials, endpoint_url, started
            )
        except BaseException:
            self._discard(environment)
            raise
        return environment

    def _assign(
        self,
        environment: Environment,
        spec: FunctionSpec,
        interpreter: Interpreter,
        folders: Folders,
        credentials: Credentials,
        endpoint_url: str,
        started: str,
    ) -> None:
        task, opt = folders.task, folders.opt
        today = f"{self._now():%Y/%m/%d}"
        stream = spec.log_stream or f"{today}/[{spec.version}]{secrets.token_hex(16)}"
        environment.log_stream = stream
        environment.refresh_at = credentials.expiration
        environment.uses = (task, opt)
        environ = variables(
            spec,
            folders,
            credentials,
            endpoint_url=endpoint_url,
            api=environment.address,
            log_stream=stream,
            started=started,
        )
        if interpreter.command:
            if environment.pid is None:
                environment.start(interpreter.command, environ, task, waits=True)
            environment.assign(
                {
                    "environ": environ,
                    "path": search_path(folders, spec),
                    "cwd": f"{task}",
                    "handler": spec.handler,
                },
                spec,
            )
        else:
            places = (task / "bootstrap", opt / "bootstrap")
            program = next((place for place in places if place.is_file()), None)
            if program is None:
                environment.missing_bootstrap(("/var/task/bootstrap", "/opt/bootstrap"))
            else:
                environment.start((f"{program}",), environ, task, waits=False)
            environment.assign(None, spec)
        self._watched(environment)

    async def _open(self) -> Environment:
        assert self._root is not None  # noqa: S101 (prepared)
        self._number += 1
        environment = Environment(self._root / "env" / f"{self._number}", now=self._now)
        environment.on_exit = self._discard
        await environment.open()
        self._environments.add(environment)
        if self._closed:  # meanwhile
            self._discard(environment)
            raise Closed
        return environment

    async def _have_waiting(self, interpreter: Interpreter) -> None:
        """A process that has imported the runtime and waits to hear its function.

        Starting Python and importing is most of a cold start, and the same for every function.
        """
        group = self._waiting.setdefault(interpreter.runtime, [])
        if not interpreter.command or self._closed:
            return
        while len(group) < self._waiting_wanted:
            environment = await self._open()
            environ = {
                # awslambdaric's compiled half reads it when imported.
                "AWS_LAMBDA_RUNTIME_API": environment.address,
                "HOME": f"{environment.home}",
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "TMPDIR": f"{environment.tmp}",
            }
            environment.start(interpreter.command, environ, environment.tmp, waits=True)
            self._watched(environment)
            group.append(environment)

    def _take_waiting(
        self, interpreter: Interpreter, spec: FunctionSpec, task: Path
    ) -> Environment | None:
        # The loader reads LD_LIBRARY_PATH when a process starts, so libraries need a new one.
        if started_with(spec) or (task / "lib").is_dir():
            return None
        group = self._waiting.get(interpreter.runtime, [])
        while group:
            environment = group.pop()
            if environment.alive:
                return environment
        return None

    def _replenish(self, runtime: str) -> None:
        async def again() -> None:
            assert self._interpreters is not None  # noqa: S101 (prepared)
            with suppress(Closed):
                await self._have_waiting(await self._interpreters.find(runtime))

        if not self._closed and len(self._waiting.get(runtime, ())) < self._waiting_wanted:
            self._background(again())

    def _kept_of(self, key: Key) -> int:
        """How many of the idle environments must stay."""
        return self._kept.get(key, 0)

    def _make_room(self) -> None:
        """Below the limit of processes, at the cost of whoever was idle longest."""
        used = sum(1 for each in self._environments if each.spec is not None)
        if used < self._max_environments:
            return
        idle = [each for key, group in self._idle.items() for each in group[self._kept_of(key) :]]
        if not idle:
            raise Throttled
        self._discard(min(idle, key=lambda each: each.idle_since))

    def _discard(self, environment: Environment) -> None:
        """End an environment and forget it; doing so twice is harmless."""
        if environment not in self._environments:
            return
        self._environments.discard(environment)
        for group in (*self._idle.values(), *self._waiting.values()):
            with suppress(ValueError):
                group.remove(environment)
        if self._watch is not None:
            self._watch.lost(environment.pid)
        environment.kill()
        self._background(environment.destroy())

    def _watched(self, environment: Environment) -> None:
        if self._watch is not None:
            self._watch.born(environment.pid)

    def _reap(self) -> None:
        """End what has been idle for long; again and again."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_seconds
        for key, group in tuple(self._idle.items()):
            for environment in tuple(group[self._kept_of(key) :]):
                if environment.idle_since <= oldest:
                    self._discard(environment)
        self._idle = {key: group for key, group in self._idle.items() if group}
        self._reaper = loop.call_later(self._idle_seconds / 4, self._reap)

    def _background(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


# Not the environment's business, or not to be hashed as they are.
_APART = frozenset(
    {"account_concurrency", "arn", "code", "environment", "layers", "reserved_concurrency"}
)


def environment_key(spec: FunctionSpec, endpoint_url: str) -> Key:
    """What must be equal for an environment to be used again."""
    same = (
        value
        for field in dataclasses.fields(spec)
        if field.name not in _APART
        for value in (getattr(spec, field.name),)
    )
    content = (package.sha256 for package in (spec.code, *spec.layers))
    return (*same, *sorted(spec.environment.items()), *content, endpoint_url)
