"""One endpoint's console before anybody asked for it: cheap to make, loads nothing."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clearance.server.console.door import PREFIX, Asgi, Door
from clearance.server.console.feed import Feed
from clearance.server.console.sessions import Sessions

if TYPE_CHECKING:
    from clearance.server.console.acting import Answerer
    from clearance.server.console.app import Opened
    from clearance.server.world import World

__all__ = ["Console"]


class Console:
    """The console of an endpoint: its door, its feed and, once somebody came, its pages."""

    def __init__(self, region: str, folder: Path, now: Callable[[], datetime]) -> None:
        self.feed = Feed()
        self.sessions = Sessions(now)
        self.door = Door(self.sessions, self._load)
        self._region, self._folder = region, folder
        self._world: World | None = None
        self._answer: Answerer | None = None
        self._opened: Opened | None = None

    def serves(self, world: World, answer: Answerer) -> None:
        """Say what the console is of."""
        self._world, self._answer = world, answer

    def address(self, url: str) -> str:
        """Where a browser signs in; the fragment holds the token and is never sent."""
        return f"{url}{PREFIX}/#token={self.sessions.token}"

    async def _load(self) -> Asgi:
        assert self._world is not None and self._answer is not None  # noqa: S101, PT018 - `serves`
        # NiceGUI takes half a second to import: calls are answered meanwhile.
        await asyncio.to_thread(importlib.import_module, "clearance.server.console.app")
        from clearance.server.console.acting import Acting  # noqa: PLC0415
        from clearance.server.console.app import opened  # noqa: PLC0415
        from clearance.server.console.view import View  # noqa: PLC0415

        view = View(self._world, self.feed, self._region, self._folder)
        self._opened = await opened(view, Acting(self._answer, self._region))
        return self._opened.application

    async def close(self) -> None:
        """Stop what was started."""
        if self._opened is not None:
            await self._opened.close()
