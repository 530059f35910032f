"""Lists that only grow: CloudWatch's metric data, what EventBridge's archives hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clearance.server.services.contents.freeze import freeze, thaw
from clearance.server.services.contents.known import Look, Tail
from clearance.server.services.contents.shelves import Root
from clearance.store.contents import Kept, Place

__all__ = ["all_of", "fill", "finish", "prepared", "touched"]


def touched(root: Root, operation: str, given: Mapping[str, Any]) -> Iterator[Look | Tail]:
    """All of them; there are few."""
    del operation, given
    if root.service == "cloudwatch":
        data = root.held.metric_data
        yield Tail((*root.place, "metrics", "all", "data"), len(data), _part(data))
        return
    for name in list(root.held.archives):
        yield from all_of(root, name)


def all_of(root: Root, name: str) -> Iterator[Look | Tail]:
    """What an archive holds; alarms and dashboards hold nothing."""
    archive = root.held.archives.get(name) if root.service == "events" else None
    if archive is not None:
        events = archive.events
        yield Tail((*root.place, "archives", name, "events"), len(events), _part(events))


def fill(root: Root, place: Place, kept: Kept) -> None:
    """Put a kept row back."""
    found = thaw(kept.value, lambda _: root.held)
    if root.service == "cloudwatch":
        root.held.metric_data += found
    elif (archive := root.held.archives.get(place[0])) is not None:
        archive.events += found


def finish(_: Root) -> None:
    """Nothing is left to do."""


def prepared(thing: Any) -> None:  # noqa: ANN401
    """A thing that was read without its contents, ready for them."""
    if type(thing).__name__ == "Archive":
        thing.events = []


def _part(data: list[Any]) -> Callable[[int, int], bytes]:
    return lambda start, end: freeze(data[start:end], {})
