"""What the gate makes of permissions whose resource could not be told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from clearance.decide import identify
from clearance.model.estate import Account, Estate, User
from clearance.operations.permissions import Permission
from clearance.server.authorize import decide_all

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
