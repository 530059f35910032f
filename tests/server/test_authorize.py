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
from clearance.model.estate import Account, Estate, User
from clearance.operations.permissions import Permission
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
