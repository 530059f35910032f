"""Links from one page to another."""

from __future__ import annotations

from urllib.parse import urlencode

from clearance.model.request import Context, Request
from clearance.server.console.parts.text import tag

__all__ = ["simulator_link", "simulator_url"]


def simulator_url(request: Request) -> str:
    """The simulator's page with this request filled in."""
    pairs = [
        ("principal", request.principal.display),
        ("action", request.action),
        ("resource", request.resource),
        *_context(request.context),
    ]
    if request.resource_account:
        pairs.append(("owner", request.resource_account))
    return f"simulator?{urlencode(pairs)}"


def _context(context: Context) -> list[tuple[str, str]]:
    return [
        ("context", f"{value.key}={one}")
        for value in context.values.values()
        for one in value.values
    ]


def simulator_link(request: Request) -> None:
    """A link that opens a request in the simulator."""
    with tag("a", "Open in the simulator", "button quiet") as link:
        link.props["href"] = simulator_url(request)
