"""What a synthetic world is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from clearance.batch.synthetic.calls import ApiCall
from clearance.model.estate import Estate

__all__ = ["Actor", "Family", "Habit", "Need", "Place", "World"]


@dataclass(frozen=True, slots=True)
class Family:
    """Resources that are named alike: ``arn`` holds ``{n}`` where they differ."""

    kind: str
    account: str
    arn: str
    size: int = 1

    def item(self, number: int) -> str:
        """One of them."""
        return self.arn.replace("{n}", _item(self.kind, number))

    @property
    def pattern(self) -> str:
        """The narrowest pattern for all of them."""
        return self.arn.replace("{n}", "*")

    @property
    def members(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.item(number) for number in range(self.size))


def _item(kind: str, number: int) -> str:
    if kind == "object":
        return f"{number % 12 + 1:02}/part-{number:06}.parquet"
    if kind == "log-stream":
        return f"{number:032x}"
    if kind == "instance":
        return f"{number:017x}"
    return f"{number:03}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where calls come from: addresses, perhaps a VPC endpoint, and the programs that call."""

    addresses: tuple[str, ...]
    agents: tuple[str, ...]
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who calls. ``arn`` is the user or role; ``runs`` is how it signs in."""

    arn: str
    unique_id: str
    account: str
    region: str
    runs: str
    place: Place
    sessions: tuple[str, ...] = ()
    mfa: bool = False


@dataclass(frozen=True, slots=True)
class Habit:
    """One actor's calls of one operation on one family; ``error`` is what AWS always answers.

    ``via`` is the service that calls for the actor.
    """

    actor: int
    call: ApiCall
    family: Family
    weight: float
    error: str | None = None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """A permission somebody must have; ``weight`` is 0 where no call will show it."""

    principal: str
    action: str
    resource: str
    weight: float


@dataclass(frozen=True, slots=True)
class World:
    """An estate, its people and machines, what they do, and what they need to do it."""

    estate: Estate
    actors: tuple[Actor, ...]
    habits: tuple[Habit, ...]
    needs: tuple[Need, ...]
    families: tuple[Family, ...] = field(default=())
