"""Layers over the wire: content, versions, policies, and functions that use them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.request import urlopen

import pytest
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Credentials,
    Failure,
    Site,
    allow,
    attempt,
    credentials_of,
    key_of,
    site,
    small_estate,
    zipped,
)

from clearance.model.estate import Account, Estate, Role, TrustPolicy

OTHER = "098765432109"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared"
USES = "import shared\n\ndef handler(event, context):\n    return shared.WHO\n"


def two_accounts() -> Estate:
    estate = small_estate()
    root = replace(key_of("otherroot"))
    role = Role("run", "AROARUNXXXXXXXXXXXXXX", root.created, TrustPolicy(LAMBDA_TRUST))
    return estate.with_account(Account(OTHER, root_keys={root.id: root}, roles={"run": role}))


@pytest.fixture(scope="module")
def here() -> Iterator[Site]:
    with site(two_accounts()) as found:
        yield found


@pytest.fixture(scope="module")
def stranger() -> Credentials:
    return credentials_of(key_of("otherroot"))


def publish(client: Any, who: str, name: str = "shared") -> dict[str, Any]:
    answer: dict[str, Any] = client.publish_layer_version(
        LayerName=name,
        Description=who,
        Content={"ZipFile": zipped(f"WHO = {who!r}\n", "python/shared.py")},
        CompatibleRuntimes=["python3.11"],
    )
    return answer


def test_a_function_finds_its_layers(here: Site) -> None:
    client = here.client("lambda")
    first, second = publish(client, "one"), publish(client, "two")
    assert (first["LayerVersionArn"], second["Version"]) == (f"{LAYER}:1", 2)
    here.function("uses", USES, Layers=[first["LayerVersionArn"]])
    assert json.loads(client.invoke(FunctionName="uses")["Payload"].read()) == "one"
    client.update_function_configuration(FunctionName="uses", Layers=[second["LayerVersionArn"]])
    assert json.loads(client.invoke(FunctionName="uses")["Payload"].read()) == "two"

    listed = client.list_layers()["Layers"]
    assert [(each["LayerArn"], each["LatestMatchingVersion"]["Version"]) for each in listed] == [
        (LAYER, 2)
    ]
    assert client.list_layers(CompatibleRuntime="nodejs20.x")["Layers"] == []
    versions = client.list_layer_versions(LayerName="shared", MaxItems=1)
    assert [each["Version"] for each in versions["LayerVersions"]] == [2]
    rest = client.list_layer_versions(LayerName=LAYER, Marker=versions["NextMarker"])
    assert [each["Version"] for each in rest["LayerVersions"]] == [1]

    # "existing functions that use the layer still have access to it" (deleting layers)
    client.delete_layer_version(LayerName="shared", VersionNumber=2)
    client.update_function_configuration(FunctionName="uses", Timeout=9)
    assert json.loads(client.invoke(FunctionName="uses")["Payload"].read()) == "two"
    gone = attempt(client.get_layer_version, LayerName="shared", VersionNumber=2)
    assert gone.code == "ResourceNotFoundException"
    refused = attempt(
        client.update_function_configuration, FunctionName="uses", Layers=[f"{LAYER}:9"]
    )
    assert refused == Failure(
        "InvalidParameterValueException", f"Layer version {LAYER}:9 does not exist.", 400
    )
    assert publish(client, "three")["Version"] == 3


def test_the_content_can_be_downloaded_for_a_while(here: Site) -> None:
    client = here.client("lambda")
    made = publish(client, "content", "content")
    found = client.get_layer_version_by_arn(Arn=made["LayerVersionArn"])
    with urlopen(found["Content"]["Location"]) as answer:  # noqa: S310 (our own endpoint)
        content = answer.read()
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["python/shared.py"]
    assert len(content) == found["Content"]["CodeSize"]


def test_another_account_needs_the_version_s_policy(here: Site, stranger: Credentials) -> None:
    """R202, R218: the layer's policy and the caller's own permission."""
    client, theirs = here.client("lambda"), here.client("lambda", stranger)
    version = publish(client, "foreign", "foreign")
    arn, number = version["LayerVersionArn"], version["Version"]
    create = {
        "Role": f"arn:aws:iam::{OTHER}:role/run",
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped(USES)},
        "Layers": [arn],
    }
    denied = attempt(theirs.create_function, FunctionName="theirs", **create)
    assert (denied.code, denied.status) == ("AccessDeniedException", 403)
    assert f"lambda:GetLayerVersion on resource: {arn}" in denied.message
    look = attempt(theirs.get_layer_version_by_arn, Arn=arn)
    assert look.code == "AccessDeniedException"

    added = client.add_layer_version_permission(
        LayerName="foreign",
        VersionNumber=number,
        StatementId="them",
        Action="lambda:GetLayerVersion",
        Principal=OTHER,
    )
    assert json.loads(added["Statement"]) == {
        "Sid": "them",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
        "Action": "lambda:GetLayerVersion",
        "Resource": arn,
    }
    again = attempt(
        client.add_layer_version_permission,
        LayerName="foreign",
        VersionNumber=number,
        StatementId="them",
        Action="lambda:GetLayerVersion",
        Principal="*",
    )
    assert (again.code, again.status) == ("ResourceConflictException", 409)
    theirs.create_function(FunctionName="theirs", **create)
    assert json.loads(theirs.invoke(FunctionName="theirs")["Payload"].read()) == "foreign"

    policy = client.get_layer_version_policy(LayerName="foreign", VersionNumber=number)
    assert policy["RevisionId"] == added["RevisionId"]
    stale = attempt(
        client.remove_layer_version_permission,
        LayerName="foreign",
        VersionNumber=number,
        StatementId="them",
        RevisionId="x",
    )
    assert (stale.code, stale.status) == ("PreconditionFailedException", 412)
    client.remove_layer_version_permission(
        LayerName="foreign", VersionNumber=number, StatementId="them"
    )
    none = attempt(client.get_layer_version_policy, LayerName="foreign", VersionNumber=number)
    assert none == Failure(
        "ResourceNotFoundException", "No policy is associated with the given resource.", 404
    )
    assert attempt(theirs.get_layer_version_by_arn, Arn=arn).code == "AccessDeniedException"


def test_who_may_publish_is_decided(here: Site) -> None:
    ana = credentials_of(key_of("ana"))
    denied = attempt(publish, client=here.client("lambda", ana), who="ana")
    assert denied.code == "AccessDeniedException"
    assert f"lambda:PublishLayerVersion on resource: {LAYER}" in denied.message
    here.client("iam").put_user_policy(
        UserName="ana",
        PolicyName="layers",
        PolicyDocument=allow("lambda:PublishLayerVersion", f"{LAYER}*"),
    )
    assert publish(here.client("lambda", ana), "ana")["LayerArn"] == LAYER
