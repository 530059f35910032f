"""What the members of an input must look like; Organizations names a reason, not the member."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from clearance.operations.call import Input
from clearance.operations.organizations.faults import bad_input
from clearance.operations.pages import page

__all__ = ["checked", "part", "tags_given"]

_ROOT: Final = r"r-[0-9a-z]{4,32}"
_UNIT: Final = r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}"
_ACCOUNT: Final = r"\d{12}"
_POLICY: Final = r"p-[0-9a-zA-Z_]{8,128}"
_RESOURCE_POLICY: Final = r"rp-[0-9a-zA-Z_]{4,128}"
_PATTERNS: Final[Mapping[str, str]] = {
    "AccountId": _ACCOUNT,
    "AccountName": r"[\u0020-\u007E]{1,50}",
    "ChildId": rf"({_ACCOUNT})|({_UNIT})",
    "CreateAccountRequestId": r"car-[a-z0-9]{8,32}",
    "DestinationParentId": rf"({_ROOT})|({_UNIT})",
    "Email": r"(?=.{6,64}$)[^\s@]+@[^\s@]+\.[^\s@]+",
    "HandshakeId": r"h-[0-9a-z]{8,32}",
    "OrganizationalUnitId": _UNIT,
    "ParentId": rf"({_ROOT})|({_UNIT})",
    "PolicyId": _POLICY,
    "ResourceId": rf"({_ROOT})|({_ACCOUNT})|({_UNIT})|({_POLICY})|({_RESOURCE_POLICY})",
    "RoleName": r"[\w+=,.@-]{1,64}",
    "RootId": _ROOT,
    "ServicePrincipal": r"[\w+=,.@-]{1,128}",
    "SourceParentId": rf"({_ROOT})|({_UNIT})",
    "TargetId": rf"({_ROOT})|({_ACCOUNT})|({_UNIT})",
}
_LENGTHS: Final = {"Name": (1, 128), "Description": (0, 512), "Content": (1, None)}
_ENUMS: Final = {
    "ChildType": ("ACCOUNT", "ORGANIZATIONAL_UNIT"),
    "FeatureSet": ("ALL", "CONSOLIDATED_BILLING"),
}
_TYPES: Final = (
    "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY", "BACKUP_POLICY",
    "AISERVICES_OPT_OUT_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2", "SECURITYHUB_POLICY",
    "SECURITYHUB_CSPM_POLICY", "INSPECTOR_POLICY", "UPGRADE_ROLLOUT_POLICY", "BEDROCK_POLICY",
    "S3_POLICY", "NETWORK_SECURITY_DIRECTOR_POLICY", "GUARDDUTY_POLICY",
)  # fmt: skip
_PAGE_SIZE: Final = 20


def checked(given: Input, *required: str) -> Input:
    """The input, if every required member is there and each one looks as it must.

    Raises:
        OperationError: InvalidInputException with the reason.
    """
    if any(given.get(name) is None for name in required):
        raise bad_input("INPUT_REQUIRED")
    for name, value in given.items():
        if value is not None:
            _check(name, value)
    return given


def tags_given(given: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags as a mapping; a key given twice is refused."""
    pairs = [(tag.get("Key") or "", tag.get("Value") or "") for tag in given]
    if len({key for key, _ in pairs}) < len(pairs):
        raise bad_input("DUPLICATE_TAG_KEY")
    if any(not 1 <= len(key) <= 128 or len(value) > 256 for key, value in pairs):  # noqa: PLR2004
        raise bad_input("INVALID_PATTERN")
    return dict(pairs)


def part(given: Input, name: str, items: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """One part of a list, under its member name, with NextToken when there is more."""
    size = given.get("MaxResults")
    if size is not None and size > _PAGE_SIZE:
        raise bad_input("MAX_VALUE_EXCEEDED")
    if size is not None and size < 1:
        raise bad_input("MIN_VALUE_EXCEEDED")
    sent, token = page(
        items,
        lambda item: str(item[key]),
        token=given.get("NextToken"),
        size=size or _PAGE_SIZE,
        refusal=bad_input("INVALID_NEXT_TOKEN"),
    )
    return {name: sent, **({"NextToken": token} if token else {})}


def _check(name: str, value: Any) -> None:  # noqa: ANN401
    if name in _PATTERNS and not re.fullmatch(_PATTERNS[name], value, re.ASCII):
        raise bad_input("INVALID_PATTERN")
    if name in _ENUMS and value not in _ENUMS[name]:
        raise bad_input("INVALID_ENUM")
    if name in {"PolicyType", "Type", "Filter"} and value not in _TYPES:
        raise bad_input("INVALID_ENUM_POLICY_TYPE")
    if name in _LENGTHS:
        low, high = _LENGTHS[name]
        if len(value) < low:
            raise bad_input("MIN_LENGTH_EXCEEDED")
        if high is not None and len(value) > high:
            raise bad_input("MAX_LENGTH_EXCEEDED")
