"""Access Analyzer over the wire, as boto3 calls it."""

from __future__ import annotations

import json

from tests.endpoints import Failure, allow, attempt, credentials_of, key_of, site, small_estate

ANA = credentials_of(key_of("ana"))


def test_boto3_validates_and_checks_policies() -> None:
    with site(small_estate()) as found:
        client = found.client("accessanalyzer")
        given = {"policyDocument": '{"Statement": []}', "policyType": "IDENTITY_POLICY"}
        answer = client.validate_policy(**given)
        codes = [finding["issueCode"] for finding in answer["findings"]]
        assert codes == ["MISSING_VERSION", "MISSING_STATEMENT"]
        span = answer["findings"][1]["locations"][0]["span"]
        assert span["start"] == {"line": 1, "column": 14, "offset": 14}
        checked = client.check_no_new_access(
            newPolicyDocument=allow("s3:*"),
            existingPolicyDocument=allow("s3:Get*"),
            policyType="IDENTITY_POLICY",
        )
        assert checked["result"] == "FAIL"
        refused = attempt(
            client.check_no_new_access,
            newPolicyDocument="{",
            existingPolicyDocument=allow("s3:Get*"),
            policyType="IDENTITY_POLICY",
        )
        assert isinstance(refused, Failure)
        assert refused.code == "InvalidParameterException"


def test_the_call_needs_its_permission() -> None:
    with site(small_estate()) as found:
        given = {"policyDocument": json.dumps({}), "policyType": "IDENTITY_POLICY"}
        refused = attempt(found.client("accessanalyzer", ANA).validate_policy, **given)
        assert isinstance(refused, Failure)
        assert "access-analyzer:ValidatePolicy" in refused.message
