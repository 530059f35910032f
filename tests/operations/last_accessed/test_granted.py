"""Which services the actions of a policy speak of."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from clearance.decide.attach import attach
from clearance.model.policy import PolicyType
from clearance.operations.last_accessed import granted

ALL = ["iam", "lambda", "s3", "s3express", "sts"]


def found(*statements: Mapping[str, object]) -> list[str]:
    whole = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    text = json.dumps({"Version": "2012-10-17", "Statement": whole})
    return granted.services([attach(text, PolicyType.IDENTITY, "p")], ALL)


@pytest.mark.parametrize(
    ("actions", "services"),
    [
        ("*", ALL),
        ("S3:Get*", ["s3"]),
        ("s3*:*", ["s3", "s3express"]),
        (["iam:List*", "sts:AssumeRole"], ["iam", "sts"]),
        ("ec2:*", []),
    ],
)
def test_actions(actions: object, services: list[str]) -> None:
    assert found({"Action": actions}) == services


def test_what_is_not_meant() -> None:
    assert found({"NotAction": ["iam:*", "lambda:InvokeFunction"]}) == ALL[1:]
    assert found({"NotAction": "*"}) == []


def test_denials_count_when_they_take_all_of_a_service() -> None:
    allow = {"Action": "*"}
    assert found(allow, {"Effect": "Deny", "Action": "s3:*"}) == [s for s in ALL if s != "s3"]
    assert found(allow, {"Effect": "Deny", "NotAction": "iam:*"}) == ["iam"]
    for some in (
        {"Action": "s3:Put*"},
        {"Action": "s3:*", "Resource": "arn:aws:s3:::b"},
        {"Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ):
        assert found(allow, {"Effect": "Deny", **some}) == ALL
