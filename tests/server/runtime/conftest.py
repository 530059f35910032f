"""A pool in an event loop of its own thread, as a server would have it."""

import asyncio
import hashlib
import io
import json
import sys
import threading
import uuid
import zipfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from clearance.server.runtime import Credentials, FunctionSpec, Outcome, Package, Pool

T = TypeVar("T")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:ProcessImages"
RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
ENDPOINT = "http://127.0.0.1:4566"
CREDENTIALS = Credentials("ASIAEXAMPLE", "the-secret", "the-token")


def zipped(files: Mapping[str, str | bytes], mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def package(content: bytes, sha256: str = "") -> Package:
    return Package(sha256 or hashlib.sha256(content).hexdigest(), lambda: content)


@dataclass
class Workshop:
    """Runs coroutines from ordinary tests."""

    loop: asyncio.AbstractEventLoop
    pool: Pool
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def call(self, work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def function(
        self,
        source: str = "",
        files: Mapping[str, str | bytes] | None = None,
        *,
        layers: Sequence[bytes] = (),
        **changes: object,
    ) -> FunctionSpec:
        code = zipped(files if files is not None else {"app.py": source}, 0o755)
        spec = FunctionSpec(
            arn=ARN,
            unqualified_arn=ARN,
            name="ProcessImages",
            version="$LATEST",
            account="123456789012",
            region="us-east-1",
            role="arn:aws:iam::123456789012:role/image-processor",
            runtime=RUNTIME,
            handler="app.handler",
            code=package(code),
            layers=tuple(map(package, layers)),
            timeout=20,
        )
        return replace(spec, **changes)  # type: ignore[arg-type]

    async def start(
        self,
        spec: FunctionSpec,
        event: object = None,
        *,
        credentials: Credentials = CREDENTIALS,
        request_id: str = "",
        invoked_arn: str | None = None,
        client_context: str | None = None,
    ) -> Outcome:
        return await self.pool.invoke(
            spec,
            json.dumps(event).encode(),
            credentials_for=lambda: credentials,
            endpoint_url=ENDPOINT,
            request_id=request_id or f"{uuid.uuid4()}",
            invoked_arn=invoked_arn,
            client_context=client_context,
        )

    def invoke(self, spec: FunctionSpec, event: object = None, **options: str) -> Outcome:
        return self.call(self.start(spec, event, **options))  # type: ignore[arg-type]

    def answer(self, spec: FunctionSpec, event: object = None, **options: str) -> object:
        outcome = self.invoke(spec, event, **options)
        assert outcome.function_error is None, outcome.payload
        return json.loads(outcome.payload)


def alive(pid: int) -> bool:
    """Zombies are dead."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join(10)
    made.run_until_complete(made.shutdown_default_executor())
    made.close()


@pytest.fixture
def open_workshop(
    loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> Iterator[Callable[..., Workshop]]:
    opened: list[Workshop] = []

    def open_(**limits: object) -> Workshop:
        limits.setdefault("now", lambda: datetime.now(UTC))
        limits.setdefault("directory", tmp_path)
        shop = Workshop(loop, Pool(**limits))  # type: ignore[arg-type]
        opened.append(shop)
        return shop

    yield open_
    for shop in opened:
        shop.call(shop.pool.close())


@pytest.fixture(scope="session")
def shop(
    loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workshop]:
    """Shared by tests that do not ask how many environments there are."""
    directory = tmp_path_factory.mktemp("pool")
    made = Workshop(loop, Pool(now=lambda: datetime.now(UTC), directory=directory))
    yield made
    made.call(made.pool.close())
    assert list(directory.iterdir()) == []
