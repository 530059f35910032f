from __future__ import annotations

from typing import Any

import pytest
from tests.prove.build import allow, deny, identity, resource

from clearance.decide.attach import attach
from clearance.model.catalog import ActionFacts, Catalog, ServiceFacts
from clearance.model.policy import PolicyType
from clearance.prove import Verdict, World, diff, equivalent, newly_allowed, within, witness

WORLD = World(strict=True)
VARIABLE = {"StringEquals": {"aws:PrincipalTag/t": "${aws:ResourceTag/t}"}}


def ip(*blocks: str) -> dict[str, Any]:
    return {"IpAddress": {"aws:SourceIp": list(blocks)}}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (allow("s3:GetObject"), allow("s3:*")),
        (allow("S3:GETOBJECT"), allow("s3:getobject")),
        (allow("s3:Get*", condition=ip("10.0.0.0/8")),
         allow("s3:Get*", condition=ip("10.0.0.0/9", "10.128.0.0/9"))),
        (allow("s3:Get*", "arn:aws:s3:::b/${aws:username}/x/*"),
         allow("s3:Get*", "arn:aws:s3:::b/${aws:username}/*")),
        (allow("s3:Get*", condition=VARIABLE), allow("s3:*", condition=VARIABLE)),
        (allow("s3:*", condition={"Bool": {"aws:SecureTransport": "true"}}),
         allow("s3:*", condition={"BoolIfExists": {"aws:SecureTransport": "true"}})),
        (allow("s3:*", condition={"ForAnyValue:StringEquals": {"aws:TagKeys": "a"},
                                  "ForAllValues:StringLike": {"aws:TagKeys": "b*"}}),
         allow("ec2:*")),
        (allow("s3:*", condition={"NumericLessThan": {"s3:max-keys": "10"},
                                  "NumericGreaterThanEquals": {"s3:max-keys": "10.0"}}),
         allow("ec2:*")),
    ],
)  # fmt: skip
def test_proven(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert within(identity(first), identity(second), WORLD).proven


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (allow("s3:*"), allow("s3:GetObject")),
        (allow("s3:*", "arn:aws:s3:::b/bob"), allow("s3:*", "arn:aws:s3:::b/${aws:username}")),
        (allow("s3:*", condition=VARIABLE), allow("s3:*", condition={
            "StringEquals": {"aws:PrincipalTag/t": "x"}})),
        (allow("s3:*", condition={"NumericLessThan": {"s3:max-keys": "10"}}),
         allow("s3:*", condition={"NumericLessThanEquals": {"s3:max-keys": "9"}})),
        (allow("s3:*", condition={"StringNotEquals": {"aws:username": "a"}}),
         allow("s3:*", condition={"StringNotEquals": {"aws:username": "a"},
                                  "Null": {"aws:username": "false"}})),
        (allow("s3:*", condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}),
         allow("s3:*", condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}})),
    ],
)  # fmt: skip
def test_refuted_with_a_request(first: dict[str, Any], second: dict[str, Any]) -> None:
    answer = within(identity(first), identity(second), WORLD)
    assert answer.verdict is Verdict.REFUTED
    assert answer.witness is not None
    assert witness(identity(first), identity(second), WORLD) is not None


def test_a_variable_that_may_or_may_not_matter_is_said_to_be_unknown() -> None:
    # Two conditions on two variables: whether they can ever part is not looked for.
    first = allow("s3:*", condition={"StringEquals": {"aws:username": ["${aws:userid}"]}})
    second = allow("s3:*", condition={"StringLike": {"aws:username": ["${aws:userid}"]}})
    answer = within(identity(first), identity(second), WORLD)
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.reason == "a policy variable may or may not make the difference"


def test_a_role_named_directly_is_allowed_more_than_through_its_account() -> None:
    account = resource(allow("s3:*", Principal={"AWS": "111122223333"}))
    role = resource(allow("s3:*", Principal={"AWS": "arn:aws:iam::111122223333:role/app"}))
    assert within(role, account, WORLD).verdict is Verdict.REFUTED
    assert within(account, role, WORLD).verdict is Verdict.REFUTED
    assert within(role, resource(allow("s3:*", Principal="*")), WORLD).proven


def test_only_actions_that_exist_may_be_asked_for() -> None:
    facts = ServiceFacts("s3", "S3", {"getobject": ActionFacts("GetObject", "Read")}, {}, {})
    catalog = Catalog(("s3",), lambda prefix: facts if prefix == "s3" else None)
    wide, narrow = identity(allow("s3:Get*")), identity(allow("s3:GetObject"))
    assert within(wide, narrow, WORLD).verdict is Verdict.REFUTED
    assert within(wide, narrow, World(catalog=catalog, strict=True)).proven


def test_a_policy_that_cannot_be_read_allows_nothing() -> None:
    broken = attach("{}", PolicyType.IDENTITY, "broken")
    assert within(broken, identity(allow("ec2:*")), WORLD).proven
    assert within([broken, identity(allow("s3:*"))], identity(allow("ec2:*")), WORLD).proven


def test_rows_say_what_is_newly_allowed_and_where() -> None:
    old = identity(allow("s3:GetObject", "arn:aws:s3:::b/*"), deny("s3:*", "arn:aws:s3:::b/x/*"))
    new = identity(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/*"))
    found = newly_allowed(old, new, WORLD)
    assert {(row.actions, row.resources) for row in found.rows} == {
        (("s3:PutObject",), ("arn:aws:s3:::b/*",)),
        (("s3:GetObject", "s3:PutObject"), ("arn:aws:s3:::b/x/*",)),
    }
    assert found.complete
    assert all(row.to_json()["witness"]["action"] for row in found.rows)


def test_nothing_new_is_proven_and_has_no_rows() -> None:
    policy = identity(allow("s3:*"), deny("s3:Put*"))
    found = diff(policy, policy, WORLD)
    assert found.equivalent is Verdict.PROVEN
    assert not found.newly_allowed
    assert found.newly_allowed.rows == ()


def test_several_policies_of_one_layer_are_taken_together() -> None:
    parts = [identity(allow("s3:Get*")), identity(allow("s3:Put*"))]
    assert equivalent(parts, identity(allow(["s3:Put*", "s3:Get*"])), WORLD).proven


def test_values_of_two_types_under_one_key_are_not_taken_for_certain() -> None:
    mixed = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringLike": {"aws:SourceIp": "10.*"}}
    answer = within(
        identity(allow("s3:*", condition=mixed)), identity(allow("s3:*", condition=mixed)), WORLD
    )
    assert answer.verdict is not Verdict.REFUTED


def test_when_it_is_too_hard_the_answer_is_unknown() -> None:
    hard = [f"arn:aws:s3:::*{a}*{b}*" for a in "abcdefgh" for b in "ijklmnop"]
    first = identity(allow("s3:*"), deny("s3:*", hard), *(deny("s3:*", r) for r in hard))
    second = identity({**allow("s3:*"), "Resource": [f"arn:aws:s3:::*{a}*" for a in "xyz"]})
    answer = within(first, second, World(steps=1))
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.reason is not None
