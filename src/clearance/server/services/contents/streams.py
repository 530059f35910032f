"""CloudWatch Logs' contents: streams and their events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from clearance.server.services.contents.freeze import freeze, thaw
from clearance.server.services.contents.known import Look, Row, Tail
from clearance.server.services.contents.shelves import Root, names_of
from clearance.store.contents import Kept, Place

__all__ = ["all_of", "fill", "finish", "prepared", "touched"]


def touched(root: Root, operation: str, given: Mapping[str, Any]) -> Iterator[Look | Tail]:
    """The stream that is named."""
    del operation
    group = root.held.groups.get(given.get("logGroupName"))
    name = given.get("logStreamName")
    if group is not None and isinstance(name, str):
        yield from _streams(root, group, {name})


def all_of(root: Root, name: str) -> Iterator[Look | Tail]:
    """Everything in a log group."""
    group = root.held.groups[name]
    yield from _streams(root, group, set(group.streams))


def fill(root: Root, place: Place, kept: Kept) -> None:
    """Put a kept row back."""
    group = root.held.groups.get(place[0])
    if group is None:
        return
    if len(place) == 3:  # noqa: PLR2004 (a stream, not its events)
        model = import_module("moto.logs.models").LogStream
        stream = model.__new__(model)
        stream.__dict__.update(thaw(kept.value, lambda _: group), events=[])
        group.streams[place[2]] = stream
    elif (stream := group.streams.get(place[2])) is not None:
        stream.events += thaw(kept.value, lambda _: group)


def finish(root: Root) -> None:
    """New events get numbers of their own."""
    event = import_module("moto.logs.models").LogEvent
    for group in root.held.groups.values():
        for stream in group.streams.values():
            numbers = [found.event_id for found in stream.events]
            event._event_id = max([event._event_id, *(n + 1 for n in numbers)])  # noqa: SLF001


def prepared(group: Any) -> None:  # noqa: ANN401
    """A group that was read without its contents, ready for them."""
    group.streams = {}


def _streams(root: Root, group: Any, names: set[str]) -> Iterator[Look | Tail]:  # noqa: ANN401
    parent = (*root.place, "groups", group.name, "streams")
    others = names_of(root)
    found = {name: group.streams[name] for name in sorted(names) if name in group.streams}
    rows = {name: _row(stream, others) for name, stream in found.items()}
    yield Look(parent, rows, frozenset(names))
    for name, stream in found.items():
        events = stream.events
        yield Tail((*parent, name, "events"), len(events), _part(events, others))


def _row(stream: Any, others: Mapping[int, Place]) -> Row:  # noqa: ANN401
    state = {k: v for k, v in stream.__dict__.items() if k != "events"}
    return Row(lambda: freeze(state, others))


def _part(events: list[Any], others: Mapping[int, Place]) -> Any:  # noqa: ANN401
    return lambda start, end: freeze(events[start:end], others)
