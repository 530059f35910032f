"""clearance mcp: answers for coding assistants, over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path

import typer

from clearance.model.errors import UsageError

__all__ = ["mcp"]


def mcp(
    root: Path = typer.Option(
        Path(), "--root", help="The folder whose files may be read; no other file ever is."
    ),
    estate: Path | None = typer.Option(
        None, "--estate", "-e", help="The estate to use where a question names none."
    ),
    http: int | None = typer.Option(
        None,
        "--http",
        min=0,
        max=65535,
        metavar="PORT",
        help="Serve streamable HTTP on this port of 127.0.0.1 instead of standard input and "
        "output; 0 takes a free one. The token to send is printed.",
    ),
) -> None:
    """Let coding assistants ask, over the Model Context Protocol.

    Tools: check, explain, who_can, what_can, diff, diff_estates, validate, actions. They only
    read, and only in the root folder. Needs the extra `clearance[mcp]`.

    Example: clearance mcp --root . --estate ./estate
    """  # fmt: skip
    from clearance.cli.assistant.server import run_http, server

    if not root.is_dir():
        raise UsageError(f"`{root}` is not a folder")
    if estate is not None and not estate.exists():
        raise UsageError(f"`{estate}` does not exist; give an estate file or folder")
    made = server(root, estate)
    if http is None:
        made.run("stdio")
    else:
        run_http(made, http)
