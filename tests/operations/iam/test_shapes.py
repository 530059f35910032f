"""Any sequence of calls ends in an answer that fits AWS's own model, or in AWS's own error."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, ServiceModel
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operations.iam.world import ADMIN, EC2_TRUST, NOW, A, World

from clearance.model.estate import FULL_ACCESS
from clearance.operations.fault import OperationError
from clearance.operations.iam import OPERATIONS

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


def misfit(shape: Any, value: Any, path: str) -> str | None:  # noqa: ANN401
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
    if getattr(shape, "enum", None) and value not in shape.enum:
        return f"{path} is `{value}`, not one of {shape.enum}"
    return None


def misfit_structure(shape: Any, value: Any, path: str) -> str | None:  # noqa: ANN401
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


NAMES = st.sampled_from(["ana", "Ana", "bob", "app", "no such", ""])
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
SERIAL = f"arn:aws:iam::{A}:mfa/phone"
SAML = "<EntityDescriptor validUntil='2030-01-01T00:00:00Z'>".ljust(1000) + "</EntityDescriptor>"
TAG = st.fixed_dictionaries({"Key": st.sampled_from(["k", "K", "long" * 40]), "Value": NAMES})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Path": PATHS,
    "NewPath": PATHS,
    "PathPrefix": st.sampled_from(["/", "/te"]),
    "PolicyArn": st.sampled_from([ADMIN, f"arn:aws:iam::{A}:policy/ana", "not an arn at all ….."]),
    "PermissionsBoundary": st.sampled_from([ADMIN, f"arn:aws:iam::{A}:policy/ana"]),
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
MAKING = st.sampled_from(
    [
        ("CreateUser", {"UserName": "ana", "Tags": [{"Key": "k", "Value": "v"}]}),
        ("CreateGroup", {"GroupName": "ana"}),
        ("AddUserToGroup", {"GroupName": "ana", "UserName": "ana"}),
        ("CreateRole", {"RoleName": "app", "AssumeRolePolicyDocument": EC2_TRUST}),
        ("CreateRole", {"RoleName": "ana", "AssumeRolePolicyDocument": USER_TRUST}),
        ("CreatePolicy", {"PolicyName": "ana", "PolicyDocument": FULL_ACCESS}),
        ("AttachUserPolicy", {"UserName": "ana", "PolicyArn": f"arn:aws:iam::{A}:policy/ana"}),
        ("AttachRolePolicy", {"RoleName": "app", "PolicyArn": ADMIN}),
        ("CreateInstanceProfile", {"InstanceProfileName": "ana"}),
        ("AddRoleToInstanceProfile", {"InstanceProfileName": "ana", "RoleName": "app"}),
        ("CreateAccessKey", {"UserName": "ana"}),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "phone"}),
        ("CreateServiceLinkedRole", {"AWSServiceName": "ecs.amazonaws.com"}),
        ("CreateOpenIDConnectProvider", {"Url": "https://id.example.com"}),
        ("CreateSAMLProvider", {"Name": "ana", "SAMLMetadataDocument": SAML}),
        ("UpdateAccountPasswordPolicy", {"MaxPasswordAge": 90}),
    ]
)


def outcome(world: World, name: str, values: dict[str, Any]) -> str | None:
    """What is wrong with how the call ended."""
    try:
        output = world(name, **values)
    except OperationError as error:
        return None if error.message and 400 <= error.status < 500 else f"odd refusal {error!r}"
    return misfit_answer(model().operation_model(name), output)


@settings(max_examples=120, deadline=None)
@given(st.lists(MAKING, max_size=16), st.lists(CALLS, min_size=1, max_size=25))
def test_answers_fit_the_model_and_refusals_are_aws_errors(
    made: list[tuple[str, dict[str, Any]]], calls: list[tuple[str, dict[str, Any]]]
) -> None:
    world = World()
    for place, (name, values) in enumerate([*made, *calls]):
        world.at(NOW + timedelta(seconds=place))
        assert outcome(world, name, values) is None


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
