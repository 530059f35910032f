"""One policy as several that together mean the same, each within IAM's size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from clearance.model.policy import Policy, Statement
from clearance.prove.answer import Answer
from clearance.prove.compare import World, equivalent
from clearance.prove.grants import MANAGED_POLICY, size_of

__all__ = ["Split", "pack", "split"]


@dataclass(frozen=True, slots=True)
class Split:
    """Policies to attach together; ``fits`` says whether each is within the limit."""

    policies: tuple[Policy, ...]
    fits: bool
    proof: Answer


def split(policy: Policy, limit: int = MANAGED_POLICY, world: World | None = None) -> Split:
    """The policy as few policies of at most so many characters, proven to mean the same together.

    A Deny acts wherever it stands, so statements may be dealt out in any way.
    """
    policies = pack(policy.statements, limit, policy.version)
    fits = all(size_of(one) <= limit for one in policies)
    return Split(policies, fits, equivalent(policies, policy, world))


def pack(statements: Sequence[Statement], limit: int, version: str | None) -> tuple[Policy, ...]:
    """Policies that hold the statements, as few as putting large ones first makes them."""
    empty = size_of(Policy((), version))
    bins: list[tuple[int, list[Statement]]] = []
    small = [piece for s in statements for piece in _pieces(s, limit, version)]
    sizes = {id(piece): size_of(Policy((piece,), version)) - empty + 1 for piece in small}
    for piece in sorted(small, key=lambda p: -sizes[id(p)]):
        size = sizes[id(piece)]
        for place, (filled, inside) in enumerate(bins):
            if filled + size <= limit:
                bins[place] = (filled + size, [*inside, piece])
                break
        else:
            bins.append((empty + size, [piece]))
    return tuple(Policy(_numbered(inside), version) for _, inside in bins)


def _numbered(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    ordered = sorted(statements, key=lambda s: (s.effect.value, s.actions, s.resources or ()))
    return tuple(replace(s, index=index) for index, s in enumerate(ordered))


def _pieces(statement: Statement, limit: int, version: str | None) -> Iterator[Statement]:
    """A statement that is too long for any policy in parts, each of which says a part of it."""
    size = size_of(Policy((statement,), version))
    count = -(-size // limit)
    resources, actions = statement.resources or (), statement.actions
    by_resources = len(resources) > 1 and not statement.not_resources
    if count == 1 or not (by_resources or (len(actions) > 1 and not statement.not_actions)):
        yield statement
    elif by_resources:
        for part in _parts(resources, count):
            yield from _pieces(replace(statement, resources=part), limit, version)
    else:
        for part in _parts(actions, count):
            yield from _pieces(replace(statement, actions=part), limit, version)


def _parts(texts: tuple[str, ...], count: int) -> Iterator[tuple[str, ...]]:
    """A list in so many parts of about the same length."""
    most = max(1, -(-sum(map(len, texts)) // count))
    part: list[str] = []
    for text in texts:
        if part and sum(map(len, part)) + len(text) > most:
            yield tuple(part)
            part = []
        part.append(text)
    yield tuple(part)
