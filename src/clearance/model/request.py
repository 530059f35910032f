"""What is asked: principal, action, resource and the context keys that come with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from clearance.model.principal import Principal

__all__ = ["Context", "ContextValue", "KeyState", "Origin", "Request", "fold"]


def fold(key: str) -> str:
    """A context key as it is compared: without regard to case, tag key included (R102)."""
    return key.lower()


class Origin(Enum):
    """How the value of a context key is known."""

    SENT = "sent"
    DERIVED = "derived"
    ASSUMED = "assumed"


class KeyState(Enum):
    """Whether a context key is in the request."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ContextValue:
    """The values of one key, and the key as it was written."""

    key: str
    values: tuple[str, ...]
    origin: Origin = Origin.SENT
    multivalued: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """The context keys of a request.

    A key is present when it has a value; absent when it is listed in ``absent`` (a name ending
    in ``/`` covers all its sub-keys) or the context is ``complete``; unknown otherwise. A
    decision reads an unknown key as absent and then says so (R159).
    """

    values: Mapping[str, ContextValue] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    complete: bool = False

    @classmethod
    def of(
        cls,
        entries: Mapping[str, str | bool | float | Iterable[str]] | None = None,
        *,
        absent: Iterable[str] = (),
        unknown: Iterable[str] = (),
        complete: bool = False,
    ) -> Context:
        """Make a context from plain values; a list makes the key multivalued.

        >>> Context.of({"aws:TagKeys": ["a", "b"]}).get("AWS:tagkeys")
        ('a', 'b')
        """
        return cls(
            {fold(key): _value(key, entry) for key, entry in (entries or {}).items()},
            frozenset(map(fold, absent)),
            frozenset(map(fold, unknown)),
            complete,
        )

    def get(self, key: str) -> tuple[str, ...] | None:
        """The values of a key, or None when it is not there (an empty list is not there)."""
        found = self.values.get(fold(key))
        return found.values or None if found else None

    def state(self, key: str) -> KeyState:
        """Whether the key is present, absent or unknown."""
        folded = fold(key)
        found = self.values.get(folded)
        if found is not None:
            return KeyState.PRESENT if found.values else KeyState.ABSENT
        if folded in self.unknown:
            return KeyState.UNKNOWN
        if self.complete or folded in self.absent:
            return KeyState.ABSENT
        prefix, slash, _ = folded.partition("/")
        if slash and f"{prefix}/" in self.absent:
            return KeyState.ABSENT
        return KeyState.UNKNOWN

    def with_derived(
        self,
        entries: Mapping[str, str | bool | float | Iterable[str]],
        *,
        absent: Iterable[str] = (),
        origin: Origin = Origin.DERIVED,
    ) -> Context:
        """This context with more keys; what was sent or called unknown stays as it was."""
        known = dict(self.values)
        for key, entry in entries.items():
            if fold(key) not in known and fold(key) not in self.unknown:
                known[fold(key)] = replace(_value(key, entry), origin=origin)
        return replace(self, values=known, absent=self.absent | frozenset(map(fold, absent)))


_TEXT: Final = {True: "true", False: "false"}


def _value(key: str, entry: str | bool | float | Iterable[str]) -> ContextValue:  # noqa: FBT001
    if isinstance(entry, bool):
        return ContextValue(key, (_TEXT[entry],))
    if isinstance(entry, str | int | float):
        return ContextValue(key, (str(entry),))
    return ContextValue(key, tuple(str(value) for value in entry), multivalued=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource. ``resource_account`` is the owner where the ARN does not say."""

    principal: Principal
    action: str
    resource: str = "*"
    context: Context = field(default_factory=Context)
    resource_account: str | None = None
