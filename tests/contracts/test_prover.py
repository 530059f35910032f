"""The prover decides every vector as the engine does, and an SMT solver agrees with its proofs."""

from __future__ import annotations

import pytest
from tests.cases import DecideCase, decide_cases
from tests.prove import generated
from tests.prove.generated import Seeded, pair, policy

from clearance.decide import evaluate
from clearance.decide.gather import gather_bare
from clearance.decide.judge import as_absent
from clearance.model.request import Request
from clearance.prove import Verdict, World, within
from clearance.prove.combine import granted
from clearance.prove.layers import Standing, facts_of, layers_of
from clearance.prove.space import Space
from clearance.prove.witness import holds_in

KEYS = tuple(row for row in generated.KEYS if row[0] != "example:Mixed")


@pytest.mark.parametrize("case", list(decide_cases()), ids=lambda case: case.name)
@pytest.mark.parametrize("informed", [False, True], ids=["any caller's keys", "this caller's"])
def test_layers_hold_a_request_just_when_it_is_allowed(case: DecideCase, *, informed: bool) -> None:
    for request in case.requests:
        situation = gather_bare(request, case.policies)
        standing = Standing(
            request.principal, layers_of(request.principal, case.policies), situation.same_account
        )
        facts = facts_of(request.principal) if informed else None
        if facts is not None and _contradicts(request, facts.values.keys() | facts.absent):
            continue  # a case that gives the caller keys it does not have
        space = Space.of(standing.policies, caller=request.principal, facts=facts)
        asked = Request(
            request.principal,
            situation.request.action,
            situation.request.resource,
            as_absent(situation.request.context),
        )
        expected = evaluate(request, case.policies).allowed
        assert holds_in(granted(space, standing), asked) is expected


def _contradicts(request: Request, keys: frozenset[str] | set[str]) -> bool:
    sent = {*request.context.values, *request.context.unknown}
    return any(key in keys or f"{key.partition('/')[0]}/" in keys for key in sent)


@pytest.mark.parametrize("kinds", [{}, {"variables": True}], ids=["plain", "variables"])
@pytest.mark.parametrize("start", range(0, 24, 8))
def test_an_smt_solver_agrees(
    start: int, kinds: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    smt = pytest.importorskip("tests.prove.smt", reason="z3 is not installed")
    monkeypatch.setattr(generated, "KEYS", KEYS)
    for seed in range(start, start + 8):
        a, b = pair(Seeded(seed), **kinds)
        answer = within(policy(a), policy(b), World(strict=True))
        if answer.verdict is Verdict.UNKNOWN:
            assert kinds, "without variables every answer is certain"
            continue
        theirs = smt.within(a, b, milliseconds=400)
        assert theirs is None or theirs is answer.proven
