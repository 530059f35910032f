"""Functions: create, get, list, update, delete."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.operations.stage import NOW, A, B, Stage, archive, trusting

from clearance.model.estate import Role

ARN = f"arn:aws:lambda:us-east-1:{A}:function:f"
ROLE = f"arn:aws:iam::{A}:role/exec"
NEW: Mapping[str, Any] = {
    "FunctionName": "f",
    "Runtime": "python3.12",
    "Handler": "app.handler",
    "Role": ROLE,
    "Code": {"ZipFile": archive()},
}
UNTRUSTED = "The role defined for the function cannot be assumed by Lambda."
NO_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
RESERVED = {"Variables": {"AWS_REGION": "x"}}


def test_create(functions: Stage) -> None:
    functions("PublishLayerVersion", LayerName="l", Content={"ZipFile": archive()})
    answer = functions(
        "CreateFunction",
        **NEW,
        Environment={"Variables": {"MODE": "x"}},
        Tags={"team": "red"},
        Timeout=10,
        MemorySize=256,
        Architectures=["arm64"],
        Layers=[f"arn:aws:lambda:us-east-1:{A}:layer:l:1"],
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        LoggingConfig={"LogFormat": "JSON"},
    )
    code = archive()
    assert answer["FunctionArn"] == ARN
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert answer["CodeSize"] == len(code)
    assert answer["LastModified"] == "2026-03-01T12:00:00.000+0000"
    assert (answer["Version"], answer["State"]) == ("$LATEST", "Active")
    assert answer["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "/aws/lambda/f"}
    kept = functions.account.functions["us-east-1/f"].latest
    assert functions.ports.get_blob(kept.code) == code
    got = functions("GetFunction", FunctionName="f")
    assert got["Configuration"] == answer
    assert got["Tags"] == {"team": "red"}


def test_create_and_publish(functions: Stage) -> None:
    answer = functions("CreateFunction", **NEW, Publish=True)
    assert (answer["Version"], answer["FunctionArn"]) == ("1", ARN)
    assert functions("GetFunction", FunctionName="f:1")["Configuration"]["Version"] == "1"


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"Timeout": 0}, "ValidationException", "'timeout' failed"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
        ({"MemorySize": 127}, "ValidationException", "greater than or equal to 128"),
        ({"EphemeralStorage": {"Size": 1}}, "ValidationException", "'ephemeralStorage.size'"),
        ({"Handler": "a b"}, "ValidationException", "'handler' failed"),
        ({"Handler": None}, "InvalidParameterValueException", "mandatory parameters"),
        ({"Runtime": None}, "InvalidParameterValueException", "mandatory parameters"),
        ({"Runtime": "cobol1"}, "InvalidParameterValueException", "Value cobol1 at 'runtime'"),
        ({"Runtime": "python2.7"}, "InvalidParameterValueException", "no longer supported"),
        ({"FunctionName": "a b"}, "ValidationException", "'functionName' failed"),
        ({"FunctionName": "x" * 65}, "ValidationException", "less than or equal to 64"),
        ({"Role": "exec"}, "ValidationException", "'role' failed"),
        ({"Role": f"arn:aws:iam::{A}:role/none"}, "InvalidParameterValueException", UNTRUSTED),
        (
            {"Role": f"arn:aws:iam::{B}:role/exec"},
            "AccessDeniedException",
            "Cross-account pass role is not allowed.",
        ),
        ({"Architectures": ["mips"]}, "ValidationException", "enum value set: [x86_64, arm64]"),
        ({"Environment": RESERVED}, "InvalidParameterValueException", "request: AWS_REGION"),
        ({"Environment": {"Variables": {"1": "x"}}}, "ValidationException", "Map keys must"),
        (
            {"Environment": {"Variables": {"BIG": "x" * 5000}}},
            "InvalidParameterValueException",
            "exceeded the 4KB limit",
        ),
        ({"Code": {}}, "InvalidParameterValueException", "Please provide a source"),
        ({"Code": {"ZipFile": b"PK no"}}, "InvalidParameterValueException", NO_ZIP),
        ({"Code": {"ZipFile": b""}}, "InvalidParameterValueException", "non-empty zip"),
        ({"Code": {"S3Bucket": "b"}}, "InvalidParameterValueException", "S3Bucket"),
        ({"PackageType": "Image"}, "InvalidParameterValueException", "container images"),
        ({"FileSystemConfigs": [{}]}, "InvalidParameterValueException", "FileSystemConfigs"),
        ({"Tags": {"a*": "x"}}, "ValidationException", "'tags' failed"),
        (
            {"Tags": {str(n): "" for n in range(51)}},
            "InvalidParameterValueException",
            "Number of tags exceeds",
        ),
        ({"Layers": ["l"]}, "ValidationException", "'layers' failed"),
        ({"VpcConfig": {"SubnetIds": ["x"]}}, "ValidationException", "'vpcConfig.subnetIds'"),
        (
            {"VpcConfig": {"SubnetIds": ["subnet-1"]}},
            "InvalidParameterValueException",
            "SubnetIds and SecurityIds must coexist or be both empty list.",
        ),
        (
            {"LoggingConfig": {"SystemLogLevel": "INFO"}},
            "InvalidParameterValueException",
            "LogLevel is not supported",
        ),
    ],
)
def test_bad_functions(
    functions: Stage, given: Mapping[str, object], code: str, words: str
) -> None:
    error = functions.refused("CreateFunction", **{**NEW, **given})
    assert error.code == code
    assert words in error.message


def test_layers_of_one_kind(functions: Stage) -> None:
    layer = f"arn:aws:lambda:us-east-1:{A}:layer:l"
    two = functions.refused("CreateFunction", **NEW, Layers=[f"{layer}:1", f"{layer}:2"])
    assert "Two different versions of the same layer" in two.message
    six = functions.refused("CreateFunction", **NEW, Layers=[f"{layer}{n}:1" for n in range(6)])
    assert six.message == "Cannot reference more than 5 layers."


def test_the_role_must_trust_lambda(functions: Stage) -> None:  # R223, case 29
    error = functions.refused(
        "CreateFunction", **{**NEW, "Role": f"arn:aws:iam::{A}:role/team/deploy"}
    )
    assert (error.code, error.status, error.message) == (
        "InvalidParameterValueException",
        400,
        UNTRUSTED,
    )
    assert error.members == {"Type": "User"}


def test_a_trust_policy_may_name_the_function(functions: Stage) -> None:
    trust = trusting("Service", "lambda.amazonaws.com")
    text = trust.text.replace(
        '"Action"', f'"Condition":{{"ArnLike":{{"aws:SourceArn":"{ARN}"}}}},"Action"'
    )
    role = Role("narrow", "AROANARROW", NOW, replace(trust, text=text))
    roles = {**functions.account.roles, role.name: role}
    functions.estate = functions.estate.with_account(replace(functions.account, roles=roles))
    given = {**NEW, "Role": f"arn:aws:iam::{A}:role/narrow"}
    assert (
        functions.refused("CreateFunction", **{**given, "FunctionName": "g"}).message == UNTRUSTED
    )
    functions("CreateFunction", **given)


def test_no_two_of_a_name(one: Stage) -> None:
    error = one.refused("CreateFunction", **NEW)
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert error.message == "Function already exist: f"


def test_an_archive_of_nothing(functions: Stage) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w"):
        pass
    given = {**NEW, "Code": {"ZipFile": buffer.getvalue()}}
    assert "non-empty zip" in functions.refused("CreateFunction", **given).message


def test_an_archive_that_says_it_is_huge(functions: Stage) -> None:
    content = bytearray(archive("x"))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (300_000_000).to_bytes(4, "little")
    given = {**NEW, "Code": {"ZipFile": bytes(content)}}
    error = functions.refused("CreateFunction", **given)
    assert error.message == "Unzipped size must be smaller than 262144000 bytes"


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [
        ("f", None, ARN),
        (f"{A}:f", None, ARN),
        (f"{A}:function:f", None, ARN),
        (ARN, None, ARN),
        (ARN, "$LATEST", f"{ARN}:$LATEST"),
        (f"{ARN}:$LATEST", None, f"{ARN}:$LATEST"),
        ("f:$LATEST", "$LATEST", f"{ARN}:$LATEST"),
    ],
)
def test_names(one: Stage, name: str, qualifier: str | None, arn: str) -> None:  # R200, R205
    answer = one("GetFunctionConfiguration", FunctionName=name, Qualifier=qualifier)
    assert answer["FunctionArn"] == arn


@pytest.mark.parametrize(
    ("name", "qualifier", "code", "message"),
    [
        ("g", None, "ResourceNotFoundException", f"Function not found: {ARN[:-1]}g"),
        ("f", "9", "ResourceNotFoundException", f"Function not found: {ARN}:9"),
        ("f", "PROD", "ResourceNotFoundException", f"Cannot find alias arn: {ARN}:PROD"),
        (
            f"{B}:f",
            None,
            "ResourceNotFoundException",
            f"Function not found: arn:aws:lambda:us-east-1:{B}:function:f",
        ),
        (
            ARN.replace("us-east-1", "eu-west-1"),
            None,
            "ResourceNotFoundException",
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
        ),
        (
            "f:1",
            "2",
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        ),
    ],
)
def test_wrong_names(one: Stage, name: str, qualifier: str | None, code: str, message: str) -> None:
    error = one.refused("GetFunction", FunctionName=name, Qualifier=qualifier)
    assert (error.code, error.message) == (code, message)


def test_other_accounts_reach_it(one: Stage) -> None:  # R217: whether they may is decided before
    one.acts(one.user(B))
    assert one("GetFunction", FunctionName=ARN)["Configuration"]["FunctionArn"] == ARN
    assert one("ListFunctions")["Functions"] == []
    error = one.refused("CreateFunction", **{**NEW, "FunctionName": ARN})
    assert error.code == "ResourceNotFoundException"


def test_lists_come_in_parts(functions: Stage) -> None:
    for number in range(3):
        functions("CreateFunction", **{**NEW, "FunctionName": f"f{number}"})
    first = functions("ListFunctions", MaxItems=2)
    second = functions("ListFunctions", Marker=first["NextMarker"])
    names = [f["FunctionName"] for part in (first, second) for f in part["Functions"]]
    assert names == ["f0", "f1", "f2"]
    assert "NextMarker" not in second
    assert functions.refused("ListFunctions", Marker="x").code == "InvalidParameterValueException"


def test_lists_with_every_version(one: Stage) -> None:
    one("PublishVersion", FunctionName="f")
    found = one("ListFunctions", FunctionVersion="ALL")["Functions"]
    assert [f["FunctionArn"] for f in found] == [f"{ARN}:$LATEST", f"{ARN}:1"]


def test_delete(one: Stage) -> None:
    assert one("DeleteFunction", FunctionName="f") == {"StatusCode": 204}
    assert one.refused("DeleteFunction", FunctionName="f").status == 404


@pytest.mark.parametrize(
    ("qualifier", "message"),
    [
        ("$LATEST", "$LATEST version cannot be deleted without deleting the function."),
        ("PROD", "Deletion of aliases is not currently supported."),
    ],
)
def test_what_cannot_be_deleted(one: Stage, qualifier: str, message: str) -> None:
    error = one.refused("DeleteFunction", FunctionName="f", Qualifier=qualifier)
    assert (error.code, error.message) == ("InvalidParameterValueException", message)


def test_delete_a_version(one: Stage) -> None:
    one("PublishVersion", FunctionName="f")
    one("CreateAlias", FunctionName="f", Name="PROD", FunctionVersion="1")
    error = one.refused("DeleteFunction", FunctionName="f", Qualifier="1")
    assert (error.code, error.message) == (
        "ResourceConflictException",
        "Unable to delete version because the following aliases reference it: [PROD]",
    )
    one("DeleteAlias", FunctionName="f", Name="PROD")
    one("PutFunctionEventInvokeConfig", FunctionName="f:1", MaximumRetryAttempts=0)
    allow = {"StatementId": "a", "Action": "lambda:*", "Principal": "*"}
    one("AddPermission", FunctionName="f:1", **allow)
    one("DeleteFunction", FunctionName="f", Qualifier="1")
    assert one.refused("GetFunction", FunctionName="f:1").status == 404
    kept = one.account.functions["us-east-1/f"]
    assert not kept.policies
    assert not kept.event_invoke
    answer = one("PublishVersion", FunctionName="f")
    assert answer["Version"] == "2", "a number is never used twice"


def test_update_code(one: Stage) -> None:
    before = one("GetFunctionConfiguration", FunctionName="f")
    dry = one("UpdateFunctionCode", FunctionName="f", ZipFile=archive("a = 1"), DryRun=True)
    assert one("GetFunctionConfiguration", FunctionName="f") == before
    after = one("UpdateFunctionCode", FunctionName="f", ZipFile=archive("a = 1"))
    assert after["CodeSha256"] == dry["CodeSha256"] != before["CodeSha256"]
    assert after["RevisionId"] != before["RevisionId"]
    published = one("UpdateFunctionCode", FunctionName="f", ZipFile=archive("a"), Publish=True)
    assert published["FunctionArn"] == f"{ARN}:1"


def test_update_configuration(one: Stage) -> None:
    before = one("GetFunctionConfiguration", FunctionName="f")
    after = one(
        "UpdateFunctionConfiguration",
        FunctionName="f",
        Timeout=9,
        Environment={"Variables": {"AB": "1"}},
        DeadLetterConfig={"TargetArn": f"arn:aws:sqs:us-east-1:{A}:q"},
        TracingConfig={"Mode": "Active"},
        RevisionId=before["RevisionId"],
    )
    assert after["Timeout"] == 9
    assert after["Handler"] == before["Handler"]
    assert after["Environment"] == {"Variables": {"AB": "1"}}
    cleared = one("UpdateFunctionConfiguration", FunctionName="f", Environment={"Variables": {}})
    assert "Environment" not in cleared


@pytest.mark.parametrize("operation", ["UpdateFunctionConfiguration", "UpdateFunctionCode"])
def test_a_stale_revision(one: Stage, operation: str) -> None:
    error = one.refused(operation, FunctionName="f", ZipFile=archive(), RevisionId="old")
    assert (error.code, error.status) == ("PreconditionFailedException", 412)
    assert "Call the GetFunction/GetAlias API" in error.message


def test_updates_ask_for_trust_again(one: Stage) -> None:
    role = f"arn:aws:iam::{A}:role/team/deploy"
    error = one.refused("UpdateFunctionConfiguration", FunctionName="f", Role=role)
    assert error.message == UNTRUSTED
