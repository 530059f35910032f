"""The pages, in the order of the navigation: one module each under ``pages``."""

from __future__ import annotations

from typing import Final

from clearance.server.console.page import Page
from clearance.server.console.pages import access, denials, history, policies, replay, simulator

__all__ = ["PAGES"]

PAGES: Final[tuple[Page, ...]] = (
    denials.PAGE,
    simulator.PAGE,
    access.PAGE,
    policies.PAGE,
    history.PAGE,
    replay.PAGE,
)
