"""Questions about one policy: public access, access granted, useless statements, small policies."""

from __future__ import annotations

from typing import Any

import pytest
from tests.prove.build import allow, deny, identity, resource

from clearance.decide.identify import identify
from clearance.model.catalog import ActionFacts, Catalog, ServiceFacts
from clearance.model.policy import Effect
from clearance.model.request import Request
from clearance.parse.render import render
from clearance.prove import (
    RESOURCE_TYPES,
    Limits,
    Verdict,
    Why,
    World,
    access_not_granted,
    equivalent,
    grant_for,
    no_public_access,
    policy_type_of,
    shrink,
    size_of,
    split,
    unreachable,
)
from clearance.prove.answer import judged
from clearance.prove.compare import listed

WORLD = World(strict=True)
STAR = {"Principal": "*"}


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        (None, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, True),
        ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"StringEquals": {"aws:UserAgent": "mine"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}, True),
        ({"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE:*"}}, False),
        ({"StringLike": {"aws:userid": "*"}}, True),
    ],
)
def test_public_is_what_strangers_may(condition: dict[str, Any] | None, public: bool) -> None:  # noqa: FBT001
    """R247, R254."""
    answer = no_public_access(resource(allow("s3:GetObject", "*", condition, **STAR)), WORLD)
    assert answer.proven is not public
    assert (answer.verdict is Verdict.REFUTED) is public


def test_a_deny_to_strangers_closes_a_resource() -> None:
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    closed = resource(allow("s3:*", **STAR), deny("s3:*", "*", outside, **STAR))
    assert no_public_access(closed, WORLD).proven


def test_accounts_and_services_that_are_named_are_not_the_public() -> None:
    named = {"Principal": {"AWS": "111122223333", "Service": "sns.amazonaws.com"}}
    assert no_public_access(resource(allow("s3:*", **named)), WORLD).proven
    role = {"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/app"}}
    assert no_public_access(resource(allow("s3:*", **role)), WORLD).verdict is Verdict.REFUTED


def test_every_resource_type_has_a_grammar() -> None:
    assert len(RESOURCE_TYPES) == 26
    assert {policy_type_of(name).name for name in RESOURCE_TYPES} == {"RESOURCE", "TRUST"}


def test_access_is_granted_under_a_condition_too() -> None:
    """R245."""
    policy = identity(
        allow("s3:Get*", "arn:aws:s3:::b/*", {"Bool": {"aws:SecureTransport": "true"}}),
        deny("s3:*", "arn:aws:s3:::b/x/*"),
    )
    assert access_not_granted(policy, ["s3:PutObject"], world=WORLD).proven
    assert access_not_granted(policy, ["s3:*"], ["arn:aws:s3:::c/*"], WORLD).proven
    assert access_not_granted(policy, ["s3:GetObject"], ["arn:aws:s3:::b/x/k"], WORLD).proven
    answer = access_not_granted(policy, ["s3:GetObject"], ["arn:aws:s3:::b/k"], WORLD)
    assert answer.verdict is Verdict.REFUTED


def test_statements_that_never_matter_are_found() -> None:
    contradiction = {
        "StringEquals": {"aws:username": "a"},
        "StringNotEquals": {"aws:Username": ["a", "b"]},
    }
    policy = identity(
        allow("s3:Get*", "arn:aws:s3:::b/*"),
        allow("s3:GetObject", "arn:aws:s3:::b/x"),
        allow("ec2:RunInstances"),
        deny("ec2:*"),
        allow("s3:*", "*", contradiction),
        deny("ec2:Run*", "arn:aws:ec2:*:*:instance/*"),
    )
    found = {one.statement.index: (one.why, one.because_of) for one in unreachable(policy, WORLD)}
    assert found == {
        1: (Why.REDUNDANT, ("statement 1",)),
        2: (Why.SHADOWED, ("statement 4",)),
        4: (Why.CONTRADICTORY, ()),
        5: (Why.REDUNDANT, ("statement 4",)),
    }


