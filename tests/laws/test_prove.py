"""What must be true of sets of requests, whatever the policies."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.prove.generated import policies, requests

from clearance.decide.identify import identify
from clearance.model.policy import Policy
from clearance.model.request import Request
from clearance.prove import Verdict, World, equivalent, within
from clearance.prove.answer import is_empty, judged, judged_need
from clearance.prove.compare import listed
from clearance.prove.sets import RequestSet, allowed, everything, nothing
from clearance.prove.space import Space
from clearance.prove.witness import holds_in

WORLD = World(strict=True)
law = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
triples = st.tuples(policies(), policies(), policies())
pairs = st.tuples(policies(), policies())


def sets(*found: Policy) -> tuple[RequestSet, ...]:
    space = Space.of(found)
    return tuple(allowed(space, one) for one in found)


def empty(found: RequestSet) -> bool:
    answer = is_empty(found, lambda _: True, WORLD.effort())
    assert answer.verdict is not Verdict.UNKNOWN, answer.reason
    return answer.proven


def same(one: RequestSet, other: RequestSet) -> bool:
    return empty(one - other) and empty(other - one)


@law
@given(pairs)
def test_union_and_intersection_commute(both: tuple[Policy, Policy]) -> None:
    a, b = sets(*both)
    assert same(a | b, b | a)
    assert same(a & b, b & a)


@law
@given(pairs)
def test_a_union_holds_both_and_an_intersection_is_in_both(both: tuple[Policy, Policy]) -> None:
    a, b = sets(*both)
    assert empty(a - (a | b))
    assert empty(b - (a | b))
    assert empty((a & b) - a)
    assert empty((a & b) - b)


@law
@given(pairs)
def test_difference_and_intersection_make_up_the_whole(both: tuple[Policy, Policy]) -> None:
    a, b = sets(*both)
    assert same((a - b) | (a & b), a)
    assert empty((a - b) & b)


@law
@given(pairs)
def test_de_morgan(both: tuple[Policy, Policy]) -> None:
    a, b = sets(*both)
    assert empty(~(a | b) - (~a & ~b))
    assert empty((~a & ~b) - ~(a | b))
    assert empty(~(a & b) - (~a | ~b))


@law
@given(policies())
def test_a_complement_of_a_complement_is_the_set(policy: Policy) -> None:
    (a,) = sets(policy)
    assert same(~~a, a)
    assert empty(a & ~a)
    assert empty(everything(a.space) - (a | ~a))


@law
@given(policies())
def test_nothing_and_everything_are_neutral(policy: Policy) -> None:
    (a,) = sets(policy)
    assert same(a | nothing(a.space), a)
    assert same(a & everything(a.space), a)
    assert empty(a & nothing(a.space))


@law
@given(triples)
def test_intersection_distributes_over_union(three: tuple[Policy, Policy, Policy]) -> None:
    a, b, c = sets(*three)
    assert same(a & (b | c), (a & b) | (a & c))


@law
@given(triples)
def test_within_is_transitive(three: tuple[Policy, Policy, Policy]) -> None:
    a, b, c = three
    if within(a, b, WORLD).proven and within(b, c, WORLD).proven:
        assert within(a, c, WORLD).proven


@law
@given(policies(variables=True))
def test_every_policy_is_within_itself(policy: Policy) -> None:
    assert within(policy, policy, WORLD).proven


@law
@given(policies(), policies(), st.lists(requests(), min_size=10, max_size=10))
def test_a_request_is_in_the_set_just_when_the_engine_allows_it(
    a: Policy, b: Policy, asked: list[Request]
) -> None:
    space = Space.of((a, b))
    for policy in (a, b):
        found = allowed(space, policy)
        for request in asked:
            assert holds_in(found, request) is judged(listed(policy), request)


@law
@given(policies(variables=True), policies(variables=True), st.lists(requests(), min_size=20))
def test_no_request_contradicts_a_proof(a: Policy, b: Policy, asked: list[Request]) -> None:
    answer = within(a, b, WORLD)
    beyond = [r for r in asked if judged(listed(a), r) and not judged(listed(b), r)]
    if answer.proven:
        assert not beyond
    if answer.verdict is Verdict.REFUTED:
        assert answer.witness is not None
        shown = answer.witness.request
        assert judged(listed(a), shown)
        assert not judged(listed(b), shown)


CALLERS = (
    "arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:role/app",
    "arn:aws:sts::111122223333:assumed-role/app/s2", "arn:aws:iam::111122223333:root",
    "arn:aws:iam::444455556666:user/eve", "arn:aws:iam::999900001111:role/stranger",
    "arn:aws:sts::111122223333:federated-user/fed",
)  # fmt: skip


@law
@given(
    policies(principals=True),
    policies(principals=True),
    st.lists(st.tuples(requests(), st.sampled_from(CALLERS)), min_size=20, max_size=20),
)
def test_no_request_of_any_caller_contradicts_a_proof(
    a: Policy, b: Policy, asked: list[tuple[Request, str]]
) -> None:
    # A resource policy that names the caller's account leaves the rest to the caller's own.
    if not within(a, b, WORLD).proven:
        return
    for request, arn in asked:
        by_caller = replace(request, principal=identify(arn))
        mine, other = judged_need(listed(a), by_caller), judged_need(listed(b), by_caller)
        assert mine is None or (other is not None and other <= mine)


@law
@given(policies(principals=True), policies(principals=True))
def test_equivalence_is_being_within_each_other(a: Policy, b: Policy) -> None:
    both = within(a, b, WORLD).proven and within(b, a, WORLD).proven
    assert equivalent(a, b, WORLD).proven is both
