"""The feed of the latest calls."""

from __future__ import annotations

from clearance.server.console.feed import KEPT, Feed


def names(feed: Feed, since: int) -> list[str]:
    return [str(event["n"]) for event in feed.since(since)]


def test_what_is_new_comes_first_and_once() -> None:
    feed = Feed()
    for number in range(3):
        feed.add({"n": number})
    assert feed.count == 3
    assert names(feed, 0) == ["2", "1", "0"]
    assert names(feed, 2) == ["2"]
    assert names(feed, 3) == []


def test_only_the_last_calls_are_kept() -> None:
    feed = Feed()
    for number in range(KEPT + 5):
        feed.add({"n": number})
    assert feed.count == KEPT + 5
    assert len(feed.since(0)) == KEPT
    assert names(feed, feed.count - 1) == [str(KEPT + 4)]
    assert len(feed.since(0, most=7)) == 7
