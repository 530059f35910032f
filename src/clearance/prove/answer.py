"""What a proof says: proven, refuted by a request, or unknown and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from clearance.decide.judge import Reading, judge
from clearance.decide.situation import Layer
from clearance.match.action import covers
from clearance.model.decision import CheckType
from clearance.model.policy import AttachedPolicy, Policy, Statement
from clearance.model.request import Request
from clearance.model.shown import Shown
from clearance.prove.callers import Help, needed
from clearance.prove.cubes import Box
from clearance.prove.effort import Effort, ProofError, TooHardError
from clearance.prove.linked import assumptions
from clearance.prove.patterns import UnencodableError, has_variable
from clearance.prove.sets import Piece, RequestSet
from clearance.prove.witness import candidates, holds_in

__all__ = [
    "Answer",
    "Found",
    "Verdict",
    "Witness",
    "attached",
    "is_certain",
    "is_empty",
    "judged",
    "judged_need",
    "request_of",
    "requests_of",
]


class Verdict(Enum):
    """The three answers. UNKNOWN never stands for either of the others."""

    PROVEN = "proven"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that shows it, replayed through the engine, and the statement that allows it.

    ``assuming``: what the request takes for granted, where AWS sets keys together.
    """

    request: Request
    statement: Statement | None = None
    assuming: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer(Shown):
    """A verdict; REFUTED has a witness, UNKNOWN a reason."""

    verdict: Verdict
    witness: Witness | None = None
    reason: str | None = None

    @property
    def proven(self) -> bool:
        """True when it certainly is so."""
        return self.verdict is Verdict.PROVEN


Replay = Callable[[Request], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of a set with a request in it; None when no request could be confirmed."""

    piece: Piece
    request: Request | None


def requests_of(found: RequestSet, replay: Replay, effort: Effort) -> Iterator[Found]:
    """The pieces of a set, each with a request that replays.

    Raises:
        TooHardError: when the effort is spent.
    """
    for piece in found.pieces(effort):
        for one in piece.singles() if effort.strict else (piece,):
            yield Found(one, request_of(found, one, replay, effort))


def request_of(found: RequestSet, piece: Piece, replay: Replay, effort: Effort) -> Request | None:
    """A request of one piece that replays; None when none could be confirmed."""
    certain = is_certain(piece)
    # Every request of a box without unknowns is in the set; tests look again.
    asked = candidates(found.space, piece.box, piece.cube)
    if effort.strict or not certain:
        asked = (request for request in asked if holds_in(found, request))
    request = next((request for request in asked if replay(request)), None)
    if request is None and effort.strict and certain:
        raise ProofError(f"no request of {piece.box} replays")
    return request


def is_certain(piece: Piece) -> bool:
    """False when a piece hangs on policy variables, and may be empty."""
    box: Box = piece.box
    return not box.atoms and not any(map(has_variable, (*box.resource, *box.not_resource)))


def is_empty(found: RequestSet, replay: Replay, effort: Effort | None = None) -> Answer:
    """Whether a set holds no request at all."""
    doubt: str | None = None
    try:
        for one in requests_of(found, replay, effort or Effort()):
            if one.request is not None:
                source = one.piece.cube.source
                assumed = assumptions(found.space, one.piece.box, source)
                witness = Witness(one.request, source, assumed)
                return Answer(Verdict.REFUTED, witness)
            doubt = "a policy variable may or may not make the difference"
    except (TooHardError, UnencodableError) as error:
        doubt = str(error)
    reasons = [*([doubt] if doubt else []), *found.reasons, *found.space.reasons]
    if reasons:
        return Answer(Verdict.UNKNOWN, reason="; ".join(dict.fromkeys(reasons)))
    return Answer(Verdict.PROVEN)


def attached(given: Policy | AttachedPolicy) -> AttachedPolicy:
    """A policy as a layer holds it."""
    return given if isinstance(given, AttachedPolicy) else AttachedPolicy("policy", given)


def judged(policies: tuple[AttachedPolicy, ...], request: Request) -> bool:
    """True when policies of one layer, asked by the engine, allow a request."""
    return judged_need(policies, request) is not None


def judged_need(policies: tuple[AttachedPolicy, ...], request: Request) -> Help | None:
    """What else must speak for the caller when policies of one layer allow a request.

    None when they do not.
    """
    layer = Layer(CheckType.PRINCIPAL, tuple(_about(p, request.action) for p in policies))
    finding = judge(layer, request, bounded=False, reading=Reading())
    if finding.denies or finding.broken:
        return None
    needs = (_need(matched.statement, request) for matched in finding.allows)
    return min((need for need in needs if need is not None), default=None)


def _about(given: AttachedPolicy, action: str) -> AttachedPolicy:
    """The policy with the statements that name the action; no other can apply."""
    statements = tuple(s for s in given.policy.statements if covers(s, action))
    return replace(given, policy=replace(given.policy, statements=statements))


def _need(statement: Statement, request: Request) -> Help | None:
    if statement.principals is None:
        return Help.OWN_POLICIES
    return needed(statement.principals, request.principal, negated=statement.not_principals)
