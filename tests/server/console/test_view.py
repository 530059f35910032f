"""What takes long keeps no page waiting for what is soon done."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from clearance.model.estate import Account, Estate
from clearance.server.console.feed import Feed
from clearance.server.console.view import THREADS, View


class Holding:
    """A world with nothing but an estate."""

    def __init__(self) -> None:
        self.estate = Estate()


def view() -> tuple[View, Any]:
    world: Any = Holding()
    return View(world, Feed(), "us-east-1", Path()), world


def test_long_work_leaves_threads_for_short_work() -> None:
    made, _ = view()
    go = threading.Event()

    async def both() -> int:
        long = [asyncio.create_task(made.at_length(go.wait, 60)) for _ in range(THREADS + 1)]
        short = await asyncio.wait_for(made.aside(lambda: 1), 30)
        go.set()
        await asyncio.gather(*long)
        return short

    assert asyncio.run(both()) == 1
    made.close()


def test_what_is_derived_is_made_anew_only_after_a_change() -> None:
    made, world = view()
    calls: list[Estate] = []

    def count(estate: Estate) -> int:
        calls.append(estate)
        return len(estate.accounts)

    assert [made.derived("number", count) for _ in range(3)] == [0, 0, 0]
    world.estate = Estate({"1": Account("1")})
    assert [made.derived("number", count) for _ in range(2)] == [1, 1]
    assert len(calls) == 2
    made.close()
