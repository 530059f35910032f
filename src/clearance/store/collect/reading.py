"""Reading: what a part of the collection is given, and what it may do with a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from clearance.store.collect.aws import Aws, CallFailed

__all__ = ["Files", "Part", "Reading", "nobody"]

T = TypeVar("T")
R = TypeVar("R")
Files: TypeAlias = Iterator[tuple[str, object]]

WORKERS: Final = 8


def nobody(name: str) -> bool:
    """No file is there yet."""
    del name
    return False


@dataclass(frozen=True, slots=True)
class Reading:
    """One account as one identity sees it, in one Region.

    ``notes`` collects what could not be read; ``kept`` tells whether an earlier run has written a
    file of this part.
    """

    aws: Aws
    account: str
    partition: str
    region: str
    notes: list[str] = field(default_factory=list)
    kept: Callable[[str], bool] = nobody
    workers: int = WORKERS

    def call(self, service: str, operation: str, /, **given: object) -> dict[str, Any]:
        """The whole answer, or `CallFailed`."""
        return self.aws.call(service, operation, self.region, **given)

    def attempt(
        self, service: str, operation: str, /, what: str, none: str = "", **given: object
    ) -> dict[str, Any]:
        """The answer; empty if AWS says there is ``none`` (its error codes) or refuses.

        A refusal is noted.
        """
        try:
            return self.call(service, operation, **given)
        except CallFailed as error:
            if error.code not in none.split():
                self.notes.append(f"{what}: {error}")
            return {}

    def each(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """The results for all items, several at a time."""
        if self.workers == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(function, items))

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """An ARN in this account and Region."""
        region = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an account: what it is called, and the files it makes."""

    name: str
    read: Callable[[Reading], Files]
    regional: bool = False
