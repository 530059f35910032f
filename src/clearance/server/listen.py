"""Sockets: bind, serve until told to stop, in the foreground or in a thread."""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import uvicorn

from clearance.model.errors import UsageError
from clearance.server.protocol import GuardedProtocol
from clearance.server.start import Started

__all__ = [
    "ADDRESS_FILE",
    "announce",
    "bind",
    "read_address",
    "running",
    "serve",
    "url_of",
    "withdraw",
]

START_SECONDS: Final = 30
WS_BYTES: Final = 4 * 1024 * 1024  # of one message of the console
# Where a running server says how to reach it, in its data folder; it holds no secret.
ADDRESS_FILE: Final = "endpoint.json"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: the port is taken or the address is not ours; says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} of {host} is in use; stop what listens there or give another --port"
            ) from None
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.listen(1024)
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(data: Path, url: str, region: str) -> None:
    """Leave the address for `clearance env`."""
    draft = data / f".{ADDRESS_FILE}.{os.getpid()}"
    draft.write_text(json.dumps({"url": url, "region": region, "pid": os.getpid()}), "utf-8")
    draft.replace(data / ADDRESS_FILE)


def withdraw(data: Path) -> None:
    """Take the address away again, if it is ours."""
    found = read_address(data)
    if found is not None and found.get("pid") == os.getpid():
        (data / ADDRESS_FILE).unlink(missing_ok=True)


def read_address(data: Path) -> Mapping[str, Any] | None:
    """What the server of a data folder left, if one did."""
    try:
        found = json.loads((data / ADDRESS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _server(started: Started, listener: socket.socket) -> uvicorn.Server:
    started.functions.endpoint_url = url_of(listener)
    config = uvicorn.Config(
        started.application,
        log_config=None,
        proxy_headers=False,  # X-Forwarded-For must not become aws:SourceIp
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        http=GuardedProtocol,
        ws="websockets-sansio" if started.console is not None else "none",
        ws_max_size=WS_BYTES,
    )
    return uvicorn.Server(config)


def serve(started: Started, listener: socket.socket) -> None:
    """Serve until the process is told to stop; then finish what runs and close the store."""
    # uvicorn finishes in order and then sends itself the signal again: it must find a handler
    # that lets the caller clean up.
    signal.signal(signal.SIGTERM, _stopped)
    # What is there now stays: AWS's models, the estate. A request makes thousands of objects that
    # go at once, and few cycles, so looking for those less often saves a tenth of its time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    _server(started, listener).run(sockets=[listener])


def _stopped(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise SystemExit(0)


@contextmanager
def running(started: Started, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the URL."""
    listener = bind(host, port)
    server = _server(started, listener)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="clearance-endpoint", daemon=True
    )
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    waited = threading.Event()
    for _ in range(START_SECONDS * 100):
        if server.started:
            return
        if not thread.is_alive():
            break
        waited.wait(0.01)
    raise UsageError("the endpoint did not start")
