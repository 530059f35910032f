"""SQS's contents: messages, also those that are in flight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clearance.server.services.contents.freeze import freeze, thaw
from clearance.server.services.contents.known import Look, Row, Tail
from clearance.server.services.contents.shelves import Root
from clearance.store.contents import Kept, Place

__all__ = ["all_of", "fill", "finish", "prepared", "touched"]


def touched(root: Root, operation: str, given: Mapping[str, Any]) -> Iterator[Look | Tail]:
    """The messages of the queue, and of the queue for those that failed."""
    del operation
    name = str(given.get("QueueUrl") or "").rpartition("/")[2]
    queue = root.held.queues.get(name)
    while queue is not None:
        yield from all_of(root, queue.name)
        # Only of this Region and account: a dead-letter queue must be.
        queue = queue.dead_letter_queue if queue.dead_letter_queue is not queue else None


def all_of(root: Root, name: str) -> Iterator[Look | Tail]:
    """Everything in a queue."""
    queue = root.held.queues[name]
    rows = {message.id: _row(queue, message) for message in list(queue._messages)}  # noqa: SLF001
    yield Look((*root.place, "queues", name, "messages"), rows)


def fill(root: Root, place: Place, kept: Kept) -> None:
    """Put a kept row back."""
    queue = root.held.queues.get(place[0])
    if queue is None:
        return
    message, pending = thaw(kept.value, lambda _: None)
    queue._messages.append(message)  # noqa: SLF001
    if pending:
        queue._pending_messages.add(message)  # noqa: SLF001


def finish(_: Root) -> None:
    """Nothing is left to do."""


def prepared(queue: Any) -> None:  # noqa: ANN401
    """A queue that was read without its contents, ready for them."""
    queue._messages = []  # noqa: SLF001
    queue._pending_messages = set()  # noqa: SLF001
    queue.deleted_messages = set()


def _row(queue: Any, message: Any) -> Row:  # noqa: ANN401
    pending = message in queue.pending_messages
    stamp = (
        message.receipt_handle, message.approximate_receive_count, message.visible_at, pending,
    )  # fmt: skip
    return Row(lambda: freeze((message, pending), {}), stamp)
