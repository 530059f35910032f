"""Short ways to write policies in tests."""

from __future__ import annotations

import json
from typing import Any

from clearance.model.policy import Policy, PolicyType
from clearance.parse.document import parse_policy


def allow(action: Any, resource: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {**found, "Condition": condition} if condition else found


def deny(action: Any, resource: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, condition, **more), "Effect": "Deny"}


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def identity(*statements: dict[str, Any]) -> Policy:
    return parse_policy(text(*statements), PolicyType.IDENTITY, strict=False)


def resource(*statements: dict[str, Any]) -> Policy:
    return parse_policy(text(*statements), PolicyType.RESOURCE, strict=False)
