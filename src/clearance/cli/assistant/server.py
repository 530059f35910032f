"""An MCP server with the tools, over standard input and output or on loopback."""

from __future__ import annotations

import functools
import hmac
import inspect
import secrets
import socket
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any, Final

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from clearance.cli.assistant.root import Root
from clearance.cli.assistant.tools import Tools
from clearance.model.errors import ClearanceError, PolicyError

__all__ = ["run_http", "server"]

INSTRUCTIONS: Final = """\
Clearance decides as AWS IAM does, offline: ask it instead of guessing what a policy does. Every
verdict is computed, the same question has the same answer, and nothing is ever changed.
Use `explain` for an AccessDenied, `check` for one request, `who_can` and `what_can` for access,
`diff` before a policy changes, `validate` for findings, `actions` for what an action needs.
`missing` tells what the estate does not know; say so when it matters."""

NAMES: Final = (
    "check", "explain", "who_can", "what_can", "diff", "diff_estates", "validate", "actions"
)  # fmt: skip


def server(root: Path, estate: Path | None = None) -> MCPServer[Any]:
    """The server for a root folder; the estate is used where a question names none."""
    made: MCPServer[Any] = MCPServer(
        "clearance",
        title="Clearance",
        version=version("clearance"),
        instructions=INSTRUCTIONS,
        log_level="WARNING",
    )
    tools, lock = Tools(Root(root, estate)), Lock()
    hints = ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    for name in NAMES:
        tool = getattr(tools, name)
        says = inspect.getdoc(tool)
        made.tool(name=name, description=says, annotations=hints)(_polite(tool, lock))
    return made


def _polite(tool: Callable[..., Any], lock: Lock) -> Callable[..., Any]:
    """The tool, one call at a time; what we refuse is an answer that says what to do."""

    @functools.wraps(tool)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the tool
        try:
            with lock:
                return tool(*args, **kwargs)
        except PolicyError as error:
            raise ToolError(f"{error}\n{error.excerpt}".rstrip()) from None
        except ClearanceError as error:
            raise ToolError(str(error)) from None

    return call


def run_http(made: MCPServer[Any], port: int) -> None:
    """Serve on loopback; only who sends the token that is printed is answered.

    Other programs on this machine, and pages in its browser, can reach a port of loopback too.
    """
    import uvicorn

    token = secrets.token_urlsafe(24)
    app = _guarded(made.streamable_http_app(stateless_http=True), token)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        sys.stderr.write(f"{url}\nsend the header `Authorization: Bearer {token}`\n")
        sys.stderr.flush()
        config = uvicorn.Config(app, log_level="warning")
        uvicorn.Server(config).run(sockets=[listening])


def _guarded(app: ASGIApp, token: str) -> ASGIApp:
    wanted = f"Bearer {token}".encode()

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", ())).get(b"authorization", b"")
        if scope["type"] == "http" and not hmac.compare_digest(given, wanted):
            refusal = PlainTextResponse("send the token that was printed at start\n", 401)
            await refusal(scope, receive, send)
        else:
            await app(scope, receive, send)

    return guard
