"""AssumeRoleWithWebIdentity: an OpenID Connect identity becomes a role session."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from clearance.model.estate import Estate
from clearance.model.principal import PrincipalKind, Session
from clearance.operations.call import Call, Input, Output
from clearance.operations.constraints import Number, Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.sts.assume_role import NAME, find_role, seconds_of, session_of
from clearance.operations.sts.credentials import issue
from clearance.operations.sts.passed import INVALID, passed_by

__all__ = ["assume_role_with_web_identity", "claims_of", "issuer_of"]

TAGS: Final = "https://aws.amazon.com/tags"
SOURCE_IDENTITY: Final = "https://aws.amazon.com/source_identity"
_RULES: Final[dict[str, Rule]] = {
    "RoleArn": Text(20, 2048),
    "RoleSessionName": NAME,
    "WebIdentityToken": Text(4, 20000),
    "DurationSeconds": Number(900, 43200),
}
_PARTS: Final = 3


def assume_role_with_web_identity(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Open a session of a role for the identity in a token.

    The caller is the token's provider: whoever made it one has verified the token, and the role's
    trust policy was asked.
    """
    check(given, _RULES, INVALID, required=("RoleArn", "RoleSessionName", "WebIdentityToken"))
    if call.principal.kind is not PrincipalKind.WEB_IDENTITY:
        raise OperationError("InvalidIdentityToken", "The identity in the token was not verified")
    found = find_role(estate, given["RoleArn"])
    if found is None:
        raise OperationError(
            "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403
        )
    account, role = found
    claims = claims_of(given["WebIdentityToken"])
    seconds = seconds_of(given.get("DurationSeconds"), role, chained=False)
    passed = passed_by(estate, account, {**given, **_tags(claims)})
    source = claims.get(SOURCE_IDENTITY)
    expires = call.now.replace(microsecond=0) + timedelta(seconds=seconds)
    session = Session(
        policies=passed.policies,
        policy_arns=passed.policy_arns,
        tags=passed.tags,
        transitive_tags=passed.transitive,
        issued=call.now,
        expires=expires,
        source_identity=source if isinstance(source, str) else None,
        mfa=False,
        provider=call.principal.arn,
    )
    principal = session_of(account, role, given["RoleSessionName"], session)
    output: dict[str, object] = {
        "Credentials": issue(principal, expires, call.ports).output,
        "SubjectFromWebIdentityToken": claims.get("sub"),
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
        "Provider": call.principal.arn,
        "Audience": _audience(claims),
    }
    if passed.size is not None:
        output["PackedPolicySize"] = passed.size
    if session.source_identity is not None:
        output["SourceIdentity"] = session.source_identity
    return estate, output


def claims_of(token: str) -> Mapping[str, Any]:
    """The claims of a JWT; its signature is checked elsewhere."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def issuer_of(claims: Mapping[str, Any]) -> str:
    """The issuer as provider ARNs and condition keys name it.

    >>> issuer_of({"iss": "https://token.example.com/"})
    'token.example.com'
    """
    return str(claims.get("iss", "")).removeprefix("https://").rstrip("/")


def _audience(claims: Mapping[str, Any]) -> str:
    # "The intended audience (also known as client ID) ... the azp field, if it is set" (API
    # reference, AssumeRoleWithWebIdentity).
    found = claims.get("azp") or claims.get("aud")
    return str(found[0] if isinstance(found, list) and found else found)


def _tags(claims: Mapping[str, Any]) -> dict[str, Any]:
    """The session tags in a token, as the members AssumeRole has for them."""
    found = claims.get(TAGS)
    if not isinstance(found, Mapping):
        return {}
    tags = []
    for key, value in (found.get("principal_tags") or {}).items():
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str):
            tags.append({"Key": str(key), "Value": first})
    keys = [str(key) for key in found.get("transitive_tag_keys") or ()]
    return {"Tags": tags, "TransitiveTagKeys": keys}
