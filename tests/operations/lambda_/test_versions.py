"""Versions, aliases and what a name means."""

from __future__ import annotations

import pytest
from tests.operations.stage import A, Stage, archive

from clearance.operations.lambda_ import resolve

ARN = f"arn:aws:lambda:us-east-1:{A}:function:f"


def publish(stage: Stage, count: int) -> None:
    for number in range(count):
        stage("UpdateFunctionCode", FunctionName="f", ZipFile=archive(f"n = {number}"))
        stage("PublishVersion", FunctionName="f", Description=f"number {number}")


def test_publish(one: Stage) -> None:
    answer = one("PublishVersion", FunctionName="f", Description="first")
    assert (answer["Version"], answer["FunctionArn"]) == ("1", f"{ARN}:1")
    assert answer["Description"] == "first"
    assert one("GetFunctionConfiguration", FunctionName="f")["Description"] == ""


def test_nothing_new_is_not_published(one: Stage) -> None:
    first = one("PublishVersion", FunctionName="f")
    assert one("PublishVersion", FunctionName="f") == first
    one("UpdateFunctionConfiguration", FunctionName="f", Timeout=7)
    assert one("PublishVersion", FunctionName="f")["Version"] == "2"


def test_publish_what_was_seen(one: Stage) -> None:
    error = one.refused("PublishVersion", FunctionName="f", CodeSha256="x")
    assert error.message.startswith(
        "CodeSHA256 (x) is different from current CodeSHA256 in $LATEST"
    )
    assert one.refused("PublishVersion", FunctionName="f", RevisionId="x").status == 412


def test_versions_in_order(one: Stage) -> None:
    publish(one, 11)
    first = one("ListVersionsByFunction", FunctionName="f", MaxItems=10)
    second = one("ListVersionsByFunction", FunctionName="f", Marker=first["NextMarker"])
    found = [v["Version"] for part in (first, second) for v in part["Versions"]]
    assert found == ["$LATEST", *map(str, range(1, 12))]
    assert first["Versions"][0]["FunctionArn"] == f"{ARN}:$LATEST"


def test_aliases(one: Stage) -> None:
    publish(one, 2)
    made = one("CreateAlias", FunctionName="f", Name="PROD", FunctionVersion="1", Description="d")
    assert made["AliasArn"] == f"{ARN}:PROD"
    assert one("GetAlias", FunctionName="f", Name="PROD") == made
    moved = one(
        "UpdateAlias",
        FunctionName="f",
        Name="PROD",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.25}},
        RevisionId=made["RevisionId"],
    )
    assert moved["Description"] == "d"
    assert moved["RevisionId"] != made["RevisionId"]
    assert one("ListAliases", FunctionName="f", FunctionVersion="1")["Aliases"] == [moved]
    shown = one("GetFunctionConfiguration", FunctionName="f:PROD")
    assert (shown["FunctionArn"], shown["Version"]) == (f"{ARN}:PROD", "2")
    one("DeleteAlias", FunctionName="f", Name="PROD")
    one("DeleteAlias", FunctionName="f", Name="PROD")
    error = one.refused("GetAlias", FunctionName="f", Name="PROD")
    assert error.message == f"Cannot find alias arn: {ARN}:PROD"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Name": "12"}, "'name' failed to satisfy constraint"),
        ({"Name": "OLD"}, f"Alias already exists: {ARN}:OLD"),
        ({"FunctionVersion": "9"}, f"Function not found: {ARN}:9"),
        ({"FunctionVersion": "x"}, "'functionVersion' failed"),
        ({"weights": {"1": 0.1}}, "Function version 1 is already included"),
        ({"weights": {"2": 1.1}}, "Member must have value less than or equal to 1.0"),
        ({"weights": {"x": 0.1}}, "Map keys must satisfy constraint"),
        ({"weights": {"2": 0.1, "3": 0.1}}, "cannot be greater than 1"),
        ({"weights": {"9": 0.1}}, f"Function not found: {ARN}:9"),
        ({"FunctionVersion": "$LATEST", "weights": {"1": 0.1}}, "more than 1 version"),
    ],
)
def test_bad_aliases(one: Stage, given: dict[str, object], words: str) -> None:
    publish(one, 2)
    one("CreateAlias", FunctionName="f", Name="OLD", FunctionVersion="1")
    whole: dict[str, object] = {"FunctionName": "f", "Name": "NEW", "FunctionVersion": "1", **given}
    if "weights" in whole:
        whole["RoutingConfig"] = {"AdditionalVersionWeights": whole.pop("weights")}
    assert words in one.refused("CreateAlias", **whole).message


def test_stale_aliases(one: Stage) -> None:
    publish(one, 1)
    one("CreateAlias", FunctionName="f", Name="PROD", FunctionVersion="1")
    given = {"FunctionName": "f", "Name": "PROD", "RevisionId": "x"}
    assert one.refused("UpdateAlias", **given).status == 412
    assert (
        one.refused("UpdateAlias", FunctionName="f", Name="NO").code == "ResourceNotFoundException"
    )


def test_what_a_call_means(one: Stage) -> None:  # R205
    publish(one, 2)
    weights = {"AdditionalVersionWeights": {"1": 0.25}}
    one("CreateAlias", FunctionName="f", Name="PROD", FunctionVersion="2", RoutingConfig=weights)
    plain = resolve(one.estate, A, "us-east-1", "f", None)
    assert (plain.arn, plain.configuration.version) == (ARN, "$LATEST")
    alias = resolve(one.estate, A, "us-east-1", "f", "PROD")
    assert (alias.arn, alias.configuration.version) == (f"{ARN}:PROD", "2")
    assert alias.unqualified_arn == ARN
    drawn = [resolve(one.estate, A, "us-east-1", "f:PROD", draw=d) for d in (0.0, 0.24, 0.25, 0.99)]
    assert [d.configuration.version for d in drawn] == ["1", "1", "2", "2"]
