"""explain: a denied request to its causes, look-alikes, fixes and gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from clearance.explain.blame import blocker_of, causes_of
from clearance.explain.case import Case, Knowledge
from clearance.explain.circumstances import circumstances, settled
from clearance.explain.denial import Denial, Effect
from clearance.explain.evidence import Evidence, Kind
from clearance.explain.explanation import Explanation
from clearance.explain.findings import (
    Blocker,
    Cause,
    Confidence,
    Fix,
    FixKind,
    Verified,
)
from clearance.explain.prove_fix import Asker, fixes_for
from clearance.explain.rule_out import ruled_out
from clearance.explain.sample import Prover, sampled
from clearance.explain.says import CHECKS
from clearance.explain.stated import layer_cause, text_causes
from clearance.explain.steps import next_steps, unknowns
from clearance.model.catalog import Catalog
from clearance.model.decision import Check, CheckEffect, Decision
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.model.request import Request

__all__ = ["explain", "moment"]


def _no_meaning(_: str) -> tuple[str, ...]:
    return ()


def explain(  # noqa: PLR0913 - each is a part of the question
    estate: Estate,
    request: Request,
    *,
    now: datetime | None = None,
    stated: Denial | Evidence | None = None,
    catalog: Catalog | None = None,
    also: Iterable[Request] = (),
    meant: Callable[[str], tuple[str, ...]] = _no_meaning,
    expected: Principal | None = None,
    prover: Prover = sampled,
) -> Explanation:
    """Why the request is denied and what would change that, every fix decided again.

    ``stated`` is what AWS said; ``also`` are further permissions of the same call; ``meant`` tells
    the actions an API's name stands for; ``expected`` is who the caller believes to be.
    """
    evidence = Evidence(Kind.TEXT, stated) if isinstance(stated, Denial) else stated
    knowledge = Knowledge(catalog, meant)
    asker = Asker((request, *also), now, knowledge, evidence, prover)
    decisions = asker.decide(estate)
    denied = [decision for decision in decisions if not decision.allowed]
    main = denied[0] if denied else decisions[0]
    cases = _cases(estate, decisions, knowledge, evidence)
    blockers = tuple(blocker_of(case) for case in cases)
    around = circumstances(estate, main, evidence, knowledge, expected=expected, now=now)
    agrees, difference = _agreement(evidence, main, blockers)
    causes = _ranked(
        text_causes(evidence) if evidence else (),
        around,
        [causes_of(case) for case in cases],
        _when_allowed(estate, main, evidence, now) if not denied else (),
    )
    fixes = fixes_for(estate, asker, decisions) if denied else ()
    if causes and causes[0].id == "time.eventual":
        fixes = (_retry(main), *fixes)
    return Explanation(
        request=request,
        decision=main,
        stated=evidence.denial if evidence else None,
        agrees=agrees,
        disagreement=difference,
        blockers=blockers,
        causes=causes,
        ruled_out=ruled_out(estate, main, causes),
        fixes=_allowed_to_add(causes, fixes),
        unknowns=unknowns(estate, main, evidence),
        next_steps=next_steps(causes, blockers, fixes),
        decisions=decisions,
        missing=estate.missing,
        given=_given(evidence),
    )


def _cases(
    estate: Estate,
    decisions: Sequence[Decision],
    knowledge: Knowledge,
    evidence: Evidence | None,
) -> list[Case]:
    """Every blocking check of every denied permission, the one AWS named first."""
    found: list[Case] = []
    for decision in decisions:
        others = tuple(d for d in decisions if d is not decision)
        first = decision.stated
        found += (
            Case(estate, decision, check, knowledge, evidence, others)
            for check in sorted(decision.blockers, key=lambda each: each is not first)
        )
    denial = evidence.denial if evidence else None
    return sorted(found, key=lambda case: not _is_named(denial, case.check))


def _is_named(denial: Denial | None, check: Check) -> bool:
    if denial is None or denial.policy_type is None:
        return False
    explicit = denial.effect is Effect.EXPLICIT
    return CHECKS[denial.policy_type] is check.type and explicit is (
        check.effect is CheckEffect.EXPLICIT_DENY
    )


def _agreement(
    evidence: Evidence | None, decision: Decision, blockers: tuple[Blocker, ...]
) -> tuple[bool | None, str | None]:
    denial = evidence.denial if evidence else None
    if denial is None:
        return None, None
    open_keys = ", ".join(key.key for key in decision.undecided)
    if decision.allowed:
        why = "the estate allows this request: it is older or newer than the denial"
        if open_keys:
            why = f"the estate allows this request if {open_keys} is absent, which nobody told"
        return False, why
    if denial.policy_type is None or any(_is_named(denial, b.check) for b in blockers):
        return True, None
    why = f"AWS named a {denial.policy_type}, which does not deny in this estate"
    if open_keys:
        why += f"; {open_keys} was not told"
    return False, why


def _when_allowed(
    estate: Estate, decision: Decision, evidence: Evidence | None, now: datetime | None
) -> tuple[Cause, ...]:
    """The estate allows: what AWS said, or that the estate is not what AWS decided on."""
    if evidence is None:
        return ()
    when = moment(evidence.time) or (now if evidence.kind is Kind.CLIENT_ERROR else None)
    found = [settled(estate, decision.request, when), layer_cause(evidence.denial)]
    stale = Cause(
        "snapshot.stale",
        "the estate allows the request: it is not what AWS decided on",
        Confidence.POSSIBLE,
        add_allow=False,
    )
    return (*(cause for cause in found if cause is not None), stale)


def moment(text: str | None) -> datetime | None:
    """A record's time."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


