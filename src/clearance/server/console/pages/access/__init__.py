"""Access map: who can do what with a resource, and who can become whom."""

from __future__ import annotations

from clearance.server.console.page import Desk, Page
from clearance.server.console.pages.access import roles, who
from clearance.server.console.parts import refer

__all__ = ["PAGE"]

_WHO, _ROLES = "Who can do what", "Who becomes whom"


async def _build(desk: Desk) -> None:
    chosen = _ROLES if desk.asked.get("view") == "roles" else _WHO
    choices = [("access", _WHO), (refer.address("access", view="roles"), _ROLES)]
    refer.tabs("Maps", choices, chosen)
    await (roles if chosen == _ROLES else who).show(desk)


PAGE = Page(
    "access",
    "Access map",
    "hub",
    "Who can do what, decided for everybody at once, and who can become whom role by role.",
    _build,
)
