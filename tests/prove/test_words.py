"""Rows say how a region is narrower than the statement that allows it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.prove.build import allow, deny, identity, resource

from clearance.model.catalog import ActionFacts, Catalog, ResourceType, ServiceFacts
from clearance.prove import World, newly_allowed

WORLD = World(strict=True)


@pytest.mark.parametrize(
    ("operator", "key", "values", "left"),
    [
        ("StringEquals", "aws:username", ["a"], "aws:username is not `a`, or is absent"),
        ("StringLike", "aws:username", ["a*", "b"], ("aws:username is not like `a*` or `b`, or is "
         "absent")),
        ("StringEquals", "aws:username", list("abcdef"),
         "aws:username is not `a`, `b`, `c` or 3 others, or is absent"),
        ("StringNotEquals", "aws:username", ["a"], "aws:username is `a`"),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8"],
         "aws:SourceIp is not in `10.0.0.0/8`, or is absent"),
        ("NumericLessThan", "s3:max-keys", ["10"], ("s3:max-keys is not less than `10`, or is "
         "absent")),
        ("DateGreaterThan", "aws:CurrentTime", ["2026-01-01T00:00:00Z"],
         "aws:CurrentTime is not after `2026-01-01T00:00:00Z`, or is absent"),
        ("Bool", "aws:SecureTransport", ["true"],
         "aws:SecureTransport is not `true`, or is absent"),
        ("Null", "aws:username", ["false"], "aws:username is absent"),
        ("Null", "aws:username", ["true"], "aws:username is present"),
        ("ForAllValues:StringLike", "aws:TagKeys", ["team-*"],
         "aws:TagKeys has a value that is not like `team-*`"),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["a"],
         "aws:TagKeys has only values of which each is not `a`, or is absent"),
        ("StringEquals", "aws:username", ["${aws:userid}"],
         "not StringEquals aws:username: ${aws:userid}"),
    ],
)  # fmt: skip
def test_what_a_condition_took_away_is_said_in_its_own_terms(
    operator: str, key: str, values: list[str], left: str
) -> None:
    old = identity(allow("s3:GetObject", condition={operator: {key: values}}))
    rows = newly_allowed(old, identity(allow("s3:GetObject")), WORLD).rows
    assert [row.only_where for row in rows] == [(left,)]


def test_only_what_the_statement_itself_does_not_say_is_added() -> None:
    def limit(most: str) -> dict[str, Any]:
        return {"NumericLessThan": {"s3:max-keys": most}}

    old = identity(allow("s3:ListBucket", condition=limit("10")))
    (row,) = newly_allowed(old, identity(allow("s3:ListBucket", condition=limit("20"))), WORLD).rows
    assert row.conditions == ("NumericLessThan s3:max-keys: 20",)
    assert row.only_where == ("s3:max-keys is not less than `10`",)


def test_a_witness_names_a_resource_of_the_kind_the_action_is_used_on() -> None:
    role = ResourceType("role", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}")
    action = ActionFacts("PassRole", "Write", {"role": True})
    facts = ServiceFacts("iam", "IAM", {"passrole": action}, {"role": role}, {})
    catalog = Catalog(("iam",), lambda prefix: facts if prefix == "iam" else None)
    new = identity(allow("iam:Pass*"), deny("iam:*", "arn:aws:iam::*:role/admin"))
    (row,) = newly_allowed((), new, World(catalog=catalog, strict=True)).rows
    assert row.witness.resource == "arn:aws:iam::123456789012:role/example"


def test_a_caller_whom_the_policy_alone_lets_in_is_told_from_one_that_needs_its_own() -> None:
    role = "arn:aws:iam::111122223333:role/app"
    account = resource(allow("s3:GetObject", Principal={"AWS": "111122223333"}))
    named = resource(allow("s3:GetObject", Principal={"AWS": role}))
    (row,) = newly_allowed(account, named, WORLD).rows
    assert all(who.endswith(" (by this policy alone)") for who in row.who)
    (row,) = newly_allowed((), account, WORLD).rows
    assert not any(who.endswith(" (by this policy alone)") for who in row.who)
