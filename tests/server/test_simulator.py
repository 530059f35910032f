"""The simulator's calls, answered by the engine that decides (R230-R237)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conformance import Case, caller, estate_of
from tests.endpoints import ACCOUNT, Failure, allow, attempt, document, site

A = "111111111111"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
EVERYTHING = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]}  # fmt: skip
NO_LAMBDA = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Action": "lambda:*", "Resource": "*"}]}  # fmt: skip
CASE = Case(
    "simulator",
    9000,
    {
        "as": f"{A}",
        "estate": {
            "accounts": {
                A: {
                    "users": {
                        "ana": {
                            "inline": {"read": json.loads(allow("s3:Get*", f"{BUCKET}/*"))},
                            "groups": ["devs"],
                        },
                        "bound": {
                            "inline": {"all": EVERYTHING},
                            "boundary": json.loads(allow("s3:*")),
                        },
                    },
                    "groups": {"devs": {"inline": {"list": json.loads(allow("s3:List*"))}}},
                    "roles": {"app": {"trust": EVERYTHING, "inline": {"all": EVERYTHING}}},
                }
            },
            "organization": {
                "members": [A],
                "management": "999999999999",
                "scps": [[EVERYTHING], [EVERYTHING], [EVERYTHING, NO_LAMBDA]],
            },
        },
    },
)
OWN = CASE.names[A]


@pytest.fixture(scope="module")
def iam() -> Iterator[Any]:
    with site(estate_of([CASE])) as found:
        yield found.client("iam", caller(found, OWN))


def principal(name: str, kind: str = "user") -> str:
    return f"arn:aws:iam::{OWN}:{kind}/{name}"


def simulate(iam: Any, name: str, *actions: str, kind: str = "user", **more: Any) -> Any:
    answer = iam.simulate_principal_policy(
        PolicySourceArn=principal(name, kind), ActionNames=list(actions), **more
    )
    results = answer["EvaluationResults"]
    return results[0] if len(actions) == 1 else results


def own(arn: str) -> str:
    return arn.replace("amzn-s3-demo-bucket", CASE.names["amzn-s3-demo-bucket"])


def test_a_users_own_and_group_policies_decide(iam: Any) -> None:
    found = simulate(iam, "ana", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
                     ResourceArns=[own(f"{BUCKET}/k")])  # fmt: skip
    assert [r["EvalDecision"] for r in found] == ["allowed", "allowed", "implicitDeny"]
    first = found[0]
    assert first["EvalResourceName"] == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    (specific,) = first["ResourceSpecificResults"]
    assert specific["EvalResourceName"] == own(f"{BUCKET}/k")
    assert specific["EvalDecisionDetails"] == {}
    (matched,) = first["MatchedStatements"]
    assert matched["SourcePolicyId"] == "user_ana_read"
    assert matched["SourcePolicyType"] == "user"
    assert found[1]["MatchedStatements"][0]["SourcePolicyId"] == "group_devs_list"
    assert found[0]["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}


def test_positions_are_those_of_the_statement_in_its_text(iam: Any) -> None:
    text = """{
 "Version": "2012-10-17",
 "Statement": [
  {"Effect": "Deny",
   "Action": "*", "Resource": "*"}
 ]
}"""
    found = iam.simulate_custom_policy(
        PolicyInputList=[allow("*"), text], ActionNames=["s3:GetObject"]
    )
    result = found["EvaluationResults"][0]
    assert result["EvalDecision"] == "explicitDeny"
    # A matching Deny leaves the Allows unlisted.
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == "PolicyInputList.2"
    assert matched["StartPosition"] == {"Line": 4, "Column": 3}
    assert matched["EndPosition"] == {"Line": 5, "Column": 34}


def test_several_resources_are_one_result(iam: Any) -> None:
    found = simulate(iam, "ana", "s3:GetObject",
                     ResourceArns=[own(f"{BUCKET}/k"), "arn:aws:s3:::other/k"])  # fmt: skip
    assert found["EvalDecision"] == "implicitDeny"
    assert [r["EvalResourceDecision"] for r in found["ResourceSpecificResults"]] == [
        "allowed",
        "implicitDeny",
    ]


def test_a_boundary_without_an_allow(iam: Any) -> None:
    found = simulate(iam, "bound", "ec2:RunInstances")
    assert found["EvalDecision"] == "implicitDeny"
    detail = found["PermissionsBoundaryDecisionDetail"]
    assert detail == {"AllowedByPermissionsBoundary": False}
    assert simulate(iam, "bound", "s3:GetObject")["EvalDecision"] == "allowed"
    replaced = simulate(
        iam, "bound", "ec2:RunInstances", PermissionsBoundaryPolicyInputList=[allow("ec2:*")]
    )
    assert replaced["EvalDecision"] == "allowed"


def test_scps_of_the_principal_count_and_are_not_listed(iam: Any) -> None:
    found = simulate(iam, "app", "lambda:InvokeFunction", kind="role")
    assert found["EvalDecision"] == "explicitDeny"
    assert found["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert all(m["SourcePolicyType"] == "role" for m in found["MatchedStatements"])
    without = simulate(
        iam, "app", "lambda:InvokeFunction", kind="role",
        PolicyExclusionList=[{"PolicyType": "scp",
                              "PolicyArn": "arn:aws:organizations::*:policy/*cp30000002"}],
    )  # fmt: skip
    assert without["EvalDecision"] == "allowed"


def test_policies_can_be_left_out(iam: Any) -> None:
    inline = {"PolicyName": "read", "AttachmentType": "user", "AttachmentName": "ana"}
    found = simulate(iam, "ana", "s3:GetObject", ResourceArns=[own(f"{BUCKET}/k")],
                     PolicyExclusionList=[{"InlinePolicyIdentifier": inline}])  # fmt: skip
    assert found["EvalDecision"] == "implicitDeny"


def test_context_is_given_or_missing(iam: Any) -> None:
    text = allow("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    given = {"PolicyInputList": [text], "ActionNames": ["s3:GetObject"]}
    missing = iam.simulate_custom_policy(**given)["EvaluationResults"][0]
    assert missing["EvalDecision"] == "implicitDeny"
    assert missing["MissingContextValues"] == ["aws:SourceIp"]
    entry = {
        "ContextKeyName": "aws:SourceIp",
        "ContextKeyValues": ["10.1.2.3"],
        "ContextKeyType": "ip",
    }
    told = iam.simulate_custom_policy(**given, ContextEntries=[entry])["EvaluationResults"][0]
    assert told["EvalDecision"] == "allowed"
    assert told["MissingContextValues"] == []


def test_organization_levels_can_be_given(iam: Any) -> None:
    levels = [
        {"ServiceControlPolicyInputList": [json.dumps(EVERYTHING)]},
        {"ServiceControlPolicyInputList": [allow("ec2:*")]},
    ]
    found = iam.simulate_custom_policy(
        PolicyInputList=[allow("*")],
        ActionNames=["s3:GetObject"],
        OrderedOrganizationPolicyInputList=levels,
    )["EvaluationResults"][0]
    assert found["EvalDecision"] == "implicitDeny"
    assert found["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_a_resource_policy_of_another_account(iam: Any) -> None:
    bucket = document(
        {"Effect": "Allow", "Principal": {"AWS": principal("ana")}, "Action": "s3:*",
         "Resource": own(f"{BUCKET}/*")}
    )  # fmt: skip
    found = simulate(
        iam, "ana", "s3:GetObject", ResourceArns=[own(f"{BUCKET}/k")], ResourcePolicy=bucket,
        ResourceOwner=f"arn:aws:iam::{ACCOUNT}:root",
    )  # fmt: skip
    assert found["EvalDecision"] == "allowed"
    assert found["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "allowed"}


def test_context_keys(iam: Any) -> None:
    text = document(
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*",
         "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    )  # fmt: skip
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"]
    assert sorted(keys) == ["aws:SecureTransport", "aws:username"]
    keys = iam.get_context_keys_for_principal_policy(
        PolicySourceArn=principal("ana"), PolicyInputList=[text]
    )["ContextKeyNames"]
    assert sorted(keys) == ["aws:SecureTransport", "aws:username"]


def test_pages(iam: Any) -> None:
    actions = [f"s3:GetObject{n}" for n in range(5)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[allow("*")], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    assert [r["EvalActionName"] for page in pages for r in page["EvaluationResults"]] == actions


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"PolicyInputList": ["{"], "ActionNames": ["s3:GetObject"]}, "InvalidInput"),
        ({"PolicyInputList": [allow("*")], "ActionNames": ["s3:Get*"]}, "InvalidInput"),
        ({"PolicyInputList": [allow("*")], "ActionNames": ["nothing"]}, "InvalidInput"),
        ({"PolicyInputList": [allow("*")], "ActionNames": ["s3:GetObject"],
          "CallerArn": "arn:aws:sts::123456789012:assumed-role/a/b"}, "InvalidInput"),
        ({"PolicyInputList": [allow("*")]}, "ValidationError"),
    ],
)  # fmt: skip
def test_simulations_that_cannot_be(iam: Any, given: dict[str, Any], code: str) -> None:
    answer = attempt(iam.simulate_custom_policy, **given)
    assert isinstance(answer, Failure)
    assert (answer.code, answer.status) == (code, 400), answer


def test_nobody_of_that_name(iam: Any) -> None:
    for arn, code in (
        (principal("nobody"), "NoSuchEntity"),
        (principal("nobody", "group"), "NoSuchEntity"),
        (f"arn:aws:iam::{OWN}:root", "InvalidInput"),
    ):
        answer = attempt(
            iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=["s3:GetObject"]
        )
        assert answer.code == code, answer


def test_the_simulator_agrees_with_the_gate(iam: Any) -> None:
    """One engine: what is simulated is what is enforced."""
    with site(estate_of([CASE])) as found:
        ana = found.client("iam", caller(found, f"{OWN}/ana"))
        for call, action in ((ana.list_users, "iam:ListUsers"), (ana.list_roles, "iam:ListRoles")):
            real = attempt(call)
            simulated = simulate(iam, "ana", action)["EvalDecision"]
            assert isinstance(real, Failure) == (simulated != "allowed")
