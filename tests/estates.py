"""Small estates as JSON, for the vectors: only what a case is about needs to be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clearance.model.estate import (
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
from clearance.model.function import Function, FunctionConfiguration, FunctionPolicy

__all__ = ["estate"]

Raw = Mapping[str, Any]
THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:*"},
}


def estate(raw: Raw) -> Estate:
    """An estate of ``accounts`` by ID, ``organizations`` by ID and ``managed`` policies by ARN."""
    return Estate(
        accounts={key: account(key, value) for key, value in raw.get("accounts", {}).items()},
        organizations={
            key: organization(key, value) for key, value in raw.get("organizations", {}).items()
        },
        managed={arn: text(document) for arn, document in raw.get("managed", {}).items()},
        missing=tuple(raw.get("missing", ())),
    )


def text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def texts(raw: Raw, key: str) -> dict[str, str]:
    return {name: text(document) for name, document in raw.get(key, {}).items()}


def account(number: str, raw: Raw) -> Account:
    return Account(
        number,
        partition=raw.get("partition", "aws"),
        users={name: user(name, value) for name, value in raw.get("users", {}).items()},
        groups={name: group(name, value) for name, value in raw.get("groups", {}).items()},
        roles={name: role(name, value) for name, value in raw.get("roles", {}).items()},
        policies={arn: managed(arn, value) for arn, value in raw.get("policies", {}).items()},
        functions={
            f"us-east-1/{name}": function(name, value)
            for name, value in raw.get("functions", {}).items()
        },
        resources={arn: resource(arn, value) for arn, value in raw.get("resources", {}).items()},
        vpc_endpoints={
            name: endpoint(name, value) for name, value in raw.get("vpc_endpoints", {}).items()
        },
        canonical_id=raw.get("canonical_id"),
    )


def user(name: str, raw: Raw) -> User:
    return User(
        name,
        raw.get("id", f"AIDA{name.upper():0<16}"),
        THEN,
        path=raw.get("path", "/"),
        inline=texts(raw, "inline"),
        attached=tuple(raw.get("attached", ())),
        groups=tuple(raw.get("groups", ())),
        boundary=raw.get("boundary"),
        tags=raw.get("tags", {}),
    )


def group(name: str, raw: Raw) -> Group:
    return Group(
        name,
        raw.get("id", f"AGPA{name.upper():0<16}"),
        THEN,
        inline=texts(raw, "inline"),
        attached=tuple(raw.get("attached", ())),
    )


def role(name: str, raw: Raw) -> Role:
    return Role(
        name,
        raw.get("id", f"AROA{name.upper():0<16}"),
        THEN,
        TrustPolicy(text(raw.get("trust", NOBODY)), raw.get("pins", {})),
        path=raw.get("path", "/"),
        inline=texts(raw, "inline"),
        attached=tuple(raw.get("attached", ())),
        boundary=raw.get("boundary"),
        tags=raw.get("tags", {}),
    )


def managed(arn: str, document: Any) -> ManagedPolicy:
    name = arn.rsplit("/", 1)[-1]
    version = PolicyVersion("v1", text(document), THEN)
    return ManagedPolicy(name, f"ANPA{name.upper():0<16}", THEN, THEN, {"v1": version})


def function(name: str, raw: Raw) -> Function:
    return Function(
        name,
        "us-east-1",
        FunctionConfiguration(
            role=raw.get("role", ""),
            runtime="python3.13",
            handler="app.handler",
            code="",
            code_size=0,
            code_sha256="",
            modified=THEN,
            revision_id="",
        ),
        policies={
            qualifier: FunctionPolicy(text(document), "")
            for qualifier, document in raw.get("policies", {}).items()
        },
        tags=raw.get("tags", {}),
    )


def resource(arn: str, raw: Raw) -> Resource:
    return Resource(
        arn,
        text(raw["policy"]) if "policy" in raw else None,
        raw.get("tags"),
        raw.get("attributes", {}),
        tuple(
            Grant(**{**grant, "operations": tuple(grant["operations"])})
            for grant in raw.get("grants", ())
        ),
    )


def endpoint(name: str, raw: Raw) -> VpcEndpoint:
    policy = text(raw["policy"]) if "policy" in raw else None
    return VpcEndpoint(name, raw.get("vpc"), policy, raw.get("service"), raw.get("gateway", False))


def organization(key: str, raw: Raw) -> Organization:
    """``units`` and ``accounts`` map an ID to its parent, ``policies`` an ID to type and text."""
    types = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
    return Organization(
        key,
        raw["management_account"],
        {name: OrgUnit(name, name, parent) for name, parent in raw["units"].items()},
        {name: OrgAccount(name, name, parent) for name, parent in raw["accounts"].items()},
        {
            name: OrgPolicy(name, name, types[policy["type"]], text(policy["text"]))
            for name, policy in raw.get("policies", {}).items()
        },
        {target: tuple(names) for target, names in raw.get("attachments", {}).items()},
    )