# Causes that hold whatever else the policies say.
_FIRST = frozenset(
    {
        "resource.internal_principal",
        "s3.settings",
        "caller.not_authenticated",
        "session.duration",
        "cross_account.log_tail",
        "kms.ciphertext",
        "absent.masked",
    }
)


def _ranked(
    texts: Sequence[Cause],
    around: Sequence[Cause],
    layers: Sequence[Sequence[Cause]],
    allowed: Sequence[Cause],
) -> tuple[Cause, ...]:
    """What is proven before what only fits; what needs no policy change before what does."""
    proven = Confidence.PROVEN
    blocking = [cause for causes in layers for cause in causes[:1]]
    # Nothing near is allowed here, but a role at hand is: that is what the role is for.
    bare = bool(blocking) and blocking[0].id in {"identity.missing", "resource.missing"}
    at_hand = [cause for cause in around if cause.id == "caller.not_assumed" and bare]
    rest = [cause for causes in layers for cause in causes[1:]]
    order = [
        *(cause for cause in texts if cause.id in _FIRST or cause.confidence is proven),
        *(cause for cause in around if cause.confidence is proven),
        *at_hand,
        *blocking,
        *(cause for cause in allowed if cause.confidence is not Confidence.POSSIBLE),
        *(cause for cause in texts if cause.confidence is not proven),
        *(cause for cause in around if cause.confidence is Confidence.CONSISTENT),
        *rest,
        *allowed,
        *around,
    ]
    unique: dict[str, Cause] = {}
    for cause in order:
        unique.setdefault(cause.id, cause)
    return tuple(unique.values())


def _allowed_to_add(causes: Sequence[Cause], fixes: tuple[Fix, ...]) -> tuple[Fix, ...]:
    """No Allow is proposed where the first cause says that none can help."""
    if not causes or causes[0].add_allow or causes[0].id not in _NEVER:
        return fixes
    return tuple(fix for fix in fixes if fix.kind not in {FixKind.ADD, FixKind.EDIT})


_NEVER = frozenset(
    {
        "caller.wrong_identity",
        "caller.not_authenticated",
        "session.duration",
        "s3.settings",
        "orgs.not_delegated",
        "cross_account.log_tail",
        "cross_account.latest",
        "cross_account.api_unsupported",
        "kms.ciphertext",
        "absent.masked",
        "time.eventual",
        "resource.kms_grant_orphan",
    }
)


def _retry(decision: Decision) -> Fix:
    verified = Verified(decision.effect, decision.effect, how="exact", asked=1)
    return Fix(
        FixKind.RETRY,
        "call again after a few seconds, with back-off; change no policy",
        verified=replace(verified),
    )


def _given(evidence: Evidence | None) -> dict[str, object]:
    if evidence is None:
        return {}
    return {"kind": evidence.kind.value, "wrappers": list(evidence.denial.wrappers)}
