"""Policy documents as IAM takes and gives them: refused in AWS's words, sized, URL-encoded.

The sentences of MalformedPolicyDocument are AWS's own. Which one is sent when a document has
several faults is not documented; the order of ``_IDENTITY`` and ``_TRUST`` is the observed one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from clearance.model.errors import PolicyError
from clearance.model.policy import Policy, PolicyType
from clearance.operations.fault import OperationError
from clearance.parse.document import parse_policy

__all__ = ["encoded", "malformed", "read_document", "size"]

SYNTAX: Final = "Syntax errors in policy."
LEGACY: Final = "The policy failed legacy parsing"
_TOP: Final = frozenset({"Version", "Id", "Statement"})
_KEYS: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
        "NotResource", "Condition",
    }
)  # fmt: skip
_SPACE: Final = re.compile(r"\s+")
_PARTITION: Final = re.compile(r"aws[a-z-]*\*?|\*")
_TRUST_ACTION: Final = re.compile(
    r"sts:(\*|assumerole.*|tagsession|setsourceidentity|setcontext)", re.IGNORECASE
)
_PRINCIPALS: Final = {
    "AWS": re.compile(r"\*|\d{12}|A(IDA|ROA)[A-Z0-9]+|arn:aws[a-z-]*:(iam|sts)::\d{12}:[^*?]+"),
    "Service": re.compile(r"[^*?\s]+"),
    "Federated": re.compile(r"[^*?\s]+"),
}
_IAM_PATHS: Final = (
    "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/",
    "server-certificate/", "policy/", "sms-mfa/", "saml-provider/", "oidc-provider/", "report/",
    "access-report/",
)  # fmt: skip
Statement: TypeAlias = Mapping[str, Any]
_Check: TypeAlias = Callable[[Mapping[str, Any], list[Statement]], str | None]


def read_document(text: str, kind: PolicyType) -> Policy:
    """The policy in a text that a client wants to save.

    Raises:
        OperationError: MalformedPolicyDocument, in AWS's words.
    """
    trust = kind is PolicyType.TRUST
    raw = _json(text, "This policy contains invalid Json" if trust else SYNTAX)
    found = _fault(raw, _CHECKS.get(kind, ()))
    if found is not None:
        raise malformed(found)
    try:
        return parse_policy(text, kind)
    except PolicyError:
        raise malformed(SYNTAX) from None


def size(text: str) -> int:
    """How many characters of a document count against a quota: IAM ignores white space (R11)."""
    return len(_SPACE.sub("", text))


def encoded(text: str) -> str:
    """A document as IAM answers it, URL-encoded as RFC 3986 says.

    >>> encoded('{"a": "~"}')
    '%7B%22a%22%3A%20%22~%22%7D'
    """
    return quote(text, safe="")


def malformed(message: str) -> OperationError:
    """The error AWS sends for a document it cannot accept."""
    return OperationError("MalformedPolicyDocument", message, 400)


def _json(text: str, message: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise malformed(message) from None


def _fault(raw: object, checks: tuple[_Check, ...]) -> str | None:
    if not isinstance(raw, dict):
        return SYNTAX
    listed = raw.get("Statement", [])
    statements: list[Any] = listed if isinstance(listed, list) else [listed]
    if not all(isinstance(item, dict) for item in statements):
        return SYNTAX
    return next((text for check in checks if (text := check(raw, statements)) is not None), None)


def _syntax(raw: Mapping[str, Any], statements: list[Statement]) -> str | None:
    if not statements or set(raw) - _TOP or raw.get("Version", "2012-10-17") not in _VERSIONS:
        return SYNTAX
    if not isinstance(raw.get("Id", ""), str):
        return SYNTAX
    return None if all(_well_formed(item) for item in statements) else SYNTAX


_VERSIONS: Final = ("2008-10-17", "2012-10-17")


def _well_formed(item: Statement) -> bool:
    return not (
        set(item) - _KEYS
        or any(f"Not{name}" in item and name in item for name in ("Action", "Resource"))
        or str(item.get("Effect", "")).lower() not in {"allow", "deny"}
        or not isinstance(item.get("Sid", ""), str)
        or not isinstance(item.get("Condition", {}), dict)
        or not all(
            isinstance(value, str)
            for name in ("Action", "NotAction", "Resource", "NotResource")
            for value in _values(item, name)
        )
    )


def _values(item: Statement, *names: str) -> Iterator[Any]:
    for name in names:
        value = item.get(name, [])
        yield from value if isinstance(value, list) else [value]


def _version(raw: Mapping[str, Any], _: list[Statement]) -> str | None:
    if raw.get("Version") == "2012-10-17":
        return None
    return "Policy document must be version 2012-10-17 or greater."


def _legacy(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    odd = any(item["Effect"] not in {"Allow", "Deny"} for item in statements)
    return LEGACY if odd or any(_odd_arn(arn) for arn in _resources(statements)) else None


def _resources(statements: list[Statement]) -> Iterator[str]:
    for item in statements:
        yield from _values(item, "Resource", "NotResource")


def _odd_arn(arn: str) -> bool:
    """True for an ARN whose service is missing or whose S3 part is cut short."""
    parts = arn.split(":")
    if parts[0] != "arn" or len(parts) < 3 or parts[1] != "aws":  # noqa: PLR2004
        return False
    return parts[2] == "" or (parts[2] == "s3" and len(parts) < 6)  # noqa: PLR2004


def _sids(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    sids = [item["Sid"] for item in statements if item.get("Sid")]
    if len(sids) != len(set(sids)):
        return "Statement IDs (SID) in a single policy must be unique."
    if any(not re.fullmatch(r"[0-9A-Za-z]*", sid) for sid in sids):
        return (
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*"
        )
    return None


def _principal(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    # The console says "Has prohibited field Principal"; this is what the API answers.
    if any("Principal" in item or "NotPrincipal" in item for item in statements):
        return "Policy document should not specify a principal."
    return None


def _resource_form(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    return next((text for arn in _resources(statements) if (text := _arn_fault(arn))), None)


def _arn_fault(arn: str) -> str | None:
    if arn == "*":
        return None
    parts = arn.split(":")
    if len(parts) < 2:  # noqa: PLR2004
        return f'Resource {arn} must be in ARN format or "*".'
    if not _PARTITION.fullmatch(parts[1]):
        shown = ":".join(["arn", *parts[1:], *["*"] * (6 - len(parts))])
        return f'Partition "{parts[1]}" is not valid for resource "{shown}".'
    if parts[0] != "arn":
        return f'Resource {arn} must be in ARN format or "*".'
    if len(parts) < 3:  # noqa: PLR2004
        return "Resource vendor must be fully qualified and cannot contain regexes."
    return None


def _no_actions(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    if any(not [*_values(item, "Action", "NotAction")] for item in statements):
        return "Policy statement must contain actions."
    return None


def _action_form(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    actions = (a for item in statements for a in _values(item, "Action", "NotAction"))
    return next((text for action in actions if (text := _action_fault(action))), None)


def _action_fault(action: str) -> str | None:
    vendor, colon, name = action.partition(":")
    if action == "*":
        return None
    if not colon:
        return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    if ":" in name:
        return "Actions/Condition can contain only one colon."
    if not re.fullmatch(r"[A-Za-z0-9*?.-]+", vendor):
        return f"Vendor {vendor} is not valid"
    return None


def _no_resources(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    if any(not [*_values(item, "Resource", "NotResource")] for item in statements):
        return "Policy statement must contain resources."
    return None


def _resource_detail(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    return next((text for arn in _resources(statements) if (text := _detail_fault(arn))), None)


def _detail_fault(arn: str) -> str | None:
    parts = arn.split(":", 5)
    if len(parts) < 6:  # noqa: PLR2004
        return None
    service, region, rest = parts[2], parts[3], parts[5]
    if service == "iam" and region not in {"", "*"}:
        return f"IAM resource {arn} cannot contain region information."
    if service == "s3" and region not in {"", "*"} and not rest.startswith("accesspoint/"):
        return f"Resource {arn} can not contain region information."
    if service == "iam" and not _iam_path(rest):
        return f'IAM resource path must either be "*" or start with {", ".join(_IAM_PATHS)}.'
    return None


def _iam_path(rest: str) -> bool:
    known = (*_IAM_PATHS, "assumed-role/", "root", "*", "?", "$")
    return rest.startswith(known) or bool({"*", "?"} & {*rest.split("/", maxsplit=1)[0]})


def _trust_fields(raw: Mapping[str, Any], statements: list[Statement]) -> str | None:
    unknown = [key for key in raw if key not in _TOP]
    unknown += [key for item in statements for key in item if key not in _KEYS]
    if unknown:
        return f"Unknown field {unknown[0]}"
    for name in ("Resource", "NotResource", "NotPrincipal"):
        if any(name in item for item in statements):
            return f"Has prohibited field {name}"
    if not statements:
        return "Missing required field Statement"
    for name, other in (("Effect", ""), ("Principal", ""), ("Action", "NotAction")):
        if any(name not in item and other not in item for item in statements):
            return f"Missing required field {name}"
    return None


def _trust_principals(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    for item in statements:
        principal = item["Principal"]
        for kind in ("AWS", "Service", "Federated"):
            values = _values(principal, kind) if isinstance(principal, dict) else ()
            for value in values:
                if isinstance(value, str) and not _PRINCIPALS[kind].fullmatch(value):
                    return f'Invalid principal in policy: "{kind.upper()}":"{value}"'
    return None


def _trust_actions(_: Mapping[str, Any], statements: list[Statement]) -> str | None:
    actions = [*(a for item in statements for a in _values(item, "Action", "NotAction"))]
    if not actions or any(not _TRUST_ACTION.fullmatch(action) for action in actions):
        return "AssumeRole policy may only specify STS AssumeRole actions."
    return None


_IDENTITY: Final[tuple[_Check, ...]] = (
    _syntax, _version, _legacy, _sids, _principal, _resource_form, _no_actions, _action_form,
    _no_resources, _resource_detail,
)  # fmt: skip
_TRUST: Final[tuple[_Check, ...]] = (
    _trust_fields, _syntax, _legacy, _sids, _trust_actions, _trust_principals,
)  # fmt: skip
# Other types of policy have their own services and sentences; here they are only parsed.
_CHECKS: Final[Mapping[PolicyType, tuple[_Check, ...]]] = {
    PolicyType.IDENTITY: _IDENTITY,
    PolicyType.BOUNDARY: _IDENTITY,
    # A session policy is not saved, and nothing says that it needs a Version.
    PolicyType.SESSION: tuple(check for check in _IDENTITY if check is not _version),
    PolicyType.TRUST: _TRUST,
}
