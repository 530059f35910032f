"""Many callers at once: a set of callers is an int, one bit a caller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clearance.decide.compile.cell import naming_of
from clearance.decide.compile.engine import Caller
from clearance.decide.compile.outcome import UNTOLD, Values
from clearance.model.decision import Naming
from clearance.model.policy import Statement
from clearance.model.principal import PrincipalKind

__all__ = ["Kind", "Masks", "bits", "mask_of", "naming_masks"]


def bits(mask: int) -> Iterator[int]:
    """The places of the callers in a set.

    >>> list(bits(0b1010))
    [1, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def mask_of(places: Sequence[int]) -> int:
    """The set of some callers; adding them one by one would copy the set each time.

    >>> bin(mask_of([1, 3]))
    '0b1010'
    """
    if len(places) == 1:
        return 1 << places[0]
    octets = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        octets[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(octets, "little")


@dataclass(frozen=True, slots=True)
class Kind:
    """Callers to whom the same rules apply: of one sort, in one account.

    ``caller`` is one of them.
    """

    caller: Caller
    mask: int


class Masks:
    """Which callers are of which kind, have which name, and bring which context keys."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self.callers = callers
        self.everyone = (1 << len(callers)) - 1
        self.bounded = 0
        self._named: dict[str, int] = {}
        kinds: dict[tuple[object, ...], list[int]] = {}
        keys: set[str] = set()
        for place, caller in enumerate(callers):
            who = caller.principal
            self.bounded |= caller.bounded << place
            names = {who.arn, who.role_arn, who.parent_arn, who.unique_id} - {None, ""}
            for name in names:
                if name is not None and who.kind is not PrincipalKind.ROOT:
                    self._named[name] = self._named.get(name, 0) | 1 << place
            kind = (who.kind, who.account, who.partition, who.is_service_linked)
            kinds.setdefault(kind, []).append(place)
            keys.update(caller.facts.values, caller.facts.absent)
        self._keys = frozenset(keys)
        self.kinds = tuple(Kind(callers[places[0]], mask_of(places)) for places in kinds.values())
        self._parts: dict[tuple[str, ...], tuple[tuple[tuple[Values, ...], int], ...]] = {}

    def named(self, statement: Statement) -> int:
        """Callers whom a Principal element may name by more than their account."""
        found = 0
        for name in statement.principals.aws if statement.principals else ():
            found |= self._named.get(name, 0)
        return found

    def own(self, keys: frozenset[str]) -> tuple[str, ...]:
        """Those of some folded keys which callers bring with them."""
        return tuple(sorted(key for key in keys if key in self._keys or _family(key) in self._keys))

    def parts(self, keys: tuple[str, ...]) -> tuple[tuple[tuple[Values, ...], int], ...]:
        """The callers by what they bring for some keys: (values, who)."""
        found = self._parts.get(keys)
        if found is None:
            parts: dict[tuple[Values, ...], list[int]] = {}
            for place, caller in enumerate(self.callers):
                values = tuple(_brought(caller, key) for key in keys)
                parts.setdefault(values, []).append(place)
            masks = ((values, mask_of(places)) for values, places in parts.items())
            found = self._parts[keys] = tuple(masks)
        return found


def _family(key: str) -> str:
    prefix, slash, _ = key.partition("/")
    return prefix + slash if slash else ""


def _brought(caller: Caller, key: str) -> Values:
    facts = caller.facts
    if key in facts.values:
        return facts.values[key]
    absent = key in facts.absent or _family(key) in facts.absent
    return None if absent else UNTOLD


def naming_masks(
    masks: Masks, statement: Statement, within: int, *, strict: bool
) -> tuple[tuple[Naming | None, int], ...]:
    """How a statement names the callers of one kind: (naming, who); those left out are not there.

    Whoever is not named by itself is treated as the others of its account are; only a boundary
    makes a difference, to NotPrincipal.
    """
    who = statement.principals
    if who is None:
        return ((None, within),)
    if who.everyone and not statement.not_principals:
        return ((Naming.EVERYONE, within),)
    found: dict[Naming | None, int] = {}
    alone = masks.named(statement) & within
    groups = [1 << place for place in bits(alone)]
    rest = within & ~alone
    groups += [rest & masks.bounded, rest & ~masks.bounded]
    for group in groups:
        if not group:
            continue
        caller = masks.callers[next(bits(group))]
        named, naming = naming_of(
            statement, caller.principal, bounded=caller.bounded, strict=strict
        )
        if named:
            found[naming] = found.get(naming, 0) | group
    return tuple(found.items())
