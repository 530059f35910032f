"""One caller, action and resource: everything the context can still decide.

``combine`` with all that does not hang on the context worked out beforehand. The tables are
``combine``'s own; what is different here is only that a layer is a list of clauses still to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from clearance.decide.combine import IDENTITY_SIDE, NO_IDENTITY, ORGANIZATION, remaining
from clearance.decide.compile.layers import Clause, CompiledLayer
from clearance.decide.compile.outcome import ERROR, TRUE, UNKNOWN, Known, Sent
from clearance.decide.compile.statements import Holds
from clearance.decide.judge import Reading, strongest
from clearance.decide.situation import Situation
from clearance.decide.special_cases import Exceptions, exceptions
from clearance.match.principal import exempt, namings
from clearance.model.decision import CheckType, DecisionEffect, Matched, Naming
from clearance.model.policy import Statement
from clearance.model.principal import Principal

__all__ = ["Cell", "build", "naming_of"]

Group: TypeAlias = tuple[Clause, ...]  # one of them must hold
Way: TypeAlias = tuple[Group, ...]  # all of these must allow

ALLOW: Final = DecisionEffect.ALLOW
IMPLICIT: Final = DecisionEffect.IMPLICIT_DENY
EXPLICIT: Final = DecisionEffect.EXPLICIT_DENY


class Cell:
    """The decision as a function of the context.

    ``constant`` is the effect when the context cannot change it; ``known`` what is known of
    caller and resource.
    """

    __slots__ = (
        "_denying",
        "_granting",
        "_limiting",
        "closed",
        "constant",
        "denies",
        "known",
        "levels",
        "settled",
        "ways",
    )

    def __init__(
        self,
        constant: DecisionEffect | None,
        denies: Group = (),
        levels: tuple[Group, ...] = (),
        ways: tuple[Way, ...] = (),
        *,
        closed: bool = False,
        settled: bool = False,
    ) -> None:
        self.constant = constant
        self.denies = denies
        self.levels = levels
        self.ways = ways
        self.closed = closed
        self.settled = settled
        self.known: Known = {}
        # What `effect` asks: the questions alone, without those that are settled.
        self._denying = tuple(clause[0] for clause in denies)
        self._limiting = _questions(levels)
        self._granting = () if closed else tuple(map(_questions, ways))

    def effect(self, sent: Sent, known: Known) -> DecisionEffect:
        """The verdict when unknown keys are read as absent.

        The inner loop of the engine: calls and generators would cost more than the questions.
        """
        for holds in self._denying:
            if holds(sent, known):
                return EXPLICIT
        for level in self._limiting:
            for holds in level:
                if holds(sent, known):
                    break
            else:
                return IMPLICIT
        for way in self._granting:
            for group in way:
                for holds in group:
                    if holds(sent, known):
                        break
                else:
                    break
            else:
                return ALLOW
        return IMPLICIT

    def reading(self, telling: Known, reading: Reading) -> DecisionEffect:
        """The verdict when statements of unknown outcome count as the reading says."""
        if self.settled and self.constant is not None:
            return self.constant

        def counts(clause: Clause) -> bool:
            if not clause[1]:
                return True
            allow = clause[2][1].allow
            outcome = min((test({}, telling) for test in clause[1]), default=TRUE)
            if outcome == UNKNOWN:
                return reading.allows if allow else reading.denies
            return outcome == TRUE or (outcome == ERROR and not allow)

        if any(map(counts, self.denies)):
            return EXPLICIT
        open_ = not self.closed and all(any(map(counts, level)) for level in self.levels)
        if open_ and any(all(any(map(counts, group)) for group in way) for way in self.ways):
            return ALLOW
        return IMPLICIT

    def because(self, sent: Sent, known: Known) -> Matched | None:
        """The statement that decided: the first Deny, else an Allow of the caller or resource."""
        if self.settled:
            return None
        found = next((clause for clause in self.denies if clause[0](sent, known)), None)
        if found is None and self.effect(sent, known) is ALLOW:
            found = self._grant(sent, known)
        if found is None:
            return None
        (attached, compiled), naming = found[2], found[3]
        return Matched(attached, compiled.statement, naming)

    def _grant(self, sent: Sent, known: Known) -> Clause | None:
        for way in self.ways:
            held = [next((c for c in group if c[0](sent, known)), None) for group in way]
            if held and all(held):
                return next((c for c in held if c is not _FREE[0]), None)
        return None


def _questions(groups: Iterable[Group]) -> tuple[tuple[Holds, ...], ...]:
    """What must be asked of groups of which one clause each must hold."""
    return tuple(
        tuple(clause[0] for clause in group) for group in groups if not group or group[0][1]
    )


def _always(_: Sent, __: Known) -> bool:
    return True


def naming_of(
    statement: Statement, caller: Principal, *, bounded: bool, strict: bool
) -> tuple[bool, Naming | None]:
    """Whether a statement's Principal element names the caller, and how at best."""
    who = statement.principals
    if who is None:
        return True, None
    if statement.not_principals:
        left_out = exempt(who, caller, bounded=bounded, strict=strict)
        return not left_out, Naming.NOT_LISTED
    if who.everyone:
        return True, Naming.EVERYONE
    found = namings(who, caller)
    return bool(found), strongest(found)


