"""The Runtime API of one environment: how a runtime fetches its work and hands back answers.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import httptools

from clearance.server.runtime.report import PAYLOAD_LIMIT

__all__ = ["Answer", "Invocation", "RuntimeApi"]

PREFIX = "/2018-06-01/runtime/"
# A response above the limit is still read to its end, so that the runtime hears the 413; this
# is where reading stops too.
ENOUGH = 64 * 1024 * 1024
REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Payload Too Large",
}


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to the function."""

    request_id: str
    payload: bytes
    deadline_ms: int
    invoked_arn: str
    trace_id: str | None = None
    client_context: str | None = None

    def headers(self) -> Mapping[str, str]:
        """What the runtime turns into its context object."""
        found = {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.invoked_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
            "Lambda-Runtime-Client-Context": self.client_context,
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the runtime sent: `next`, `response`, `error`, `init` (an error) or `large`."""

    kind: str
    body: bytes = b""
    error_type: str | None = None


@dataclass(slots=True)
class RuntimeApi:
    """A server on a port of its own; tells its environment about each step of the runtime.

    Anyone on the machine can connect to a port of 127.0.0.1, and the protocol has no secret:
    who asks `next` first gets the event. So ``admits`` looks up, in the kernel, whether the
    other end belongs to a process of this environment. Where there is no `/proc` the port
    number is the only obstacle; a process of the same user could then still read the event,
    but it could also read the function's memory.
    """

    tells: Callable[[Answer], None]
    admits: Callable[[int, int], bool]
    port: int = 0
    _server: asyncio.Server | None = None
    _connections: "set[_Connection]" = field(default_factory=set)
    _asking: "_Connection | None" = None
    _waiting: Invocation | None = None
    _current: str | None = None

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, backlog=16
        )
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> str:
        """`AWS_LAMBDA_RUNTIME_API`."""
        return f"127.0.0.1:{self.port}"

    def give(self, invocation: Invocation) -> None:
        """Hand out the event as soon as the runtime asks, or at once if it has asked."""
        self._current = invocation.request_id
        if self._asking is None:
            self._waiting = invocation
            return
        asking, self._asking = self._asking, None
        asking.answer(200, invocation.payload, invocation.headers())

    def close(self) -> None:
        """Hang up."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()

    def handle(self, connection: "_Connection", method: str, path: str, request: Answer) -> None:
        """One request of the runtime."""
        match method, path.removeprefix(PREFIX).split("/"):
            case "GET", ["invocation", "next"]:
                self._next(connection)
            case "POST", ["init", "error"]:
                connection.accept()
                self.tells(Answer("init", request.body, request.error_type))
            case "POST", ["invocation", request_id, ("response" | "error") as kind]:
                self._answer(connection, request_id, kind, request)
            case _:
                connection.refuse(404, "InvalidPath", f"no such path `{path}`")

    def forget(self, connection: "_Connection") -> None:
        """The runtime hung up."""
        self._connections.discard(connection)
        if self._asking is connection:
            self._asking = None

    def meet(self, connection: "_Connection") -> None:
        """The runtime connected."""
        self._connections.add(connection)

    def _next(self, connection: "_Connection") -> None:
        invocation, self._waiting = self._waiting, None
        if invocation is None:
            self._asking = connection
        else:
            connection.answer(200, invocation.payload, invocation.headers())
        self.tells(Answer("next"))

    def _answer(
        self, connection: "_Connection", request_id: str, kind: str, request: Answer
    ) -> None:
        if self._current is None:
            connection.refuse(403, "InvalidStateTransition", "no invocation is running")
        elif request_id != self._current:
            connection.refuse(400, "InvalidRequestID", "Invalid request ID")
        elif len(request.body) > PAYLOAD_LIMIT:
            self._current = None
            size = f"Exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            connection.refuse(413, "RequestEntityTooLarge", size)
            self.tells(Answer("large"))
        else:
            self._current = None
            connection.accept()
            self.tells(Answer(kind, request.body, request.error_type))


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with the runtime, keep-alive, one write per answer.

    Headers and body in two writes would meet Nagle's algorithm and delayed acknowledgements:
    40 ms each.
    """

    __slots__ = ("_api", "_body", "_error_type", "_parser", "_path", "_size", "_transport")

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._path = b""
        self._body: list[bytes] = []
        self._size = 0
        self._error_type: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not of asyncio's class.
        self._transport = cast("asyncio.Transport", transport)
        client = transport.get_extra_info("peername")
        if not self._api.admits(client[1], self._api.port):
            self._transport.abort()
            return
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._api.meet(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._api.forget(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, UnicodeDecodeError):
            self.abort()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"lambda-runtime-function-error-type":
            self._error_type = value.decode("latin-1")
        elif name.lower() == b"expect":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > ENOUGH:
            self.abort()
        elif self._size <= PAYLOAD_LIMIT + len(body):
            self._body.append(body)  # one piece too many is enough to know

    def on_message_complete(self) -> None:
        path, self._path = self._path.decode("latin-1"), b""
        body, self._body, self._size = b"".join(self._body), [], 0
        error_type, self._error_type = self._error_type, None
        method = self._parser.get_method().decode("latin-1")
        self._api.handle(self, method, path, Answer("request", body, error_type))

    def accept(self) -> None:
        """Say thank you."""
        self.answer(202, b'{"status":"OK"}\n', {})

    def refuse(self, status: int, error_type: str, message: str) -> None:
        """Say what was wrong."""
        body = json.dumps({"errorMessage": message, "errorType": error_type})
        self.answer(status, body.encode(), {})

    def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """One response, one write."""
        lines = [
            f"HTTP/1.1 {status} {REASONS[status]}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {_one_line(value)}" for name, value in headers.items()),
            "\r\n",
        ]
        self._write("\r\n".join(lines).encode() + body)

    def abort(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _one_line(value: str) -> str:
    """A header cannot carry a line break: a client context must not add headers."""
    return value.replace("\r", " ").replace("\n", " ")
