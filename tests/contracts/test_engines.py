"""Every vector through each engine: they must agree with AWS, and so with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from tests.cases import Case, DecideCase, EstateCase, decide_cases, estate_cases

from clearance.decide import authorize_all
from clearance.decide.authorize import decide
from clearance.decide.compile import Engine, PolicyEngine
from clearance.facts.catalog import load_catalog
from clearance.model.decision import Decision, DecisionEffect

Effects = Iterator[DecisionEffect]


def _plain(case: Case) -> Effects:
    return (decide(situation).effect for situation in case.situations())


def _compiled(case: Case) -> Effects:
    return _once(case, _engine(case))


def _kept(case: Case) -> Effects:
    """The second answer of one engine comes from what it kept."""
    engine = _engine(case)
    list(_once(case, engine))
    return _once(case, engine)


def _engine(case: Case) -> Engine | PolicyEngine:
    if isinstance(case, EstateCase):
        catalog = load_catalog() if case.raw.get("catalog") else None
        return Engine(case.estate, options=case.options, catalog=catalog)
    assert isinstance(case, DecideCase)
    return PolicyEngine(case.policies, options=case.options)


def _once(case: Case, engine: Engine | PolicyEngine) -> Effects:
    now = case.now if isinstance(case, EstateCase) else None
    return (engine.decide(request, now=now) for request in case.requests)


ENGINES: Mapping[str, Callable[[Case], Effects]] = {
    "plain": _plain,
    "compiled": _compiled,
    "compiled and kept": _kept,
}
CASES: list[Case] = [*decide_cases(), *estate_cases()]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_engine(case: Case, engine: str) -> None:
    decisions = [
        Decision(request, effect)
        for request, effect in zip(case.requests, ENGINES[engine](case), strict=True)
    ]
    assert authorize_all(decisions).value == case.effect


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_verdict_is_explained_by_the_plain_interpreter_on_demand(case: Case) -> None:
    engine = _engine(case)
    now = case.now if isinstance(case, EstateCase) else None
    for request in case.requests:
        decision = engine.explain(request, now=now)
        assert decision.effect is engine.decide(request, now=now)
        because = engine.because(
            engine.caller(request.principal),
            request.action.lower(),
            request.resource,
            engine.prepare(request.context, now=now),
            request.resource_account,
        )
        if because is not None:
            kind = "denies" if decision.effect is DecisionEffect.EXPLICIT_DENY else "allows"
            said = [m.statement for check in decision.checks for m in getattr(check, kind)]
            assert because.statement in said
        if request.context.get("aws:SourceVpce") is None:
            caller = engine.caller(request.principal)
            settled = engine.settled(
                caller, request.action.lower(), request.resource, request.resource_account
            )
            assert settled is None or settled == (decision.effect, because)
