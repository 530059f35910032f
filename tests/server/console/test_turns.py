"""Threads of the console give way sooner while they are at work, and only then."""

from __future__ import annotations

import sys

from clearance.server.console.turns import TURN, giving_way


def test_turns_are_short_until_the_last_is_done() -> None:
    before = sys.getswitchinterval()
    with giving_way():
        with giving_way():
            assert abs(sys.getswitchinterval() - TURN) < TURN / 10
        assert abs(sys.getswitchinterval() - TURN) < TURN / 10
    assert sys.getswitchinterval() == before