def build(situation: Situation, layers: Iterable[CompiledLayer], *, bounded: bool) -> Cell:
    """Everything that can still matter; ``situation`` says who asks for what, where."""
    special = exceptions(situation)
    if special.always is not None:
        return Cell(special.always, settled=True)
    action, resource = situation.request.action, situation.request.resource
    caller, strict = situation.request.principal, situation.options.strict_not_principal
    denies: list[Clause] = []
    levels: list[Group] = []
    held: dict[CheckType, Group] = {}
    grants: Group = ()
    closed = False
    for layer in layers:
        kind = layer.type
        deniable = kind not in special.cannot_deny
        closed = closed or (layer.broken and deniable)
        allows: list[Clause] = []
        sure = kind is not CheckType.RESOURCE and kind in special.always_allow
        for pair in layer.covering(action):
            compiled = pair[1]
            if sure if compiled.allow else not deniable:
                continue  # the layer allows already, or its denies do not count
            residue = compiled.residue(resource)
            if residue is None:
                continue
            named, naming = naming_of(compiled.statement, caller, bounded=bounded, strict=strict)
            if not named:
                continue
            if not (compiled.allow or residue):
                return Cell(EXPLICIT, (layer.clause(pair, residue, naming),))
            (allows if compiled.allow else denies).append(layer.clause(pair, residue, naming))
            # Each Allow of a resource's policy is a grant of its own; elsewhere one is enough.
            sure = sure or (compiled.allow and not residue and kind is not CheckType.RESOURCE)
        group = _FREE if kind in special.always_allow else _shortest(allows)
        if kind in ORGANIZATION:
            levels.append(group)
        else:
            held[kind] = group
        if kind is CheckType.RESOURCE:
            grants = tuple(allows)
    return _cell(situation, special, denies, levels, held, grants, closed=closed)


# A layer that allows without any statement.
_FREE: Final[Group] = ((_always, (), (None, None), None),)  # type: ignore[assignment]


def _shortest(allows: Sequence[Clause]) -> Group:
    """The clauses of which one must hold: one that always holds, when there is one."""
    sure = next((clause for clause in allows if not clause[1]), None)
    return (sure,) if sure is not None else tuple(allows)


def _cell(
    situation: Situation,
    special: Exceptions,
    denies: list[Clause],
    levels: list[Group],
    held: dict[CheckType, Group],
    grants: Group,
    *,
    closed: bool,
) -> Cell:
    ways = tuple(sorted(_ways(situation, special, held, grants), key=_open_groups))
    closed = closed or not ways or not all(levels)
    constant: DecisionEffect | None = None
    if closed and not denies:
        constant = IMPLICIT
    elif not (denies or any(map(_is_open, levels)) or _open_groups(ways[0])):
        constant = ALLOW
    return Cell(constant, tuple(denies), tuple(levels), ways, closed=closed)


def _is_open(group: Group) -> bool:
    """True when the group hangs on the context."""
    return bool(group[0][1])


def _open_groups(way: Way) -> int:
    return sum(map(_is_open, way))


def _ways(
    situation: Situation, special: Exceptions, held: dict[CheckType, Group], grants: Group
) -> Iterator[Way]:
    """Each way to be granted access that is not closed already: ``combine._needed``."""
    present = frozenset(held)

    def of(layers: frozenset[CheckType]) -> Iterator[Way]:
        # An identity policy is who grants; name it first.
        kinds = sorted(present & layers, key=lambda kind: kind is not CheckType.PRINCIPAL)
        groups = tuple(held[kind] for kind in kinds)
        if all(groups):
            yield groups

    if situation.request.principal.kind in NO_IDENTITY:
        yield from of(frozenset({CheckType.RESOURCE}))
    elif not situation.same_account:
        yield from of(IDENTITY_SIDE | {CheckType.RESOURCE})
    else:
        yield from of(IDENTITY_SIDE | special.mandatory)
        for clause in grants:
            needed = remaining(clause[3], special) - {CheckType.RESOURCE}
            for rest in of(needed):
                yield ((clause,), *rest)
