"""A script of calls: botocore writes, we read, do and write, botocore reads."""

from __future__ import annotations

from typing import Any

import pytest
from tests.operations.iam.test_shapes import (
    CERTIFICATE_ID,
    CREDENTIAL,
    KEY,
    MAKING,
    OWN,
    SERIAL,
    SSH_ID,
    furnished,
)
from tests.operations.iam.world import ADMIN, A, World
from tests.wire.values import as_message, model, parsed

from clearance.facts.services import service
from clearance.operations.iam import OPERATIONS
from clearance.wire import protocols
from clearance.wire.route import route

ANA, APP = {"UserName": "ana"}, {"RoleName": "app"}
READING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GetUser", ANA),
    ("ListUsers", {"MaxItems": 1}),
    ("GetGroup", {"GroupName": "ana"}),
    ("ListGroupsForUser", ANA),
    ("GetRole", APP),
    ("ListRoles", {"PathPrefix": "/"}),
    ("GetPolicy", {"PolicyArn": OWN}),
    ("GetPolicyVersion", {"PolicyArn": OWN, "VersionId": "v2"}),
    ("ListPolicyVersions", {"PolicyArn": OWN}),
    ("ListPolicies", {"OnlyAttached": True}),
    ("ListEntitiesForPolicy", {"PolicyArn": ADMIN}),
    ("GetUserPolicy", {**ANA, "PolicyName": "ana"}),
    ("ListUserPolicies", ANA),
    ("ListAttachedUserPolicies", ANA),
    ("GetInstanceProfile", {"InstanceProfileName": "ana"}),
    ("ListAccessKeys", ANA),
    ("GetAccessKeyLastUsed", {"AccessKeyId": KEY}),
    ("GetLoginProfile", ANA),
    ("ListMFADevices", ANA),
    ("ListVirtualMFADevices", {}),
    ("GetMFADevice", {"SerialNumber": SERIAL}),
    ("GetSSHPublicKey", {**ANA, "SSHPublicKeyId": SSH_ID, "Encoding": "PEM"}),
    ("ListSigningCertificates", ANA),
    ("DeleteSigningCertificate", {**ANA, "CertificateId": CERTIFICATE_ID}),
    ("ResetServiceSpecificCredential", {**ANA, "ServiceSpecificCredentialId": CREDENTIAL}),
    (
        "GetOpenIDConnectProvider",
        {"OpenIDConnectProviderArn": f"arn:aws:iam::{A}:oidc-provider/id.example.com"},
    ),
    ("GetSAMLProvider", {"SAMLProviderArn": f"arn:aws:iam::{A}:saml-provider/ana"}),
    ("ListUserTags", ANA),
    ("TagUser", {**ANA, "Tags": [{"Key": "a", "Value": ""}]}),
    ("UntagUser", {**ANA, "TagKeys": ["a", "k"]}),
    ("GetAccountSummary", {}),
    ("GetAccountPasswordPolicy", {}),
    ("GetAccountAuthorizationDetails", {"Filter": ["User", "Role", "LocalManagedPolicy"]}),
    ("GetCredentialReport", {}),
    (
        "ListPoliciesGrantingServiceAccess",
        {"Arn": f"arn:aws:iam::{A}:user/ana", "ServiceNamespaces": ["s3", "iam"]},
    ),
)


def answered(world: World, name: str, values: dict[str, Any]) -> tuple[Any, Any]:
    """The output of a call, and what botocore makes of it."""
    iam, shape = service("iam"), model("iam").operation_model(name)
    routed = route((iam,), as_message(shape, values, iam.protocol))
    given = protocols.parse(routed, as_message(shape, values, iam.protocol))
    world.estate, output = OPERATIONS[name](world.estate, world.call, given)
    answer = protocols.serialize(output, iam, routed.operation, "an-id")
    read = parsed(answer, shape.output_shape, iam.protocol)
    read.pop("ResponseMetadata")
    return output, read


@pytest.mark.parametrize(("name", "values"), READING, ids=[name for name, _ in READING])
def test_reading(name: str, values: dict[str, Any]) -> None:
    output, read = answered(furnished(), name, values)
    assert read == output


def test_making() -> None:
    world = World()
    for name, values in MAKING:
        output, read = answered(world, name, values)
        assert read == output, name
