"""Estates written shortly: what a case does not say is filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clearance.model.estate import (
    FULL_ACCESS,
    Account,
    Estate,
    Grant,
    Group,
    ManagedPolicy,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    PolicyVersion,
    Resource,
    Role,
    TrustPolicy,
    User,
    VpcEndpoint,
)
from clearance.model.function import Alias, Function, FunctionConfiguration, FunctionPolicy
from clearance.model.layer import Layer, LayerVersion

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
MINE = "123456789012"
_TYPES = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}


def document(given: Any) -> str:
    """A text as it is, a whole document, or statements to put into one."""
    if isinstance(given, str):
        return given
    if isinstance(given, dict) and "Statement" in given:
        return json.dumps(given)
    return json.dumps({"Version": "2012-10-17", "Statement": given})


def inline(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: document(text) for name, text in given.get("inline", {}).items()}


def estate_of(given: Mapping[str, Any]) -> Estate:
    accounts = {name: account_of(name, body) for name, body in given.get("accounts", {}).items()}
    organization = given.get("organization")
    found = {}
    if organization:
        made = organization_of(organization)
        found[made.id] = made
    managed = {arn: document(text) for arn, text in given.get("managed", {}).items()}
    return Estate(accounts, found, managed, tuple(given.get("missing", ())))


def account_of(account: str, body: Mapping[str, Any]) -> Account:
    partition = body.get("partition", "aws")
    return Account(
        account,
        partition,
        users={name: user_of(name, u) for name, u in body.get("users", {}).items()},
        groups={
            name: Group(name, f"AGPA{name.upper():0<17}", THEN, inline=inline(g))
            for name, g in body.get("groups", {}).items()
        },
        roles={name: role_of(name, r) for name, r in body.get("roles", {}).items()},
        policies={
            (arn := f"arn:{partition}:iam::{account}:policy/{name}"): managed_of(name, arn, p)
            for name, p in body.get("policies", {}).items()
        },
        functions={key: function_of(key, f) for key, f in body.get("functions", {}).items()},
        layers={key: layer_of(key, numbers) for key, numbers in body.get("layers", {}).items()},
        resources={arn: resource_of(arn, r) for arn, r in body.get("resources", {}).items()},
        vpc_endpoints={
            name: VpcEndpoint(name, policy=document(p))
            for name, p in body.get("endpoints", {}).items()
        },
    )


def user_of(name: str, given: Mapping[str, Any]) -> User:
    return User(
        name,
        given.get("id", f"AIDA{name.upper():0<17}"),
        THEN,
        inline=inline(given),
        attached=tuple(given.get("attached", ())),
        groups=tuple(given.get("groups", ())),
        boundary=given.get("boundary"),
        tags=given.get("tags", {}),
    )


def role_of(name: str, given: Mapping[str, Any]) -> Role:
    created = given.get("created")
    return Role(
        name,
        given.get("id", f"AROA{name.upper():0<17}"),
        datetime.fromisoformat(created) if created else THEN,
        TrustPolicy(
            document(given.get("trust", {"Effect": "Deny", "Principal": "*", "Action": "*"})),
            given.get("pins", {}),
        ),
        path=given.get("path", "/"),
        inline=inline(given),
        attached=tuple(given.get("attached", ())),
        boundary=given.get("boundary"),
        tags=given.get("tags", {}),
    )


def managed_of(name: str, arn: str, given: Mapping[str, Any]) -> ManagedPolicy:
    versions = given.get("versions", {"v1": given})
    held = {v: PolicyVersion(v, document(text), THEN) for v, text in versions.items()}
    default = given.get("default", "v1") if "versions" in given else "v1"
    del arn
    return ManagedPolicy(name, f"ANPA{name}", THEN, THEN, held, default, next_version=len(held) + 1)


def function_of(key: str, given: Mapping[str, Any]) -> Function:
    region, name = key.split("/")
    role = given.get("role", f"arn:aws:iam::{MINE}:role/worker")
    configuration = FunctionConfiguration(role, "python3.12", "app.run", "0", 1, "0", THEN, "r")
    return Function(
        name,
        region,
        configuration,
        aliases={each: Alias(each, "1", "r") for each in given.get("aliases", ())},
        policies={
            qualifier: FunctionPolicy(document(text), "r")
            for qualifier, text in given.get("policies", {}).items()
        },
        tags=given.get("tags", {}),
    )


def layer_of(key: str, numbers: Sequence[int]) -> Layer:
    region, name = key.split("/")
    return Layer(
        name, region, {str(each): LayerVersion(each, THEN, "0", 1, "0") for each in numbers}
    )


def resource_of(arn: str, given: Mapping[str, Any]) -> Resource:
    policy = given.get("policy")
    return Resource(
        arn,
        document(policy) if policy is not None else None,
        given.get("tags"),
        given.get("attributes", {}),
        tuple(
            Grant(**{**grant, "operations": tuple(grant["operations"])})
            for grant in given.get("grants", ())
        ),
    )


def organization_of(given: Mapping[str, Any]) -> Organization:
    """``policies`` maps ids to `[type, document]`; FullAWSAccess hangs where nothing is said."""
    units = {
        "r-root": OrgUnit("r-root", "Root"),
        "ou-root-workload": OrgUnit("ou-root-workload", "Workloads", "r-root"),
    }
    members = {
        "111111111111": OrgAccount("111111111111", "management", "r-root"),
        **{
            account: OrgAccount(account, account, "ou-root-workload")
            for account in given.get("accounts", (MINE,))
        },
    }
    policies = {
        "p-FullAWSAccess": OrgPolicy(
            "p-FullAWSAccess", "FullAWSAccess", _TYPES["scp"], FULL_ACCESS, aws_managed=True
        ),
        **{
            name: OrgPolicy(name, name.removeprefix("p-"), _TYPES[kind], document(text))
            for name, (kind, text) in given.get("policies", {}).items()
        },
    }
    everywhere = dict.fromkeys((*units, *members), ("p-FullAWSAccess",))
    attached = {target: tuple(ids) for target, ids in given.get("attached", {}).items()}
    return Organization(
        "o-exampleorg1", "111111111111", units, members, policies, {**everywhere, **attached}
    )
