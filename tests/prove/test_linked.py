"""A counterexample says which keys it took as independent though AWS sets them together."""

from __future__ import annotations

from typing import Any

import pytest
from tests.prove.build import allow, identity, resource

from clearance.prove import Verdict, World, newly_allowed, within

WORLD = World(strict=True)
NOTHING = identity(allow("ec2:RunInstances", "arn:aws:ec2:*:*:x"))


@pytest.mark.parametrize(
    ("condition", "on", "assuming"),
    [
        ({}, "*", ()),
        ({"StringEquals": {"aws:RequestTag/team": "a"}}, "*", ()),
        ({"StringEquals": {"aws:RequestTag/team": "a"},
          "ForAllValues:StringEquals": {"aws:TagKeys": "cost"}}, "*",
         ("aws:RequestTag/team and aws:TagKeys do not depend on each other",)),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, "*", ()),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, "arn:aws:sqs:us-east-1:*:*",
         ("aws:RequestedRegion does not depend on the resource",)),
        ({"StringEquals": {"aws:PrincipalAccount": "111122223333", "aws:PrincipalOrgID": "o-1"}},
         "*", ("aws:PrincipalAccount and aws:PrincipalOrgID do not depend on each other",)),
    ],
)  # fmt: skip
def test_keys_that_aws_sets_together(
    condition: dict[str, Any], on: str, assuming: tuple[str, ...]
) -> None:
    policy = identity(allow("sqs:SendMessage", on, condition))
    answer = within(policy, NOTHING, WORLD)
    assert answer.verdict is Verdict.REFUTED
    assert answer.witness is not None
    assert answer.witness.assuming == assuming
    assert [row.assuming for row in newly_allowed(NOTHING, policy, WORLD).rows] == [assuming]


def test_a_key_about_the_caller_where_the_policy_says_who_asks() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    policy = resource(allow("sqs:SendMessage", "*", condition, Principal="*"))
    answer = within(policy, resource(allow("sqs:DeleteQueue", Principal="*")), WORLD)
    assert answer.witness is not None
    assert answer.witness.assuming == ("aws:PrincipalOrgID does not depend on who asks",)


def test_a_proof_assumes_nothing() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:PrincipalAccount": "1"}}
    policy = identity(allow("sqs:SendMessage", "*", condition))
    answer = within(policy, identity(allow("sqs:*")), WORLD)
    assert answer.proven
    assert answer.witness is None
