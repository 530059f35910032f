"""Concurrency, tags, account settings, function URLs, asynchronous calls."""

from __future__ import annotations

import pytest
from tests.operations.stage import A, Stage

from clearance.operations.lambda_ import find_url

ARN = f"arn:aws:lambda:us-east-1:{A}:function:f"


def test_concurrency(one: Stage) -> None:
    assert one("GetFunctionConcurrency", FunctionName="f") == {}
    one("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=900)
    found = one("GetFunctionConcurrency", FunctionName="f")
    assert found == {"ReservedConcurrentExecutions": 900}
    assert one("GetFunction", FunctionName="f")["Concurrency"] == found
    limits = one("GetAccountSettings")["AccountLimit"]
    assert limits["UnreservedConcurrentExecutions"] == 100
    error = one.refused(
        "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=901
    )
    assert error.message.endswith("below its minimum value of [100].")
    one("DeleteFunctionConcurrency", FunctionName="f")
    assert one("GetFunctionConcurrency", FunctionName="f") == {}


def test_concurrency_is_the_functions(one: Stage) -> None:
    given = {"FunctionName": "f:1", "ReservedConcurrentExecutions": 1}
    assert "Lambda functions only" in one.refused("PutFunctionConcurrency", **given).message
    given = {"FunctionName": "f", "ReservedConcurrentExecutions": -1}
    assert one.refused("PutFunctionConcurrency", **given).code == "ValidationException"


def test_account_settings_count(one: Stage) -> None:
    usage = one("GetAccountSettings")["AccountUsage"]
    assert usage["FunctionCount"] == 1
    assert usage["TotalCodeSize"] > 0


def test_tags(one: Stage) -> None:
    one("TagResource", Resource=ARN, Tags={"a": "1", "b": "2"})
    one("UntagResource", Resource=ARN, TagKeys=["a", "c"])
    assert one("ListTags", Resource=ARN) == {"Tags": {"b": "2"}}


@pytest.mark.parametrize(
    ("resource", "tags", "code"),
    [
        ("f", {"a": "1"}, "ValidationException"),
        (f"{ARN}:1", {"a": "1"}, "ResourceNotFoundException"),
        (f"{ARN}:$LATEST", {"a": "1"}, "InvalidParameterValueException"),
        (ARN, {}, "InvalidParameterValueException"),
        (ARN, {str(n): "" for n in range(51)}, "InvalidParameterValueException"),
    ],
)
def test_bad_tags(one: Stage, resource: str, tags: dict[str, str], code: str) -> None:
    assert one.refused("TagResource", Resource=resource, Tags=tags).code == code


def test_urls(one: Stage) -> None:  # R211
    made = one("CreateFunctionUrlConfig", FunctionName="f", AuthType="AWS_IAM")
    assert made["FunctionUrl"].endswith(".lambda-url.us-east-1.on.aws/")
    found = one("GetFunctionUrlConfig", FunctionName="f")
    assert found["FunctionArn"] == ARN
    url_id = made["FunctionUrl"].removeprefix("https://").split(".")[0]
    target = find_url(one.estate, url_id)
    assert target is not None
    assert (target[0].arn, target[1].auth_type) == (ARN, "AWS_IAM")
    assert find_url(one.estate, "other") is None
    cors = {"AllowOrigins": ["*"], "MaxAge": 5}
    one("UpdateFunctionUrlConfig", FunctionName="f", AuthType="NONE", Cors=cors)
    changed = one("ListFunctionUrlConfigs", FunctionName="f")["FunctionUrlConfigs"]
    assert [(c["AuthType"], c["Cors"]) for c in changed] == [("NONE", cors)]
    one("DeleteFunctionUrlConfig", FunctionName="f")
    for operation in ("GetFunctionUrlConfig", "DeleteFunctionUrlConfig", "UpdateFunctionUrlConfig"):
        assert one.refused(operation, FunctionName="f").code == "ResourceNotFoundException"


def test_urls_of_aliases(one: Stage) -> None:
    one("PublishVersion", FunctionName="f")
    one("CreateAlias", FunctionName="f", Name="PROD", FunctionVersion="1")
    given = {"FunctionName": "f", "Qualifier": "PROD", "AuthType": "NONE"}
    assert one("CreateFunctionUrlConfig", **given)["FunctionArn"] == f"{ARN}:PROD"
    assert one.refused("CreateFunctionUrlConfig", **given).code == "ResourceConflictException"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"AuthType": "OPEN"}, "enum value set: [NONE, AWS_IAM]"),
        ({"AuthType": None}, "Value null at 'authType'"),
        ({"Qualifier": "1"}, "'qualifier' failed"),
        ({"FunctionName": "f:$LATEST"}, "'qualifier' failed"),
        ({"InvokeMode": "SLOW"}, "'invokeMode' failed"),
        ({"Cors": {"MaxAge": 86401}}, "'cors.maxAge' failed"),
        ({"Cors": {"AllowMethods": ["OPTIONS"]}}, "'cors.allowMethods' failed"),
    ],
)
def test_bad_urls(one: Stage, given: dict[str, object], words: str) -> None:
    whole = {"FunctionName": "f", "AuthType": "NONE", **given}
    assert words in one.refused("CreateFunctionUrlConfig", **whole).message


def test_asynchronous_calls(one: Stage) -> None:
    queue = f"arn:aws:sqs:us-east-1:{A}:q"
    one("PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=0)
    destination = {"OnFailure": {"Destination": queue}}
    one("UpdateFunctionEventInvokeConfig", FunctionName="f", DestinationConfig=destination)
    found = one("GetFunctionEventInvokeConfig", FunctionName="f")
    assert found["FunctionArn"] == f"{ARN}:$LATEST"
    assert found["MaximumRetryAttempts"] == 0
    assert found["DestinationConfig"] == {"OnSuccess": {}, **destination}
    listed = one("ListFunctionEventInvokeConfigs", FunctionName="f")
    assert listed["FunctionEventInvokeConfigs"] == [found]
    again = one("PutFunctionEventInvokeConfig", FunctionName="f", MaximumEventAgeInSeconds=60)
    assert "MaximumRetryAttempts" not in again
    one("DeleteFunctionEventInvokeConfig", FunctionName="f")
    error = one.refused("GetFunctionEventInvokeConfig", FunctionName="f")
    assert error.message == f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "at least one of error handling or destination"),
        ({"MaximumRetryAttempts": 3}, "less than or equal to 2"),
        ({"MaximumEventAgeInSeconds": 59}, "greater than or equal to 60"),
        ({"DestinationConfig": {"OnSuccess": {"Destination": ARN}}}, "destination for itself"),
    ],
)
def test_bad_asynchronous_calls(one: Stage, given: dict[str, object], words: str) -> None:
    error = one.refused("PutFunctionEventInvokeConfig", FunctionName="f", **given)
    assert words in error.message
