"""Small estates as ``aws iam get-account-authorization-details`` tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
MADE = "2026-01-01T00:00:00+00:00"


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trusts(*principals: str) -> dict[str, Any]:
    kind = "Service" if principals[0].endswith(".amazonaws.com") else "AWS"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {kind: list(principals)}, "Action": "sts:AssumeRole"}
        ],
    }


def user_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{name}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _policies(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not statements:
        return []
    document = {"Version": "2012-10-17", "Statement": statements}
    return [{"PolicyName": "own", "PolicyDocument": document}]


def details(
    users: Mapping[str, list[dict[str, Any]]],
    roles: Mapping[str, tuple[dict[str, Any], list[dict[str, Any]]]] | None = None,
    *,
    groups: Mapping[str, tuple[list[str], list[dict[str, Any]]]] | None = None,
    policies: Mapping[str, list[dict[str, Any]]] | None = None,
    attached: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """``groups`` are (members, statements); ``attached`` maps users to names of ``policies``."""
    groups, policies, attached = groups or {}, policies or {}, attached or {}

    def managed(name: str) -> dict[str, str]:
        return {"PolicyName": name, "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/{name}"}

    return {
        "UserDetailList": [
            {
                "Path": "/",
                "UserName": name,
                "UserId": f"AIDA{name.upper():0<17}"[:21],
                "Arn": user_arn(name),
                "CreateDate": MADE,
                "UserPolicyList": _policies(statements),
                "GroupList": [g for g, (members, _) in groups.items() if name in members],
                "AttachedManagedPolicies": [managed(p) for p in attached.get(name, [])],
                "Tags": [],
            }
            for name, statements in users.items()
        ],
        "RoleDetailList": [
            {
                "Path": "/",
                "RoleName": name,
                "RoleId": f"AROA{name.upper():0<17}"[:21],
                "Arn": role_arn(name),
                "CreateDate": MADE,
                "AssumeRolePolicyDocument": trust,
                "InstanceProfileList": [],
                "RolePolicyList": _policies(statements),
                "AttachedManagedPolicies": [],
                "Tags": [],
            }
            for name, (trust, statements) in (roles or {}).items()
        ],
        "GroupDetailList": [
            {
                "Path": "/",
                "GroupName": name,
                "GroupId": f"AGPA{name.upper():0<17}"[:21],
                "Arn": f"arn:aws:iam::{ACCOUNT}:group/{name}",
                "CreateDate": MADE,
                "GroupPolicyList": _policies(statements),
                "AttachedManagedPolicies": [],
            }
            for name, (_, statements) in groups.items()
        ],
        "Policies": [
            {
                **managed(name),
                "Arn": managed(name)["PolicyArn"],
                "PolicyId": f"ANPA{name.upper():0<17}"[:21],
                "Path": "/",
                "DefaultVersionId": "v1",
                "AttachmentCount": 1,
                "IsAttachable": True,
                "CreateDate": MADE,
                "UpdateDate": MADE,
                "PolicyVersionList": [
                    {
                        "Document": {"Version": "2012-10-17", "Statement": statements},
                        "VersionId": "v1",
                        "IsDefaultVersion": True,
                        "CreateDate": MADE,
                    }
                ],
            }
            for name, statements in policies.items()
        ],
    }


def write(path: Path, content: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(content, indent=1))
    return path
