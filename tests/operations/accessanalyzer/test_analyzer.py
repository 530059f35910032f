"""Access Analyzer's checks of policies (R240-R247)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clearance.facts.catalog import load_catalog
from clearance.operations.accessanalyzer import OPERATIONS
from clearance.operations.fault import OperationError

CATALOG = load_catalog()


def call(operation: str, **given: Any) -> dict[str, Any]:
    return dict(OPERATIONS[operation](given, CATALOG))


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def codes(output: dict[str, Any]) -> list[str]:
    return [finding["issueCode"] for finding in output["findings"]]


def test_r240_the_example_of_the_rule() -> None:
    text = '{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}]}'
    found = call("ValidatePolicy", policyDocument=text, policyType="IDENTITY_POLICY")
    assert codes(found) == ["MISSING_VERSION", "PASS_ROLE_WITH_STAR_IN_RESOURCE"]


def test_r240_pages() -> None:
    text = policy(allow("s3:X1"), allow("s3:X2"), allow("s3:X3"))
    given = {"policyDocument": text, "policyType": "IDENTITY_POLICY", "maxResults": 2}
    first = call("ValidatePolicy", **given)
    second = call("ValidatePolicy", **given, nextToken=first["nextToken"])
    assert [len(first["findings"]), len(second["findings"])] == [2, 1]
    assert "nextToken" not in second
    with pytest.raises(OperationError, match="nextToken"):
        call("ValidatePolicy", **given, nextToken="x")


def test_r240_a_resource_type_says_what_the_policy_hangs_on() -> None:
    trust = policy({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"})
    found = call(
        "ValidatePolicy",
        policyDocument=trust,
        policyType="RESOURCE_POLICY",
        validatePolicyResourceType="AWS::IAM::AssumeRolePolicyDocument",
    )
    assert codes(found) == ["ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"]
    with pytest.raises(OperationError, match="RESOURCE_POLICY"):
        call(
            "ValidatePolicy",
            policyDocument=trust,
            policyType="IDENTITY_POLICY",
            validatePolicyResourceType="AWS::S3::Bucket",
        )


@pytest.mark.parametrize(
    ("new", "existing", "result"),
    [
        ("s3:GetObject", "s3:Get*", "PASS"),
        ("s3:*", "s3:Get*", "FAIL"),
        ("S3:get*", "s3:Get*", "PASS"),
    ],
)
def test_r246_new_access(new: str, existing: str, result: str) -> None:
    answer = call(
        "CheckNoNewAccess",
        newPolicyDocument=policy(allow(new, Sid="New")),
        existingPolicyDocument=policy(allow(existing)),
        policyType="IDENTITY_POLICY",
    )
    assert answer["result"] == result
    if result == "FAIL":
        assert answer["reasons"][0]["statementId"] == "New"
        assert answer["reasons"][0]["statementIndex"] == 0


def test_r245_a_grant_of_one_of_the_actions_fails() -> None:
    given = {"policyDocument": policy(allow("s3:*")), "policyType": "IDENTITY_POLICY"}
    answer = call("CheckAccessNotGranted", **given, access=[{"actions": ["s3:DeleteBucket"]}])
    assert answer["result"] == "FAIL"
    answer = call("CheckAccessNotGranted", **given, access=[{"actions": ["sqs:SendMessage"]}])
    assert answer["result"] == "PASS"
    with pytest.raises(OperationError, match="actions or resources"):
        call("CheckAccessNotGranted", **given, access=[{}])


def test_r247_public_access() -> None:
    open_to_all = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
    }
    kind = "AWS::Lambda::Function"
    answer = call("CheckNoPublicAccess", policyDocument=policy(open_to_all), resourceType=kind)
    assert answer["result"] == "FAIL"
    fenced = {**open_to_all, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}
    answer = call("CheckNoPublicAccess", policyDocument=policy(fenced), resourceType=kind)
    assert answer["result"] == "PASS"


def test_a_policy_that_cannot_be_read_is_the_callers_fault() -> None:
    with pytest.raises(OperationError) as refused:
        call("CheckNoPublicAccess", policyDocument="{", resourceType="AWS::S3::Bucket")
    assert refused.value.code == "InvalidParameterException"
