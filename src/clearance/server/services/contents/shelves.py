"""Where moto keeps what: the tables of each service, and what of a thing is kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.server.services.behind import SERVED
from clearance.store.contents import Place

__all__ = [
    "KEPT",
    "SHELVES",
    "Root",
    "Shelf",
    "names_of",
    "root_of",
    "state_of",
    "table_of",
    "things_of",
]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A table of a backend.

    ``apart`` are members of its things that are not kept with them: the contents, which have
    places of their own, and what moto only notes for its own tests.
    """

    table: str
    apart: tuple[str, ...] = ()


# The service as moto calls it. What is on no shelf is kept as one thing, the root.
SHELVES: Final[Mapping[str, tuple[Shelf, ...]]] = {
    "apigateway": (Shelf("apis"),),
    "cloudwatch": (Shelf("alarms"), Shelf("dashboards")),
    "dynamodb": (Shelf("tables", ("items", "stream_shard")), Shelf("backups")),
    "events": (Shelf("event_buses"), Shelf("archives", ("events",))),
    "kms": (Shelf("keys"),),
    "logs": (Shelf("groups", ("streams",)),),
    "s3": (Shelf("buckets", ("keys", "multiparts")),),
    "secretsmanager": (Shelf("secrets"),),
    "sns": (Shelf("topics", ("sent_notifications",)), Shelf("subscriptions")),
    "sqs": (Shelf("queues", ("_messages", "_pending_messages", "deleted_messages")),),
    "ssm": (Shelf("_parameters"), Shelf("_documents")),
}
# Of a root: what is no state, is content, or is kept with the contents.
_NOT_OF_ROOT: Final = frozenset(
    {
        "account_id", "metric_data", "next_tokens", "opt_out_numbers", "paged_metric_data",
        "_pagination_tokens", "partition", "queries", "region_name",
    }
)  # fmt: skip
KEPT: Final = frozenset(SERVED[service] for service in SERVED) - {"dynamodbstreams"}


@dataclass(frozen=True, slots=True)
class Root:
    """One service of one account and Region."""

    service: str
    account: str
    region: str
    held: Any

    @property
    def place(self) -> Place:
        """Under which all of it is kept."""
        return (self.service, self.account, self.region)


def root_of(held: Any) -> Root:  # noqa: ANN401
    """A backend of moto's as a root."""
    return Root(type(held).__module__.split(".")[1], held.account_id, held.region_name, held)


def table_of(root: Root, shelf: str) -> dict[str, Any]:
    """The table of a shelf."""
    table: dict[str, Any] = getattr(root.held, shelf)
    return table


def things_of(root: Root, shelf: Shelf) -> Iterator[tuple[str, Any]]:
    """The things on a shelf by their names, as they are at this moment."""
    # Some tables answer more names than they hold: ask as a plain dict.
    for name, thing in list(dict.items(table_of(root, shelf.table))):
        if thing and not name.startswith("/aws/service/"):  # parameters that AWS publishes
            yield name, thing


def names_of(root: Root) -> dict[int, Place]:
    """The places of all things on shelves, by the ``id`` of the thing."""
    return {
        id(thing): (*root.place, shelf.table, name)
        for shelf in SHELVES.get(root.service, ())
        for name, thing in things_of(root, shelf)
        if hasattr(thing, "__dict__") and not isinstance(thing, dict)
    }


def state_of(root: Root, shelf: Shelf | None, thing: Any) -> Any:  # noqa: ANN401
    """What is kept of a thing, or of the root itself."""
    if shelf is None:
        shelves = {found.table for found in SHELVES.get(root.service, ())}
        return {
            name: _without_objects(value) if (root.service, name) == ("s3", "tagger") else value
            for name, value in thing.__dict__.items()
            if name not in shelves and name not in _NOT_OF_ROOT
        }
    if isinstance(thing, dict | list) or not hasattr(thing, "__dict__"):
        return thing
    return {name: value for name, value in thing.__dict__.items() if name not in shelf.apart}


def _without_objects(tagger: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401
    """The tags of buckets; an object's are kept with the object."""
    return {arn: dict(tags) for arn, tags in list(tagger.tags.items()) if "/" not in arn}
