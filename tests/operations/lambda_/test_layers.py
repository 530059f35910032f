"""Layers: every answer in the model's shape, every refusal in Lambda's words."""

from __future__ import annotations

import base64
import hashlib

from tests.operations.stage import A, B, Stage, archive

LAYER = f"arn:aws:lambda:us-east-1:{A}:layer:l"
ZIP = {"ZipFile": archive()}


def publish(functions: Stage, name: str = "l") -> int:
    answer = functions(
        "PublishLayerVersion",
        LayerName=name,
        Content=ZIP,
        CompatibleRuntimes=["python3.12"],
        CompatibleArchitectures=["arm64"],
        LicenseInfo="MIT",
    )
    assert answer["LayerVersionArn"] == f"{answer['LayerArn']}:{answer['Version']}"
    digest = base64.b64encode(hashlib.sha256(archive()).digest()).decode()
    assert answer["Content"]["CodeSha256"] == digest
    assert answer["Content"]["CodeSize"] == len(archive())
    return int(answer["Version"])


def test_versions_count_on(functions: Stage) -> None:
    assert [publish(functions), publish(functions)] == [1, 2]
    functions("DeleteLayerVersion", LayerName="l", VersionNumber=2)
    functions("DeleteLayerVersion", LayerName="l", VersionNumber=77)
    assert publish(functions, LAYER) == 3
    versions = functions("ListLayerVersions", LayerName="l")["LayerVersions"]
    assert [each["Version"] for each in versions] == [3, 1]
    for wanted, found in (("arm64", 1), ("x86_64", 0)):
        listed = functions("ListLayers", CompatibleArchitecture=wanted)["Layers"]
        assert len(listed) == found
    assert functions("ListLayerVersions", LayerName="none")["LayerVersions"] == []


def test_refusals(functions: Stage) -> None:
    publish(functions)
    other = LAYER.replace(A, B)
    for operation, given, code, words in (
        ("GetLayerVersion", {"LayerName": "l", "VersionNumber": 9}, "NotFound", "does not exist"),
        ("GetLayerVersionByArn", {"Arn": f"{other}:1"}, "NotFound", "does not exist"),
        ("GetLayerVersionByArn", {"Arn": LAYER}, "NotFound", "does not exist"),
        ("PublishLayerVersion", {"LayerName": "l", "Content": {}}, "Invalid", "source"),
        ("PublishLayerVersion", {"LayerName": other, "Content": ZIP}, "NotFound", "not exist"),
        (
            "PublishLayerVersion",
            {"LayerName": LAYER.replace("us-east-1", "eu-west-1"), "Content": ZIP},
            "Invalid",
            "region us-east-1",
        ),
        ("PublishLayerVersion", {"LayerName": "a b", "Content": ZIP}, "Validation", "layerName"),
        ("ListLayers", {"Marker": "x"}, "Invalid", "marker"),
    ):
        error = functions.refused(operation, **given)
        assert code in error.code, operation
        assert words in error.message, operation


def test_a_function_takes_layers_of_its_region_that_exist(one: Stage) -> None:
    publish(one)
    change = {"FunctionName": "f", "Layers": [f"{LAYER}:1"]}
    assert one("UpdateFunctionConfiguration", **change)["Layers"] == [
        {"Arn": f"{LAYER}:1", "CodeSize": len(archive())}
    ]
    far = one.refused(
        "UpdateFunctionConfiguration",
        FunctionName="f",
        Layers=[f"{LAYER}:1".replace("us-east-1", "eu-west-1")],
    )
    assert far.message.startswith("Layers are not in the same region as the function.")
    one("DeleteLayerVersion", LayerName="l", VersionNumber=1)
    one("UpdateFunctionConfiguration", **change)  # it has it already
    one("UpdateFunctionConfiguration", FunctionName="f", Layers=[])
    gone = one.refused("UpdateFunctionConfiguration", **change)
    assert gone.message == f"Layer version {LAYER}:1 does not exist."


def test_policies_of_versions(functions: Stage) -> None:
    """R218."""
    publish(functions)
    where = {"LayerName": "l", "VersionNumber": 1}
    add = {**where, "StatementId": "s", "Action": "lambda:GetLayerVersion"}
    org = functions.refused(
        "AddLayerVersionPermission", **add, Principal=B, OrganizationId="o-abcdefghij"
    )
    assert "OrganizationId" in org.message
    wide = functions.refused("AddLayerVersionPermission", **{**add, "Action": "*"}, Principal="*")
    assert wide.code == "ValidationException"
    answer = functions(
        "AddLayerVersionPermission", **add, Principal="*", OrganizationId="o-abcdefghij"
    )
    assert '"Principal":"*"' in answer["Statement"]
    assert '"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}' in answer["Statement"]
    assert functions("GetLayerVersionPolicy", **where)["RevisionId"] == answer["RevisionId"]
    unknown = functions.refused("RemoveLayerVersionPermission", **where, StatementId="t")
    assert unknown.code == "ResourceNotFoundException"
    functions("RemoveLayerVersionPermission", **where, StatementId="s")
    for operation in ("RemoveLayerVersionPermission", "GetLayerVersionPolicy"):
        none = functions.refused(operation, **where, StatementId="s")
        assert none.message == "No policy is associated with the given resource."
    missing = functions.refused("GetLayerVersionPolicy", LayerName="l", VersionNumber=5)
    assert missing.message == f"Layer version {LAYER}:5 does not exist."
