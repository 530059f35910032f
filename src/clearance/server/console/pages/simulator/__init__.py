"""Simulator: who may do what, under which circumstances, and with other policies than there are."""

from __future__ import annotations

from clearance.server.console.page import Desk, Page
from clearance.server.console.pages.simulator.desk import Simulator

__all__ = ["PAGE"]


async def _build(desk: Desk) -> None:
    await Simulator(desk).show()


PAGE = Page(
    "simulator",
    "Simulator",
    "science",
    "Decide any request without making it: other circumstances, other policies. Nothing changes.",
    _build,
)
