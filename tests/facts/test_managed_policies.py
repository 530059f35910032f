"""AWS's managed policies exist, without being anybody's state."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import pytest

from clearance.decide import authorize, identify
from clearance.facts import managed_policies
from clearance.facts.managed_policies import AwsManaged, aws_managed_policies, with_aws_managed
from clearance.model.estate import FULL_ACCESS, Account, Estate, User
from clearance.model.policy import PolicyType
from clearance.model.request import Request
from clearance.operations.sts.assume_root import TASK_POLICIES
from clearance.parse.document import parse_policy

A = "123456789012"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def test_there_are_as_many_as_aws_has() -> None:
    assert len(aws_managed_policies()) > 1400
    assert json.loads(AwsManaged()["arn:aws:iam::aws:policy/AdministratorAccess"]) == json.loads(
        FULL_ACCESS
    )


def test_every_document_can_be_decided_on() -> None:
    for arn, text in aws_managed_policies().items():
        policy = parse_policy(text, PolicyType.IDENTITY, strict=False)
        assert policy.statements, arn


def test_the_task_policies_of_assume_root_are_among_them() -> None:
    assert set(AwsManaged()) >= TASK_POLICIES.keys()


def test_they_count_in_a_decision() -> None:
    ana = User("ana", "AIDAANA", datetime(2026, 1, 1, tzinfo=UTC), attached=(READ_ONLY,))
    estate = with_aws_managed(Estate({A: Account(A, users={"ana": ana})}))
    who = identify(f"arn:aws:iam::{A}:user/ana", estate)
    thing = "arn:aws:s3:::photos/a"
    assert authorize(estate, Request(who, "s3:GetObject", thing, resource_account=A)).allowed
    assert not authorize(estate, Request(who, "s3:PutObject", thing, resource_account=A)).allowed


def test_other_partitions_have_the_same_ones() -> None:
    assert "arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess" in AwsManaged()
    assert "arn:aws:iam::123456789012:policy/AmazonS3ReadOnlyAccess" not in AwsManaged()
    assert "arn:aws:iam::aws:policy/NoSuchPolicy" not in AwsManaged()
    with pytest.raises(KeyError):
        AwsManaged()["arn:aws:iam::aws:policy/NoSuchPolicy"]


def test_what_an_estate_says_itself_comes_first() -> None:
    estate = with_aws_managed(Estate(managed={READ_ONLY: "{}", "arn:own": "{}"}))
    assert estate.managed_text(READ_ONLY) == "{}"
    assert "arn:own" in estate.managed
    assert list(estate.managed).count(READ_ONLY) == 1
    assert len(estate.managed) == len(aws_managed_policies()) + 1
    assert with_aws_managed(estate) is estate


def test_without_the_data_the_most_attached_ones_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed_policies, "find_spec", lambda _: None)
    found = managed_policies.aws_managed_policies.__wrapped__()
    assert "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" in found
    for arn, text in found.items():
        assert set(_actions(text)) <= set(_actions(AwsManaged()[arn])), arn


def _actions(text: str) -> tuple[str, ...]:
    statements = parse_policy(text, PolicyType.IDENTITY).statements
    return tuple(action for statement in statements for action in statement.actions)


def test_moto_is_not_imported_for_them() -> None:
    assert "clearance_aws_managed_policies" not in sys.modules
