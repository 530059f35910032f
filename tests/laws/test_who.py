"""Laws of who-can: an index answers as asking everybody one by one does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from tests.laws import strategies as some

from clearance.decide import authorize
from clearance.decide.authorize import _verdict
from clearance.decide.gather import gather
from clearance.decide.judge import Reading
from clearance.decide.who import AccessIndex
from clearance.model.decision import DecisionEffect
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request

MANY = settings(
    max_examples=35,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _one_by_one(
    estate: Estate, action: str, resource: str, context: Context
) -> Iterator[tuple[str, frozenset[str]]]:
    for principal in some.identities(estate):
        request = Request(principal, action, resource, context)
        situation = gather(estate, request, now=some.NOW)
        best = _verdict(situation, Reading(allows=True), told=False)
        worst = _verdict(situation, Reading(denies=True), told=False)
        if best.effect is DecisionEffect.ALLOW:
            sure = worst.effect is DecisionEffect.ALLOW
            decision = authorize(estate, request, now=some.NOW)
            keys = frozenset(key.key for key in decision.undecided)
            yield principal.arn, frozenset() if sure else keys


@MANY
@given(some.estates(), some.ACTIONS, some.RESOURCES, some.contexts())
def test_who_can_is_who_is_allowed_one_by_one(
    estate: Estate, action: str, resource: str, context: Context
) -> None:
    index = AccessIndex(estate)
    found = index.who_can(action, resource, context=context, now=some.NOW)
    own = {one.arn for one in some.identities(estate)}
    by_index = {
        access.principal.arn: frozenset(access.keys)
        for access in found.accesses
        if access.principal.arn in own
    }
    assert by_index == dict(_one_by_one(estate, action, resource, context))


@MANY
@given(some.estates(), some.ACTIONS, some.RESOURCES)
def test_outsiders_are_allowed_when_asked_themselves(
    estate: Estate, action: str, resource: str
) -> None:
    index = AccessIndex(estate)
    own = {one.arn for one in some.identities(estate)}
    for access in index.who_can(action, resource, now=some.NOW).accesses:
        if access.principal.arn not in own and access.certain:
            request = Request(access.principal, action, resource)
            assert authorize(estate, request, now=some.NOW).allowed


@MANY
@given(some.estates(), some.ACTIONS, some.RESOURCES)
def test_a_chain_of_roles_can_be_walked(estate: Estate, action: str, resource: str) -> None:
    index = AccessIndex(estate)
    found = index.who_can(action, resource, now=some.NOW, through_roles=True)
    direct = index.who_can(action, resource, now=some.NOW)
    assert {a.principal.display for a in direct.accesses} <= {
        a.principal.display for a in found.accesses
    }
    for access in found.accesses:
        if not access.through or not access.certain:
            continue
        who: Principal = access.principal
        for role in access.through:
            assert authorize(estate, Request(who, "sts:AssumeRole", role), now=some.NOW).allowed
            who = replace(Principal(PrincipalKind.ROLE, role, role.split(":")[4]), role_arn=role)
        assert authorize(estate, Request(who, action, resource), now=some.NOW).allowed
