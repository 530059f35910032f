"""Policies inside other documents, and what type they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clearance.model.policy import PolicyType
from clearance.validate.discover import discover, opaque
from clearance.validate.source import Kind, read

IDENTITY = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    ]
}
RESOURCE = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (IDENTITY, [("", PolicyType.IDENTITY, None)]),
        (TRUST, [("", PolicyType.TRUST, None)]),
        (RESOURCE, [("", PolicyType.RESOURCE, None)]),
        (
            {
                "Resources": {
                    "B": {
                        "Type": "AWS::S3::BucketPolicy",
                        "Properties": {"PolicyDocument": RESOURCE},
                    }
                }
            },
            [("Resources/B/Properties/PolicyDocument", PolicyType.RESOURCE, "AWS::S3::Bucket")],
        ),
        (
            {"type": "aws_iam_role", "after": {"assume_role_policy": json.dumps(TRUST)}},
            [("after/assume_role_policy", PolicyType.TRUST, None)],
        ),
        (
            {
                "type": "aws_organizations_policy",
                "after": {"type": "SERVICE_CONTROL_POLICY", "content": json.dumps(IDENTITY)},
            },
            [("after/content", PolicyType.SCP, None)],
        ),
        (
            {"type": "aws_kms_key", "after": {"policy": json.dumps(RESOURCE)}},
            [("after/policy", PolicyType.RESOURCE, "AWS::KMS::Key")],
        ),
        (
            {"a": [{"b": IDENTITY}, {"c": IDENTITY}]},
            [("a/0/b", PolicyType.IDENTITY, None), ("a/1/c", PolicyType.IDENTITY, None)],
        ),
        ({"Statement": "of account"}, []),
        ({"Statement": [{"amount": 1}]}, []),
    ],
)
def test_policies_are_found_with_their_type(document: Any, found: list[Any]) -> None:
    text = json.dumps(document)
    root, _ = read(text)
    hits = [("/".join(map(str, p.path)), p.kind, p.resource) for p in discover(root, text)]
    assert hits == found


def test_every_character_of_an_inner_text_knows_its_place() -> None:
    inner = json.dumps(
        {"Statement": [{"Effect": "Allow", "Sid": 'ä\t😀"/', "Action": "*", "Resource": "*"}]}
    )
    for ascii_only in (True, False):
        text = json.dumps({"policy": inner}, ensure_ascii=ascii_only)
        root, _ = read(text)
        policy = next(discover(root, text))
        assert policy.inner == inner
        assert len(policy.offsets) == len(inner)
        for character, at in zip(inner, policy.offsets, strict=True):
            assert text[at] in {character, "\\"}


def test_functions_of_cloudformation_are_values_of_deployment() -> None:
    root, _ = read('{"Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::b"}, "A": {"Ref": "B"}}')
    assert [m.value.kind for m in opaque(root).members] == [Kind.OPAQUE, Kind.OPAQUE]