def test_a_shrunk_policy_means_the_same_and_is_smaller() -> None:
    policy = identity(
        allow(["s3:Get*", "s3:GetObject"], "arn:aws:s3:::b/*"),
        allow("s3:PutObject", "arn:aws:s3:::b/*"),
        allow(["s3:PutObject", "s3:Get*"], "arn:aws:s3:::c/*"),
        allow("s3:GetObject", "arn:aws:s3:::b/x"),
    )
    found = shrink(policy, WORLD)
    assert found.proof.proven
    assert equivalent(policy, found.policy, WORLD).proven
    assert len(found.policy.statements) == 1
    assert found.after < found.before
    assert found.after == size_of(found.policy)


@pytest.mark.parametrize("limit", [200, 300, 2048])
def test_a_policy_is_dealt_out_to_several_that_mean_the_same(limit: int) -> None:
    many = [f"arn:aws:s3:::bucket-{n}/*" for n in range(12)]
    policy = identity(
        allow(["s3:GetObject", "s3:PutObject"], many),
        deny("s3:*", "arn:aws:s3:::bucket-3/*", {"Bool": {"aws:SecureTransport": "false"}}),
        allow([f"ec2:Describe{n}" for n in range(20)]),
    )
    found = split(policy, limit, WORLD)
    assert found.fits
    assert found.proof.proven
    assert all(size_of(one) <= limit for one in found.policies)
    assert len(found.policies) == 1 or limit < size_of(policy)


def test_what_cannot_be_taken_apart_does_not_fit() -> None:
    whole = identity(allow("s3:GetObject", f"arn:aws:s3:::{'a' * 200}"))
    found = split(whole, 100, WORLD)
    assert not found.fits
    assert found.policies == (whole,)


def test_white_space_between_elements_does_not_count() -> None:
    policy = identity(allow("s3:GetObject", "arn:aws:s3:::a b"))
    assert size_of(policy) == len(render(policy, indent=None).replace(": ", ":").replace(", ", ","))


def test_a_grant_allows_just_what_was_asked() -> None:
    who = identify("arn:aws:iam::123456789012:user/somebody")
    asked = [
        Request(who, action, target)
        for action in ("s3:GetObject", "s3:PutObject")
        for target in ("arn:aws:s3:::b/k*", "arn:aws:s3:::b/j")
    ]
    asked.append(Request(who, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q"))
    grant = grant_for(asked)
    assert grant.fits
    assert len(grant.statements) == 2
    assert all(s.effect is Effect.ALLOW for s in grant.statements)
    held = listed(grant.policy)
    assert all(judged(held, request) for request in asked)
    for other in (
        Request(who, "s3:GetObject", "arn:aws:s3:::b/kk"),
        Request(who, "s3:GetObject", "arn:aws:sqs:us-east-1:123456789012:q"),
        Request(who, "sqs:SendMessage", "arn:aws:s3:::b/j"),
    ):
        assert not judged(held, other)


def test_a_grant_says_when_it_does_not_fit() -> None:
    who = identify("arn:aws:iam::123456789012:user/somebody")
    grant = grant_for([Request(who, "s3:GetObject", "arn:aws:s3:::b")], Limits(size=20))
    assert not grant.fits


def test_a_grant_uses_wildcards_only_where_aws_has_no_other_action() -> None:
    who = identify("arn:aws:iam::123456789012:user/somebody")
    names = ("GetObject", "GetObjectAcl", "GetBucketAcl", "PutObject")
    actions = {name.lower(): ActionFacts(name, "Read") for name in names}
    facts = ServiceFacts("s3", "S3", actions, {}, {})
    catalog = Catalog(("s3",), lambda prefix: facts if prefix == "s3" else None)
    asked = [Request(who, f"s3:{name}", "*") for name in names[:2]]
    grant = grant_for(asked, Limits(catalog=catalog))
    assert grant.statements[0].actions == ("s3:GetObject*",)
    assert grant_for(asked).statements[0].actions == ("s3:GetObject", "s3:GetObjectAcl")
