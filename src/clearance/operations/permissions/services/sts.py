"""STS: assuming a role may also tag the session, set its source identity and its contexts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.operations.fault import OperationError
from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.rows import (
    Row,
    all_of,
    anything,
    beside,
    member,
    members,
    on,
    one,
    same,
    when,
)
from clearance.operations.permissions.tags import request_tags, tag_context
from clearance.operations.sts.mfa import shows_mfa
from clearance.operations.sts.saml import name_qualifier, read_assertion
from clearance.operations.sts.web_identity import claims_of

__all__ = ["TABLE"]

_TAGS_CLAIM: Final = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY_CLAIM: Final = "https://aws.amazon.com/source_identity"
_GOOGLE: Final = "accounts.google.com"
# Providers that need no registration in IAM; every other one is known by its ARN there.
_BUILT_IN: Final = frozenset(
    {_GOOGLE, "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)

# "sts:DurationSeconds" belongs to bearer tokens, not to AssumeRole (R155).
_SESSION = (
    member("sts:RoleSessionName", "RoleSessionName"),
    member("sts:ExternalId", "ExternalId"),
    member("sts:SourceIdentity", "SourceIdentity"),
    members("sts:TransitiveTagKeys", "TransitiveTagKeys"),
)


def _role(ask: Ask) -> str | None:
    return ask.text("RoleArn")


def _mfa(ask: Ask) -> Mapping[str, Value]:
    """A right one-time code makes this one call an MFA call (R99c)."""
    if not shows_mfa(ask.estate, ask.call.principal, ask.given, ask.call.now):
        return {}
    return {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 0}


def _federated_user(ask: Ask) -> str | None:
    name = ask.text("Name")
    return name and ask.arn(f"federated-user/{name}", region="")


def _root(ask: Ask) -> str | None:
    target = ask.text("TargetPrincipal")
    if target is None or target.startswith("arn:"):
        return target
    return ask.arn("root", service="iam", region="", account=target)


def _providers(ask: Ask) -> Mapping[str, Value]:
    found = (item.get("ProviderArn") for item in ask.items("ProvidedContexts"))
    arns = tuple(arn for arn in found if isinstance(arn, str))
    return {"sts:RequestContextProviders": arns} if arns else {}


def _web_identity(ask: Ask) -> Iterable[Permission]:
    """``<issuer>:aud``, ``:sub`` and the other claims; tags and source identity in the token."""
    found = claims_of(ask.text("WebIdentityToken") or "")
    context: dict[str, Value] = {}
    for keys in _SESSION[:1]:
        context |= keys(ask)
    context |= _claim_keys(ask, found)
    tags, transitive = _claim_tags(found)
    tagged = {**context, **_tag_keys(tags, transitive)}
    yield one(ask, "AssumeRoleWithWebIdentity", _role(ask), tagged)
    if tags:
        yield one(ask, "TagSession", _role(ask), tagged, dependent=True)
    source = found.get(_SOURCE_IDENTITY_CLAIM)
    if isinstance(source, str):
        identity = {**context, "sts:SourceIdentity": source}
        yield one(ask, "SetSourceIdentity", _role(ask), identity, dependent=True)


def _tag_keys(tags: dict[str, str], transitive: tuple[str, ...]) -> dict[str, Value]:
    """The keys of session tags, the same for both actions, as in AssumeRole."""
    context: dict[str, Value] = dict(tag_context(tags, created=False)) if tags else {}
    if transitive:
        context["sts:TransitiveTagKeys"] = transitive
    return context


def _claim_keys(ask: Ask, found: Mapping[str, Any]) -> dict[str, Value]:
    issuer = str(found.get("iss", "")).removeprefix("https://").rstrip("/")
    context: dict[str, Value] = {}
    if not issuer:
        return context
    for name, value in found.items():
        if name in {"iss", "exp", "iat", "nbf", "jti"} or name.startswith("https://"):
            continue
        if isinstance(value, str | bool | int | float):
            context[f"{issuer}:{name}"] = value
        elif isinstance(value, list):
            context[f"{issuer}:{name}"] = tuple(str(item) for item in value)
    # "If azp is set, aud is the value of azp, and oaud is the aud field" (IAM User Guide,
    # reference_policies_iam-condition-keys, Google).
    if issuer == _GOOGLE and isinstance(found.get("azp"), str):
        context[f"{issuer}:oaud"] = str(found.get("aud", ""))
        context[f"{issuer}:aud"] = found["azp"]
    role = Arn.find(_role(ask) or "")
    owner = role.account if role else None
    registered = ask.arn(f"oidc-provider/{issuer}", service="iam", region="", account=owner)
    context["aws:FederatedProvider"] = issuer if issuer in _BUILT_IN else registered
    return context


def _claim_tags(found: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    given = found.get(_TAGS_CLAIM)
    if not isinstance(given, Mapping):
        return {}, ()
    tags: dict[str, str] = {}
    for key, value in (given.get("principal_tags") or {}).items():
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str):
            tags[str(key)] = first
    return tags, tuple(str(key) for key in given.get("transitive_tag_keys") or ())


def _assume_root(ask: Ask) -> Iterable[Permission]:
    """The caller's own permission, as within one account (R99a).

    The member account has no policy that could let anybody in; its place in the organization
    does, which the operation looks at.
    """
    for found in on(_root, member("sts:TaskPolicyArn", "TaskPolicyArn.arn"))(ask):
        yield replace(found, resource_account=ask.call.account)


# A SAML attribute -> the condition key that holds its values (IAM User Guide,
# reference_policies_iam-condition-keys, SAML).
_SAML_KEYS: Final = {
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": "saml:edupersonaffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.3": "saml:edupersonorgdn",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "saml:edupersonprincipalname",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": "saml:edupersonentitlement",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": "saml:edupersonscopedaffiliation",
    "urn:oid:0.9.2342.19200300.100.1.3": "saml:mail",
    "urn:oid:0.9.2342.19200300.100.1.1": "saml:uid",
    "urn:oid:2.5.4.3": "saml:cn",
    "urn:oid:2.5.4.4": "saml:surname",
}


def _saml(ask: Ask) -> Iterable[Permission]:
    """``saml:aud``, ``saml:sub`` and the others; tags and source identity in the assertion."""
    try:
        found = read_assertion(ask.text("SAMLAssertion") or "")
    except OperationError:
        yield one(ask, "AssumeRoleWithSAML", _role(ask))
        return
    provider = ask.text("PrincipalArn") or ""
    role = Arn.find(_role(ask) or "")
    owner = role.account if role else ask.call.account
    context: dict[str, Value] = {
        "saml:aud": found.recipient,
        "saml:iss": found.issuer,
        "saml:sub": found.subject,
        "saml:sub_type": found.subject_type,
        "saml:doc": f"{owner}/{provider.partition(':saml-provider/')[2]}",
        "saml:namequalifier": name_qualifier(found.issuer, owner, provider),
    }
    if found.session_name is not None:
        context["sts:RoleSessionName"] = found.session_name
    context |= {
        key: found.attributes[name] for name, key in _SAML_KEYS.items() if name in found.attributes
    }
    tagged = {**context, **_tag_keys(dict(found.tags), found.transitive)}
    yield one(ask, "AssumeRoleWithSAML", _role(ask), tagged)
    if found.tags:
        yield one(ask, "TagSession", _role(ask), tagged, dependent=True)
    if found.source_identity is not None:
        identity = {**context, "sts:SourceIdentity": found.source_identity}
        yield one(ask, "SetSourceIdentity", _role(ask), identity, dependent=True)


TABLE: Final[Mapping[str, Row]] = {
    "AssumeRole": all_of(
        on(_role, *_SESSION, _mfa),
        when(request_tags, beside("sts:TagSession", _role, *_SESSION, _mfa, tagged=True)),
        when(
            lambda ask: ask.text("SourceIdentity"),
            beside("sts:SetSourceIdentity", _role, *_SESSION, _mfa),
        ),
        when(
            lambda ask: ask.items("ProvidedContexts"),
            beside("sts:SetContext", _role, _providers, *_SESSION, _mfa),
        ),
    ),
    "AssumeRoleWithSAML": _saml,
    "AssumeRoleWithWebIdentity": _web_identity,
    "AssumeRoot": _assume_root,
    "GetFederationToken": all_of(
        on(_federated_user),
        when(request_tags, beside("sts:TagSession", _federated_user, tagged=True)),
    ),
    "GetWebIdentityToken": all_of(
        on(
            anything,
            members("sts:IdentityTokenAudience", "Audience"),
            member("sts:SigningAlgorithm", "SigningAlgorithm"),
            member("sts:DurationSeconds", "DurationSeconds"),
        ),
        when(request_tags, beside("sts:TagGetWebIdentityToken", anything, tagged=True)),
    ),
    # Not controlled by policies, whatever they say (R98); the engine knows.
    **same("GetCallerIdentity GetSessionToken", on(anything)),
    **same("DecodeAuthorizationMessage GetAccessKeyInfo GetDelegatedAccessToken", on(anything)),
}
