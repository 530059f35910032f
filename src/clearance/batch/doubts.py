"""What only an estate can answer about a call, so that it can be asked again when there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from clearance.batch.dataset import OWNED
from clearance.model.estate import Estate
from clearance.model.principal import Principal

__all__ = ["Answers", "Doubts", "Watched"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Doubts:
    """An estate that knows nothing and keeps what it was asked.

    It stands in for an `Estate` while permissions are derived from a record alone. Where a
    question was asked, an estate with another answer makes other permissions.
    """

    def __init__(self) -> None:
        self.asked: dict[str, None] = {}

    def partition_of(self, account_id: str | None) -> None:
        """None: the Region or the caller's ARN tells, and the estate would not say otherwise."""
        del account_id

    def holder_of(self, arn: str) -> str:
        """A sign that stands for whoever holds the resource, kept until somebody knows."""
        del arn
        return OWNED

    def resource(self, account_id: str | None, arn: str) -> None:
        """None; an estate may hold the resource."""
        del account_id
        self.asked[f"resource {arn}"] = None

    def account(self, account_id: str | None) -> None:
        """None; an estate may hold the account."""
        self.asked[f"account {account_id}"] = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever an estate has
        """Any other question: every estate may answer it in its own way."""
        self.asked["estate"] = None
        found = getattr(Estate(), name)
        return _NOTHING if isinstance(found, Mapping) else found


class Watched:
    """A caller of whom it is known whether more than account and partition was looked at."""

    __slots__ = ("principal", "seen")

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.seen = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a principal has
        if name not in {"account", "partition"}:
            self.seen = True
        return getattr(self.principal, name)


class Answers:
    """Whether an estate has something to say to questions that were asked of `Doubts`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        held = [r for a in estate.accounts.values() for r in a.resources.values()]
        self._held = frozenset(resource.arn for resource in held)
        # Permissions follow from a resource's attributes; from keys also by their aliases.
        self._telling = frozenset(r.arn for r in held if r.attributes or ":kms:" in r.arn)

    def any(self, questions: Iterable[str]) -> bool:
        """True when some question has an answer here."""
        return any(map(self._answers, questions))

    def _answers(self, question: str) -> bool:
        kind, _, what = question.partition(" ")
        if kind == "resource":
            return what in self._telling
        if kind == "holder":
            return what in self._held
        if kind == "account":
            return what in self._estate.accounts
        return True
