"""What the gate makes of permissions whose resource could not be told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clearance import wiring
from clearance.decide import identify
from clearance.model.decision import CheckType
from clearance.model.estate import Account, Estate, User, VpcEndpoint
from clearance.operations.permissions.permission import Permission, Value
from clearance.server.authorize import Answer, Judge, decide_all

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ANA = "arn:aws:iam::123456789012:user/ana"


def estate(*statements: dict[str, Any]) -> Estate:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    user = User("ana", "AIDAANA", NOW, inline={"p": text})
    return Estate({"123456789012": Account("123456789012", users={"ana": user})})


def decided(found: Estate, *, derived: bool) -> str:
    permission = Permission("fleet:Stop", "*", derived=derived)
    (answer,) = decide_all(found, identify(ANA, found), [permission], {}, NOW)
    return answer.decision.effect.value


ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY_ONE = {"Effect": "Deny", "Action": "fleet:*", "Resource": "arn:aws:fleet:::truck/7"}


@pytest.mark.parametrize(
    ("statements", "derived", "effect"),
    [
        ((ALLOW, DENY_ONE), True, "ALLOW"),
        ((ALLOW, DENY_ONE), False, "EXPLICIT_DENY"),
        ((ALLOW,), False, "ALLOW"),
        ((ALLOW, {**DENY_ONE, "Action": "s3:*"}), False, "ALLOW"),
        ((), False, "IMPLICIT_DENY"),
    ],
)
def test_a_deny_on_any_resource_may_be_the_one(
    statements: tuple[dict[str, Any], ...],
    *,
    derived: bool,
    effect: str,
) -> None:
    assert decided(estate(*statements or (DENY_ONE | {"Effect": "Allow"},)), derived=derived) == (
        effect
    )


def judged(found: Estate, *, derived: bool = True) -> list[Answer]:
    """The same question three times: plainly, by a new engine, by one that knows the answer."""
    judge, ana = Judge(wiring.catalog()), identify(ANA, found)
    permission = Permission("fleet:Stop", "arn:aws:fleet:::truck/7", derived=derived)
    permission = permission if derived else replace(permission, resource="*")
    return [judge.decide_all(found, ana, [permission], {}, NOW)[0] for _ in range(3)]


@pytest.mark.parametrize("derived", [True, False])
@pytest.mark.parametrize(
    "statements", [(ALLOW, DENY_ONE), (ALLOW,), (DENY_ONE,), (DENY_ONE | {"Effect": "Allow"},)]
)
def test_the_engine_says_what_the_plain_interpreter_says(
    statements: tuple[dict[str, Any], ...], *, derived: bool
) -> None:
    answers = judged(estate(*statements), derived=derived)
    assert len({answer.decision.effect for answer in answers}) == 1
    assert len({answer.decision.request.resource for answer in answers}) == 1


def test_an_allow_of_the_engine_names_the_statement_that_allowed() -> None:
    plain, *fast = judged(estate({**ALLOW, "Sid": "All"}))
    for answer in fast:
        (check,) = answer.decision.checks
        assert check.type is CheckType.PRINCIPAL
        assert check.allows[0].statement.sid == "All"
        (same,) = (c for c in plain.decision.checks if c.type is CheckType.PRINCIPAL)
        assert (check.target, check.effect, check.allows) == (same.target, same.effect, same.allows)


def test_a_denial_has_every_check() -> None:
    plain, *fast = judged(estate(ALLOW, DENY_ONE))
    assert all(answer.decision == plain.decision for answer in fast)
    assert len(plain.decision.checks) > 1


def test_an_estate_that_changed_is_asked_anew() -> None:
    judge, permission = Judge(wiring.catalog()), Permission("fleet:Stop")
    allowed = []
    for statement in (ALLOW, ALLOW, {**DENY_ONE, "Resource": "*"}, {**DENY_ONE, "Resource": "*"}):
        found = estate(statement)
        for _ in range(2):
            answers = judge.decide_all(found, identify(ANA, found), [permission], {}, NOW)
            allowed.append(answers[0].decision.allowed)
    assert allowed == [True] * 4 + [False] * 4


@pytest.mark.parametrize("address", ["10.0.0.1", "192.0.2.1"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_what_hangs_on_the_call_is_asked_at_each_call(effect: str, address: str) -> None:
    statement = {
        "Effect": effect,
        "Action": "fleet:*",
        "Resource": "*",
        "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    }
    found = estate(statement, *([ALLOW] if effect == "Deny" else []))
    judge, ana, permission = Judge(wiring.catalog()), identify(ANA, found), Permission("fleet:Stop")
    for asked in (address, "10.9.9.9", "198.51.100.7", address):
        context: dict[str, Value] = {"aws:SourceIp": asked}
        (plain,) = decide_all(found, ana, [permission], context, NOW)
        (fast,) = judge.decide_all(found, ana, [permission], context, NOW)
        assert fast.decision.effect is plain.decision.effect


def test_a_call_through_an_endpoint_meets_its_policy() -> None:
    nothing = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Effect": "Deny"}]})
    user = estate(ALLOW).accounts["123456789012"]
    found = Estate(
        {user.id: replace(user, vpc_endpoints={"vpce-1": VpcEndpoint("vpce-1", policy=nothing)})}
    )
    judge, ana, permission = Judge(wiring.catalog()), identify(ANA, found), Permission("fleet:Stop")
    contexts: list[dict[str, Value]] = [{}, {}, {"aws:SourceVpce": "vpce-1"}]
    answers = [judge.decide_all(found, ana, [permission], each, NOW)[0] for each in contexts]
    assert [answer.decision.allowed for answer in answers] == [True, True, False]
