"""A policy in place of another, or beside the others."""

from __future__ import annotations

import pytest
from tests.batch.events import HOME
from tests.estates import estate

from clearance.batch.propose import attach_to, kind_of, replaces
from clearance.model.errors import UsageError
from clearance.model.policy import PolicyType

BUCKET, POLICY = "arn:aws:s3:::photos", f"arn:aws:iam::{HOME}:policy/p"
ROLE, TEXT = f"arn:aws:iam::{HOME}:role/app", '{"Statement": []}'
RAW = {
    "accounts": {
        HOME: {
            "roles": {"app": {"inline": {"a": "{}"}}},
            "users": {"ana": {}},
            "functions": {"f": {}},
            "policies": {POLICY: {"Statement": "old"}},
            "resources": {BUCKET: {"policy": {"Statement": "old"}}},
        }
    },
    "organizations": {
        "o-1": {
            "management_account": "999999999999",
            "units": {"r-1": None},
            "accounts": {HOME: "r-1"},
            "policies": {"p-1": {"type": "scp", "text": {"Statement": "old"}}},
            "attachments": {"r-1": ["p-1"]},
        }
    },
    "managed": {"arn:aws:iam::aws:policy/M": {"Statement": "old"}},
}


def test_replacing() -> None:
    before = estate(RAW)
    assert replaces(before, "p-1", TEXT).organizations["o-1"].policies["p-1"].text == TEXT
    function = f"arn:aws:lambda:us-east-1:{HOME}:function:f"
    changed = replaces(before, function, TEXT).accounts[HOME].functions["us-east-1/f"]
    assert changed.policies[""].text == TEXT
    account = replaces(before, POLICY, TEXT).accounts[HOME]
    assert account.policies[POLICY].text == TEXT
    assert replaces(before, BUCKET, TEXT).accounts[HOME].resources[BUCKET].policy == TEXT
    assert replaces(before, f"{ROLE}#a", TEXT).accounts[HOME].roles["app"].inline == {"a": TEXT}
    assert replaces(before, f"{ROLE}#trust", TEXT).accounts[HOME].roles["app"].trust.text == TEXT
    managed = "arn:aws:iam::aws:policy/M"
    assert replaces(before, managed, TEXT).managed[managed] == TEXT


def test_attaching() -> None:
    before = estate(RAW)
    assert attach_to(before, ROLE, TEXT).accounts[HOME].roles["app"].inline["proposed"] == TEXT
    organization = attach_to(before, HOME, TEXT).organizations["o-1"]
    assert [p.text for p in organization.attached(HOME, "SERVICE_CONTROL_POLICY")] == [TEXT]
    assert attach_to(before, "r-1", TEXT).organizations["o-1"].attachments["r-1"][0] == "p-1"
    user = f"arn:aws:iam::{HOME}:user/ana"
    twice = attach_to(attach_to(before, user, "{}"), user, TEXT)
    assert list(twice.accounts[HOME].users["ana"].inline.values()) == ["{}", TEXT]


@pytest.mark.parametrize(
    "target", ["p-none", POLICY + "x", f"{ROLE}#none", f"{ROLE}x#a", "arn:aws:s3:::other", "x#a"]
)
def test_nothing_there_to_replace(target: str) -> None:
    with pytest.raises(UsageError):
        replaces(estate(RAW), target, TEXT)


@pytest.mark.parametrize("target", ["ou-none", f"{ROLE}x", BUCKET, f"arn:aws:iam::{HOME}:root"])
def test_nobody_there_to_attach_to(target: str) -> None:
    with pytest.raises(UsageError):
        attach_to(estate(RAW), target, TEXT)


def test_the_kind_of_a_proposed_policy() -> None:
    assert kind_of("ou-ab12-cd34") is PolicyType.SCP
    assert kind_of(ROLE) is PolicyType.IDENTITY
    assert kind_of(f"{ROLE}#trust") is PolicyType.TRUST
    assert kind_of(BUCKET) is PolicyType.RESOURCE
