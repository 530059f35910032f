"""Turns come in the order in which they were drawn, whoever is ready first or fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest

from clearance.batch.turns import Turns


def test_turns_come_in_order_and_one_at_a_time() -> None:
    turns, lock, done = Turns(), Lock(), []
    inside = Lock()

    def work(number: int) -> None:
        with lock:
            turn = turns.take()
        with turns.mine(turn, lambda: time.sleep(0.002 * (number % 3))):
            assert inside.acquire(blocking=False)
            done.append(turn)
            inside.release()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    assert done == list(range(24))


def test_who_fails_passes_the_turn_on() -> None:
    turns = Turns()
    first, second, third = turns.take(), turns.take(), turns.take()
    gone = Event()

    def fail() -> None:
        raise OSError("cannot be read")

    def later() -> bool:
        with turns.mine(third, gone.set):
            return True

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(later)
        assert gone.wait(10)
        with pytest.raises(OSError, match="cannot be read"), turns.mine(first, fail):
            raise AssertionError("nothing was prepared")
        with pytest.raises(KeyError), turns.mine(second, lambda: None):
            raise KeyError
        assert waiting.result(10)
