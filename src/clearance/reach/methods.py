"""The known ways of escalating, as data: what each needs and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from clearance.model.errors import UsageError
from clearance.model.request import Context

__all__ = ["ADMIN", "Ask", "Edge", "Gives", "Method", "Need", "methods_of"]

ADMIN: Final = "any permission"
"""Stands for permissions without a limit that a principal gave itself."""


class Gives(Enum):
    """What a way works on and what comes of it."""

    ASSUME = "assume"  # sessions of {role}, by its trust policy
    FEDERATION = "federation"  # sessions of {role} for whom a provider it trusts signs in
    ROLE = "role"  # sessions of {role}, whomever it trusted before
    SERVICE = "service"  # code or calls as {role}, which trusts the service
    FUNCTION = "function"  # code as the execution role of {function}
    USER = "user"  # credentials of {user}
    SELF_USER = "self-user"  # any permission, by a policy on the calling user
    SELF_ROLE = "self-role"  # any permission, by a policy on the calling role
    GROUP = "group"  # any permission, by a policy on a {group} the caller is in
    JOIN = "join"  # the permissions of {group}
    POLICY = "policy"  # any permission, by a {policy} attached to the caller


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource; the resource may hold ``{role}``, ``{account}``, ``{new}`` …."""

    action: str
    resource: str
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """One way. ``service`` is the principal that the role must trust."""

    id: str
    gives: Gives
    says: str
    source: str
    needs: tuple[Need, ...]
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that a step rests on, and the unknown keys its answer hangs on."""

    action: str
    resource: str
    given: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def context(self) -> Context:
        """The context keys the step brings along."""
        return Context.of(dict(self.given))


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` can become ``target`` (an ARN, or ADMIN)."""

    source: str
    target: str
    method: Method
    asks: tuple[Ask, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The unknown context keys it hangs on."""
        return tuple(dict.fromkeys(key for ask in self.asks for key in ask.keys))

    @property
    def certain(self) -> bool:
        """True when no unknown key can take it away."""
        return not self.keys


def methods_of(entries: Iterable[Mapping[str, Any]]) -> tuple[Method, ...]:
    """The ways from plain values.

    Raises:
        UsageError: for an entry that is not one.
    """
    return tuple(_method(entry) for entry in entries)


def _method(entry: Mapping[str, Any]) -> Method:
    try:
        needs = tuple(
            Need(need["action"], need["on"], tuple(sorted(need.get("given", {}).items())))
            for need in entry["needs"]
        )
        return Method(
            entry["id"],
            Gives(entry["gives"]),
            entry["says"],
            entry["source"],
            needs,
            entry.get("service"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"`{entry}` is not a way of escalating: {error}") from None
