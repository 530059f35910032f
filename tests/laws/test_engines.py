"""Laws of deciding: two engines are one, and no policy does more than AWS lets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.laws import strategies as some

from clearance.decide import Options, PolicySet, authorize, evaluate
from clearance.decide.authorize import _verdict
from clearance.decide.compile import Engine, PolicyEngine
from clearance.decide.compile.crowd import Crowd, Question
from clearance.decide.gather import gather
from clearance.decide.judge import Reading
from clearance.model.estate import Estate
from clearance.model.request import Context, Request

MANY = settings(
    max_examples=45,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CLOCK = st.sampled_from([None, some.NOW])


@MANY
@given(some.estates(), st.lists(some.requests(), min_size=1, max_size=4), some.options(), CLOCK)
def test_the_compiled_engine_decides_as_the_plain_one_in_an_estate(
    estate: Estate, requests: list[Request], options: Options, now: datetime | None
) -> None:
    engine = Engine(estate, options=options)
    for request in requests + requests:  # the second time from what the engine keeps
        plain = authorize(estate, request, now=now, options=options)
        assert engine.decide(request, now=now) is plain.effect


@MANY
@given(some.policy_sets(), st.lists(some.requests(), min_size=1, max_size=4), some.options(), CLOCK)
def test_the_compiled_engine_decides_as_the_plain_one_on_bare_policies(
    policies: PolicySet, requests: list[Request], options: Options, now: datetime | None
) -> None:
    engine = PolicyEngine(policies, options=options)
    for request in requests + requests:
        plain = evaluate(request, policies, now=now, options=options)
        assert engine.decide(request, now=now) is plain.effect


@MANY
@given(some.estates(), some.requests(), CLOCK)
def test_the_readings_of_unknown_keys_agree(
    estate: Estate, request: Request, now: datetime | None
) -> None:
    request = replace(request, resource_account=None)
    readings = (Reading(allows=True), Reading(denies=True))
    situation = gather(estate, request, now=now)
    plain = tuple(_verdict(situation, reading, told=False).effect for reading in readings)
    engine = Engine(estate)
    found = engine.reading(
        engine.caller(request.principal),
        request.action.lower(),
        request.resource,
        engine.prepare(request.context, now=now),
        readings,
    )
    assert found == plain


@MANY
@given(
    some.estates(),
    st.lists(st.tuples(some.ACTIONS, some.RESOURCES), min_size=1, max_size=4),
    some.contexts(),
    some.options(),
    st.sampled_from([None, Reading(allows=True), Reading(denies=True)]),
)
def test_all_callers_at_once_are_decided_as_each_alone(
    estate: Estate,
    asked: list[tuple[str, str]],
    context: Context,
    options: Options,
    reading: Reading | None,
) -> None:
    engine = Engine(estate, options=options)
    crowd = Crowd(engine, some.identities(estate))
    prepared = engine.prepare(context, now=some.NOW)
    for action, resource in asked:
        question = Question(crowd, action.lower(), prepared)
        for _ in range(2):
            answer = question.ask(resource, reading)
        quick = Question(crowd, action.lower(), prepared, explicit=False)
        assert quick.ask(resource, reading).allowed == answer.allowed
        for place, principal in enumerate(crowd.principals):
            request = Request(principal, action, resource, context)
            situation = gather(estate, request, now=some.NOW, options=options)
            plain = _verdict(situation, reading or Reading(), told=reading is None)
            assert answer.effect(place) is plain.effect, principal
