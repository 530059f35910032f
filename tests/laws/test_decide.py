"""Laws of deciding, as sentences."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.strategies import (
    KEYS,
    conditions,
    contexts,
    documents,
    policy,
    policy_sets,
    requests,
    statements,
)

from clearance.decide import PolicySet, evaluate
from clearance.match import action, resource
from clearance.match.conditions import holds
from clearance.match.statement import examine
from clearance.match.truth import Truth, all_of
from clearance.model.decision import CheckEffect, CheckType, DecisionEffect
from clearance.model.glob import Glob
from clearance.model.operators import OPERATORS
from clearance.model.policy import AttachedPolicy, Condition, PolicyType, Quantifier
from clearance.model.request import Context, KeyState, Request
from clearance.parse.document import parse_policy

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GUARDRAILS = {
    CheckType.RESOURCE_CONTROL_POLICY,
    CheckType.SERVICE_CONTROL_POLICY,
    CheckType.VPC_ENDPOINT,
}
RANK = {DecisionEffect.EXPLICIT_DENY: 0, DecisionEffect.IMPLICIT_DENY: 1, DecisionEffect.ALLOW: 2}


@quick
@given(requests(), policy_sets())
def test_a_deny_anywhere_wins(request: Request, policies: PolicySet) -> None:
    decision = evaluate(request, policies)
    denied = any(check.effect is CheckEffect.EXPLICIT_DENY for check in decision.checks)
    if request.action != "sts:GetCallerIdentity" and denied:
        assert decision.effect is not DecisionEffect.ALLOW
    assert decision.allowed is not bool(decision.blockers) or not decision.allowed


@quick
@given(requests(), policy_sets())
def test_guardrails_never_grant(request: Request, policies: PolicySet) -> None:
    bare = PolicySet(scps=policies.scps, vpc_endpoint=policies.vpc_endpoint)
    root_at_home = request.principal.arn.endswith(":root")
    if not root_at_home:
        assert not evaluate(request, bare).allowed


@quick
@given(requests(), policy_sets(), statements(effect="Allow"))
def test_adding_an_allow_never_removes_access(
    request: Request, policies: PolicySet, added: dict[str, object]
) -> None:
    more = replace(policies, identity=(*policies.identity, _policy(added)))
    before, after = evaluate(request, policies), evaluate(request, more)
    assert RANK[after.effect] >= RANK[before.effect]


@quick
@given(requests(), policy_sets(), statements(effect="Allow", principals=True))
def test_adding_an_allow_to_the_resource_never_removes_access(
    request: Request, policies: PolicySet, added: dict[str, object]
) -> None:
    more = replace(policies, resource=(*policies.resource, _policy(added, PolicyType.RESOURCE)))
    before, after = evaluate(request, policies), evaluate(request, more)
    assert RANK[after.effect] >= RANK[before.effect]


@quick
@given(requests(), policy_sets(), statements(effect="Deny"), st.booleans())
def test_adding_a_deny_never_adds_access(
    request: Request,
    policies: PolicySet,
    added: dict[str, object],
    boundary: bool,  # noqa: FBT001
) -> None:
    if boundary and policies.boundary is not None:
        denied = _policy(added, PolicyType.BOUNDARY)
        more = replace(policies, boundary=(*policies.boundary, denied))
    else:
        more = replace(policies, identity=(*policies.identity, _policy(added)))
    before, after = evaluate(request, policies), evaluate(request, more)
    assert RANK[after.effect] <= RANK[before.effect]


@quick
@given(requests(), policy_sets(), st.randoms())
def test_order_and_repetition_of_policies_do_not_matter(
    request: Request, policies: PolicySet, random: st.DataObject
) -> None:
    def mixed(given: tuple[AttachedPolicy, ...]) -> tuple[AttachedPolicy, ...]:
        twice = [*given, *given]
        random.shuffle(twice)  # type: ignore[attr-defined]
        return tuple(
            replace(
                attached,
                policy=replace(attached.policy, statements=attached.policy.statements[::-1]),
            )
            for attached in twice
        )

    other = replace(policies, identity=mixed(policies.identity), resource=mixed(policies.resource))
    one, two = evaluate(request, policies), evaluate(request, other)
    assert one.effect is two.effect
    assert {key.key for key in one.undecided} == {key.key for key in two.undecided}


@quick
@given(requests(), policy_sets(), st.data())
def test_telling_an_unknown_key_never_contradicts_a_settled_answer(
    request: Request, policies: PolicySet, data: st.DataObject
) -> None:
    decision = evaluate(request, policies)
    unknown = [key for key in KEYS if request.context.state(key) is KeyState.UNKNOWN]
    told: dict[str, str | list[str]] = {}
    absent: list[str] = []
    for key in unknown:
        choice = data.draw(st.sampled_from([*KEYS[key], list(KEYS[key]), None]))
        if choice is None:
            absent.append(key)
        else:
            told[key] = choice
    # aws:TokenIssueTime and aws:MultiFactorAuthAge are known to be absent for some callers.
    derived = {key for key in told if decision.request.context.state(key) is not KeyState.UNKNOWN}
    context = request.context.with_derived(
        {key: value for key, value in told.items() if key not in derived}, absent=absent
    )
    after = evaluate(replace(request, context=context), policies)
    if not decision.undecided:
        assert after.effect is decision.effect
    elif after.effect is not decision.effect:
        named = {key.key.lower() for key in decision.undecided}
        assert named & {key.lower() for key in unknown}


@quick
@given(conditions(), contexts())
def test_negation_is_the_complement_when_the_key_has_one_value(
    block: dict[str, object], context: Context
) -> None:
    pairs = {o.positive: name for name, o in OPERATORS.items() if o.negated}
    for condition in _conditions(block):
        values = context.get(condition.key) or ()
        plain = replace(condition, quantifier=None)
        if condition.operator in pairs and len(values) == 1 and condition.values:
            other = replace(plain, operator=pairs[condition.operator])
            yes = holds(plain, context, variables=True).truth
            no = holds(other, context, variables=True).truth
            if Truth.ERROR not in {yes, no}:
                assert no is yes.negated()


@quick
@given(conditions(), contexts())
def test_if_exists_is_the_plain_operator_or_an_absent_key(
    block: dict[str, object], context: Context
) -> None:
    for condition in _conditions(block):
        if condition.operator == "Null":
            continue
        bare = holds(replace(condition, if_exists=False), context, variables=True).truth
        loose = holds(replace(condition, if_exists=True), context, variables=True).truth
        state = context.state(condition.key)
        assert loose is (Truth.TRUE if state is KeyState.ABSENT else bare)


@quick
@given(conditions(), contexts())
def test_values_are_a_set_and_a_list_of_one_is_its_element(
    block: dict[str, object], context: Context
) -> None:
    for condition in _conditions(block):
        shuffled = replace(condition, values=(*reversed(condition.values), *condition.values))
        assert (
            holds(condition, context, variables=True).truth
            is holds(shuffled, context, variables=True).truth
        )


@quick
@given(conditions(), contexts())
def test_for_all_values_is_not_for_any_value_of_the_opposite(
    block: dict[str, object], context: Context
) -> None:
    pairs = {o.positive: name for name, o in OPERATORS.items() if o.negated}
    for condition in _conditions(block):
        if condition.operator not in pairs or not condition.values or condition.if_exists:
            continue
        every = replace(condition, quantifier=Quantifier.ALL)
        outside = replace(condition, quantifier=Quantifier.ANY, operator=pairs[condition.operator])
        one = holds(every, context, variables=True).truth
        two = holds(outside, context, variables=True).truth
        if Truth.ERROR not in {one, two}:
            assert one is two.negated()


@quick
@given(requests(), statements())
def test_not_action_and_not_resource_are_complements(
    request: Request, raw: dict[str, object]
) -> None:
    statement = _policy(raw).policy.statements[0]
    flipped = replace(statement, not_actions=not statement.not_actions)
    assert action.covers(statement, request.action) is not action.covers(flipped, request.action)
    other = replace(statement, not_resources=not statement.not_resources)
    context = replace(request.context, complete=True, unknown=frozenset())
    one, _ = resource.covers(statement, request.resource, context, variables=True)
    two, _ = resource.covers(other, request.resource, context, variables=True)
    assert two is one.negated()


@quick
@given(documents(principals=True), requests())
def test_a_statement_says_the_conjunction_of_its_elements(
    document: dict[str, object], request: Request
) -> None:
    read = policy(document, PolicyType.RESOURCE).policy
    for statement in read.statements:
        found = examine(read, statement, request)
        assert found.truth is all_of(element.truth for element in found.elements)
        assert bool(found.failures) is (found.truth is not Truth.TRUE)


def _naive(pattern: str, text: str) -> bool:
    """Glob matching by its definition: which prefixes of the pattern fit which of the text."""
    row = [True] + [False] * len(text)
    for mark in pattern:
        if mark == "*":
            fits = False
            after = [fits := fits or old for old in row]
        else:
            after = [False, *(old and mark in ("?", c) for old, c in zip(row, text, strict=False))]
        row = after
    return row[-1]


@settings(max_examples=200, deadline=None)
@given(st.text("ab*?", max_size=9), st.text("ab\n", max_size=9))
def test_a_glob_matches_what_its_definition_says(pattern: str, text: str) -> None:
    assert Glob.of(pattern).matches(text) is _naive(pattern, text)


@quick
@given(st.text("ab?", max_size=5), st.text("ab", max_size=5), st.text(max_size=9))
def test_a_star_absorbs(head: str, tail: str, text: str) -> None:
    assert Glob.of(f"{head}*").matches(head.replace("?", "x") + text)
    assert Glob.of(f"{head}**{tail}").matches(text) is Glob.of(f"{head}*{tail}").matches(text)


def test_hostile_patterns_take_linear_time() -> None:
    def seconds(size: int) -> float:
        pattern, text = Glob.of("*a" * 40 + "?b*" + "a*" * 40), "a" * size
        start = time.perf_counter()
        for _ in range(5):
            assert not pattern.matches(text)
        return time.perf_counter() - start

    seconds(1_000)
    assert seconds(200_000) < 2.0


def _policy(statement: dict[str, object], kind: PolicyType = PolicyType.IDENTITY) -> AttachedPolicy:
    return policy({"Version": "2012-10-17", "Statement": statement}, kind)


def _conditions(block: dict[str, object]) -> tuple[Condition, ...]:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block}
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return parse_policy(text, PolicyType.IDENTITY, strict=False).statements[0].conditions
