"""Any sequence of calls ends in an answer that fits AWS's own model, or in AWS's own error."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, ServiceModel
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operations.iam.material import CERTIFICATE, SSH_KEY
from tests.operations.iam.world import ADMIN, EC2_TRUST, NOW, A, PlainPorts, World

from clearance.model.estate import FULL_ACCESS, Estate
from clearance.operations.fault import OperationError
from clearance.operations.iam import OPERATIONS
from clearance.operations.iam.mfa import totp

PYTHON = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
}


@cache
def model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("iam")


def misfit(shape: Any, value: Any, path: str) -> str | None:
    """Where the value departs from the shape; None when it fits."""
    if shape.type_name == "structure":
        return misfit_structure(shape, value, path)
    if shape.type_name == "list":
        if not isinstance(value, list):
            return f"{path} is no list"
        found = (misfit(shape.member, v, f"{path}[{i}]") for i, v in enumerate(value))
        return next((text for text in found if text), None)
    if shape.type_name == "map":
        found = (misfit(shape.value, v, f"{path}.{k}") for k, v in value.items())
        return next((text for text in found if text), None)
    if not isinstance(value, PYTHON[shape.type_name]):
        return f"{path} is a {type(value).__name__}, not a {shape.type_name}"
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"{path} has no time zone"
    # The model says `PermissionsBoundaryPolicy`; AWS answers `Policy`, and so do its examples.
    if getattr(shape, "enum", None) and value not in {*shape.enum, "Policy"}:
        return f"{path} is `{value}`, not one of {shape.enum}"
    return None


def misfit_structure(shape: Any, value: Any, path: str) -> str | None:
    if unknown := set(value) - set(shape.members):
        return f"{path} has unknown members {unknown}"
    if missing := set(shape.required_members) - set(value):
        return f"{path} lacks {missing}"
    found = (misfit(shape.members[k], v, f"{path}.{k}") for k, v in value.items())
    return next((text for text in found if text), None)


def misfit_answer(operation: OperationModel, output: object) -> str | None:
    if operation.output_shape is None:
        return f"{output} where there is nothing to answer" if output else None
    return misfit(operation.output_shape, output, operation.name)


OWN = f"arn:aws:iam::{A}:policy/ana"
NAMES = st.sampled_from(["ana", "ana", "ana", "bob", "app", "Ana", "no such", ""])
USER_TRUST = EC2_TRUST.replace(
    '"Service":"ec2.amazonaws.com"', f'"AWS":["arn:aws:iam::{A}:user/ana","{A}"]'
)
DOCUMENTS = st.sampled_from(
    [
        FULL_ACCESS,
        EC2_TRUST,
        USER_TRUST,
        "{",
        "[]",
        '{"Version":"2012-10-17","Statement":[]}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":7,"Action":"sts:*"}}',
    ]
)
PATHS = st.sampled_from(["/", "/team/", "team"])
KEY = "AKIAAAAAAAAAAAAAAAAI"
TASK = (
    "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/"
    "00000000-0000-4000-8000-000000000018"
)
SSH_ID = "APKAAAAAAAAAAAAAAAAAO"
CERTIFICATE_ID = "JKLMNOPQRSTUVWXYZ234567ABCDEFGHI"
CREDENTIAL = "ACCAAAAAAAAAAAAAAAAAQ"
SERIAL = f"arn:aws:iam::{A}:mfa/phone"
SAML = "<EntityDescriptor validUntil='2030-01-01T00:00:00Z'>".ljust(1000) + "</EntityDescriptor>"
TAG = st.fixed_dictionaries({"Key": st.sampled_from(["k", "K", "long" * 40]), "Value": NAMES})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Path": PATHS,
    "NewPath": PATHS,
    "PathPrefix": st.sampled_from(["/", "/te"]),
    "PolicyArn": st.sampled_from([ADMIN, OWN, "not an arn at all ….."]),
    "PermissionsBoundary": st.sampled_from([ADMIN, OWN]),
    "PolicyDocument": DOCUMENTS,
    "AssumeRolePolicyDocument": DOCUMENTS,
    "VersionId": st.sampled_from(["v1", "v2", "v3", "2"]),
    "SetAsDefault": st.booleans(),
    "OnlyAttached": st.booleans(),
    "PasswordResetRequired": st.booleans(),
    "MaxItems": st.sampled_from([0, 1, 2, 100]),
    "MaxSessionDuration": st.sampled_from([1, 3600, 7200]),
    "Tags": st.lists(TAG, max_size=3),
    "TagKeys": st.lists(st.sampled_from(["k", "K"]), max_size=2),
    "Status": st.sampled_from(["Active", "Inactive", "Odd"]),
    "Password": st.sampled_from(["Secret-12345", "weak"]),
    "SerialNumber": st.just(SERIAL),
    "RoleName": st.sampled_from(["app", "ana", "no such"]),
    "AccessKeyId": st.just(KEY),
    "OldPassword": st.just("Secret-12345"),
    "NewPassword": st.just("Secret-54321"),
    "DeletionTaskId": st.just(TASK),
    "VirtualMFADeviceName": st.just("phone"),
    "AuthenticationCode1": st.just("123456"),
    "AuthenticationCode2": st.just("654321"),
    "AssignmentStatus": st.sampled_from(["Any", "Assigned", "Unassigned"]),
    "Url": st.sampled_from(["https://id.example.com", "http://id.example.com"]),
    "ClientIDList": st.lists(NAMES, max_size=2),
    "ThumbprintList": st.lists(st.just("a" * 40), max_size=6),
    "OpenIDConnectProviderArn": st.just(f"arn:aws:iam::{A}:oidc-provider/id.example.com"),
    "SAMLProviderArn": st.just(f"arn:aws:iam::{A}:saml-provider/ana"),
    "SAMLMetadataDocument": st.sampled_from([SAML, "x" * 1000]),
    "AssertionEncryptionMode": st.sampled_from(["Allowed", "Required"]),
    "Filter": st.lists(st.sampled_from(["User", "Role", "LocalManagedPolicy"]), max_size=2),
    "EntityFilter": st.sampled_from(["User", "Role", "Group"]),
    "PolicyUsageFilter": st.sampled_from(["PermissionsPolicy", "PermissionsBoundary"]),
    "Scope": st.sampled_from(["All", "AWS", "Local"]),
    "AWSServiceName": st.sampled_from(["ecs.amazonaws.com", "autoscaling.amazonaws.com", "x"]),
    "ServiceNamespaces": st.lists(st.sampled_from(["s3", "iam"]), max_size=2),
    "Arn": st.sampled_from([f"arn:aws:iam::{A}:user/ana", f"arn:aws:iam::{A}:role/app", "arn:x"]),
    "MinimumPasswordLength": st.sampled_from([6, 200]),
    "MaxPasswordAge": st.sampled_from([1, 90]),
    "PasswordReusePrevention": st.sampled_from([0, 5]),
    "ServiceName": st.sampled_from(["codecommit.amazonaws.com", "x"]),
    "SSHPublicKeyId": st.just(SSH_ID),
    "CertificateId": st.just(CERTIFICATE_ID),
    "ServiceSpecificCredentialId": st.just(CREDENTIAL),
    "SSHPublicKeyBody": st.sampled_from([SSH_KEY, "ssh-rsa AAAA", "ssh-rsa ?"]),
    "Encoding": st.sampled_from(["SSH", "PEM"]),
    "CertificateBody": st.sampled_from([CERTIFICATE, "no certificate"]),
    "GlobalEndpointTokenVersion": st.sampled_from(["v1Token", "v3Token"]),
    "AccountAlias": st.sampled_from(["my-corp", "X"]),
}
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": NAMES,
    "boolean": st.booleans(),
    "integer": st.integers(0, 5),
}


@cache
def inputs(name: str) -> st.SearchStrategy[dict[str, Any]]:
    shape = model().operation_model(name).input_shape
    members = shape.members if shape else {}
    drawn = {
        k: VALUES[k] if k in VALUES else SCALARS.get(m.type_name, st.none())
        for k, m in members.items()
    }
    required = set(shape.required_members) if shape else set()
    always = {k: v for k, v in drawn.items() if k in required}
    return st.fixed_dictionaries(
        always, optional={k: v for k, v in drawn.items() if k not in required}
    )


CALLS = st.sampled_from(sorted(OPERATIONS)).flatmap(
    lambda name: st.tuples(st.just(name), inputs(name))
)
MAKING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CreateUser", {"UserName": "ana", "Tags": [{"Key": "k", "Value": "v"}]}),
    ("CreateUser", {"UserName": "bob", "PermissionsBoundary": ADMIN}),
    ("CreateGroup", {"GroupName": "ana"}),
    ("AddUserToGroup", {"GroupName": "ana", "UserName": "ana"}),
    ("CreateRole", {"RoleName": "app", "AssumeRolePolicyDocument": EC2_TRUST}),
    ("CreateRole", {"RoleName": "ana", "AssumeRolePolicyDocument": USER_TRUST}),
    ("PutRolePermissionsBoundary", {"RoleName": "app", "PermissionsBoundary": ADMIN}),
    ("CreatePolicy", {"PolicyName": "ana", "PolicyDocument": FULL_ACCESS}),
    ("CreatePolicyVersion", {"PolicyArn": OWN, "PolicyDocument": FULL_ACCESS}),
    ("AttachUserPolicy", {"UserName": "ana", "PolicyArn": OWN}),
    ("AttachGroupPolicy", {"GroupName": "ana", "PolicyArn": OWN}),
    ("AttachRolePolicy", {"RoleName": "app", "PolicyArn": ADMIN}),
    ("PutUserPolicy", {"UserName": "ana", "PolicyName": "ana", "PolicyDocument": FULL_ACCESS}),
    ("PutGroupPolicy", {"GroupName": "ana", "PolicyName": "ana", "PolicyDocument": FULL_ACCESS}),
    ("PutRolePolicy", {"RoleName": "app", "PolicyName": "ana", "PolicyDocument": FULL_ACCESS}),
    ("CreateInstanceProfile", {"InstanceProfileName": "ana"}),
    ("AddRoleToInstanceProfile", {"InstanceProfileName": "ana", "RoleName": "app"}),
    ("CreateAccessKey", {"UserName": "ana"}),
    ("CreateLoginProfile", {"UserName": "ana", "Password": "Secret-12345"}),
    ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"}),
    ("CreateServiceLinkedRole", {"AWSServiceName": "ecs.amazonaws.com"}),
    ("CreateOpenIDConnectProvider", {"Url": "https://id.example.com"}),
    ("CreateSAMLProvider", {"Name": "ana", "SAMLMetadataDocument": SAML}),
    ("UpdateAccountPasswordPolicy", {"MaxPasswordAge": 90}),
    ("CreateAccountAlias", {"AccountAlias": "my-corp"}),
    ("GenerateCredentialReport", {}),
    ("UploadSSHPublicKey", {"UserName": "ana", "SSHPublicKeyBody": SSH_KEY}),
    ("UploadSigningCertificate", {"UserName": "ana", "CertificateBody": CERTIFICATE}),
    (
        "CreateServiceSpecificCredential",
        {"UserName": "ana", "ServiceName": "codecommit.amazonaws.com"},
    ),
)


def furnished() -> World:
    """A world where there is one of everything."""
    world = World(furnished_estate())
    world.call = replace(world.call, ports=PlainPorts(count(1000)))
    return world


@cache
def furnished_estate() -> Estate:
    world = World()
    for name, values in MAKING:
        world(name, **values)
    device = world.account.mfa_devices[SERIAL]
    codes = {
        f"AuthenticationCode{place + 1}": totp(device.seed.value, NOW, place) for place in range(2)
    }
    world("EnableMFADevice", UserName="ana", SerialNumber=SERIAL, **codes)
    world("DeleteServiceLinkedRole", RoleName="AWSServiceRoleForECS")
    return world.estate


def outcome(world: World, name: str, values: dict[str, Any]) -> str | None:
    """What is wrong with how the call ended."""
    try:
        output = world(name, **values)
    except OperationError as error:
        return None if error.message and 400 <= error.status < 500 else f"odd refusal {error!r}"
    return misfit_answer(model().operation_model(name), output)


@settings(max_examples=100, deadline=None)
@given(st.booleans(), st.lists(CALLS, min_size=1, max_size=30))
def test_answers_fit_the_model_and_refusals_are_aws_errors(
    full: bool,  # noqa: FBT001
    calls: list[tuple[str, dict[str, Any]]],
) -> None:
    world = furnished() if full else World()
    for place, (name, values) in enumerate(calls):
        world.at(NOW + timedelta(seconds=place))
        assert outcome(world, name, values) is None


@settings(max_examples=6, deadline=None)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
@given(data=st.data())
def test_each_operation_fits_the_model(name: str, data: st.DataObject) -> None:
    assert outcome(furnished(), name, data.draw(inputs(name))) is None


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_one_of_iams(name: str) -> None:
    assert name in model().operation_names


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_required_members_are_demanded(name: str) -> None:
    shape = model().operation_model(name).input_shape
    required = set(shape.required_members) if shape else set()
    if not required:
        return
    code, message, status = World().refused(name)
    assert (code, status) == ("ValidationError", 400)
    for member in required:
        assert f"Value at '{member[0].lower()}{member[1:]}' failed" in message
