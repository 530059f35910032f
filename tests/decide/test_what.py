"""What one principal can do: patterns of its own, resources that let it in, what is denied."""

from __future__ import annotations

from typing import Any

from tests.cli.somebody import ACCOUNT, allow
from tests.estates import estate

from clearance.decide import identify
from clearance.decide.what import Permission, what_can
from clearance.facts.catalog import load_catalog

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
BUCKET = "arn:aws:s3:::photos"


def _can(raw: dict[str, Any], *, service: str = "s3") -> list[Permission]:
    held = estate({"accounts": {ACCOUNT: raw}})
    return list(what_can(held, identify(ANA, held), catalog=load_catalog(), service=service))


def test_a_pattern_stands_for_what_it_names() -> None:
    found = _can({"users": {"ana": {"inline": {"a": allow("s3:GetObject", f"{BUCKET}/*")}}}})
    assert found == [Permission("s3:GetObject", f"{BUCKET}/*", "Read")]


def test_variables_are_the_callers_own() -> None:
    policy = allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*")
    (found,) = _can({"users": {"ana": {"inline": {"a": policy}}}})
    assert found.resource == f"{BUCKET}/ana/*"


def test_a_deny_inside_the_pattern_is_pointed_out() -> None:
    policy = allow("s3:GetObject", f"{BUCKET}/*")
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/secret/*"}
    policy["Statement"].append(deny)
    (found,) = _can({"users": {"ana": {"inline": {"a": policy}}}})
    assert found.narrowed


def test_a_deny_of_everything_leaves_nothing() -> None:
    policy = allow("s3:GetObject", f"{BUCKET}/*")
    policy["Statement"].append({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    assert _can({"users": {"ana": {"inline": {"a": policy}}}}) == []


def test_a_resource_that_lets_the_caller_in_is_named_itself() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": ANA},
        "Action": "s3:ListBucket",
        "Resource": BUCKET,
    }
    policy = {"Version": "2012-10-17", "Statement": statement}
    found = _can({"users": {"ana": {}}, "resources": {BUCKET: {"policy": policy}}})
    assert found == [Permission("s3:ListBucket", BUCKET, "List")]


def test_actions_without_resources_are_asked_of_all() -> None:
    policy = allow("s3:ListAllMyBuckets")
    assert _can({"users": {"ana": {"inline": {"a": policy}}}}) == [
        Permission("s3:ListAllMyBuckets", "*", "List")
    ]
