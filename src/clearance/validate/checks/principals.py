"""Principals: their form, and who may be one where (R14-R28)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from clearance.model.policy import PolicyType
from clearance.parse.blocks import PRINCIPAL_KEYS
from clearance.parse.grammar import GRAMMARS, Presence
from clearance.validate.finding import AtKey, Edit, Finding, Place
from clearance.validate.source import Member
from clearance.validate.view import Document, Principal, Statement, found

__all__ = ["SERVICE", "statement"]

SERVICE: Final = re.compile(
    r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal"
    r"|c2s\.ic\.gov|sc2s\.sgov\.gov|amazonaws\.eu)"
)
_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:(?:"
    r"iam::(?:\d{12}:(?:root|user/.+|role/.+|federated-user/.+)|cloudfront:user/.+)"
    r"|sts::\d{12}:(?:assumed-role/[^/]+/[^/]+|federated-user/.+|self))"
)
_DOMAINS: Final = frozenset(
    {
        "accounts.google.com",
        "cognito-identity.amazonaws.com",
        "graph.facebook.com",
        "www.amazon.com",
    }
)
_PROVIDER: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(?:saml-provider|oidc-provider)/.+")
_DOMAIN: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_WILD: Final = frozenset("*?")
_PROVIDER_ACTION: Final = {
    "saml": "sts:AssumeRoleWithSAML",
    "oidc": "sts:AssumeRoleWithWebIdentity",
}


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Who the statement is about."""
    member = one.member("Principal", "NotPrincipal")
    if member is None:
        return
    if GRAMMARS[doc.kind].principal is Presence.FORBIDDEN:
        yield _forbidden(doc, one, member.key)
        return
    if one.not_principals:
        yield from _negated(doc, one)
    if doc.kind is PolicyType.RCP:
        yield from _rcp(one, member)
        return
    yield from _kinds(one, member)
    for principal in one.principals:
        if principal.entry.known and "${" not in principal.text:
            yield from _one(doc, one, principal)
    if doc.kind is PolicyType.TRUST:
        yield from _trust(one)


def _rcp(one: Statement, member: Member) -> Iterator[Finding]:
    whole = member.value.text == "*" or [p.text for p in one.principals] == ["*"]
    if member.key != "Principal" or not whole:
        details = 'the `Principal` of a resource control policy is `"*"` and nothing else'
        yield found("RCP_SYNTAX_ERROR_PRINCIPAL", one.at(member.key), details)


def _kinds(one: Statement, member: Member) -> Iterator[Finding]:
    for inner in member.value.members:
        if inner.key not in PRINCIPAL_KEYS:
            place = Place((*one.path, member.key, AtKey(inner.key)), inner.start, inner.end)
            near = next((k for k in PRINCIPAL_KEYS if k.lower() == inner.key.lower()), None)
            fix = (
                (f"write `{near}`", (Edit(inner.start, inner.end, f'"{near}"'),)) if near else None
            )
            hint = f"; did you mean `{near}`?" if near else f"; use {', '.join(PRINCIPAL_KEYS)}"
            details = f"`{inner.key}` is not a kind of principal{hint}"
            yield found("INVALID_PRINCIPAL_KEY", place, details, fix)


def _forbidden(doc: Document, one: Statement, name: str) -> Finding:
    details = f"a {doc.kind.value} has no `{name}`: it is about whom it is attached to"
    scp = doc.kind is PolicyType.SCP
    return found(
        "SCP_SYNTAX_ERROR_PRINCIPAL" if scp else "UNSUPPORTED_PRINCIPAL", one.at(name), details
    )


def _negated(doc: Document, one: Statement) -> Iterator[Finding]:
    place = one.at("NotPrincipal")
    if doc.kind is PolicyType.TRUST:
        details = "a role trust policy names who may assume the role; use `Principal`"
        yield found("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", place, details)
    elif one.effect == "Allow" and doc.kind is not PolicyType.RCP:
        details = "`Allow` with `NotPrincipal` lets in everyone who is not listed; use `Principal`"
        yield found("ALLOW_WITH_NOT_PRINCIPAL", place, details)


def _one(doc: Document, one: Statement, principal: Principal) -> Iterator[Finding]:
    text, place = principal.text, principal.entry.place
    trust = doc.kind is PolicyType.TRUST
    if principal.kind == "":
        if text != "*":
            details = f'`{text}` needs its kind: `{{"AWS": "{text}"}}`'
            yield found("INVALID_PRINCIPAL_FORMAT", place, details)
        elif trust and one.effect == "Allow":
            details = '`"Principal": "*"` lets any AWS account try; name who may assume the role'
            yield found("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", place, details)
    elif not _WILD.isdisjoint(text) and not (principal.kind == "AWS" and text == "*"):
        details = f"`{text}` is no pattern: name the principal, or write `*` and a condition"
        yield found("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", place, details)
    elif principal.kind == "AWS":
        yield from _aws(principal)
    elif principal.kind == "Service":
        if not SERVICE.fullmatch(text):
            details = f"`{text}` is not a service; services are named `service.amazonaws.com`"
            yield found("INVALID_SERVICE_PRINCIPAL_FORMAT", place, details, _as_service(principal))
    elif principal.kind == "Federated":
        yield from _federated(doc, principal)
    elif principal.kind == "CanonicalUser" and not re.fullmatch(r"[0-9a-f]{64}", text):
        details = f"`{text}` is not a canonical user ID, which has 64 characters"
        yield found("INVALID_PRINCIPAL_FORMAT", place, details)


def _as_service(principal: Principal) -> tuple[str, tuple[Edit, ...]] | None:
    right = principal.text.strip().lower()
    if not SERVICE.fullmatch(right):
        return None
    node = principal.entry.node
    return f"write `{right}`", (Edit(node.start, node.end, f'"{right}"'),)


def _aws(principal: Principal) -> Iterator[Finding]:
    text, place = principal.text, principal.entry.place
    if text == "*" or re.fullmatch(r"\d{12}", text) or _ARN.fullmatch(text):
        return
    if re.fullmatch(r"AROA[A-Z0-9]{12,}", text):
        details = f"`{text}` is the ID of a role; write its ARN"
        yield found("INVALID_ROLE_REFERENCE", place, details)
    elif re.fullmatch(r"AIDA[A-Z0-9]{12,}", text):
        details = f"`{text}` is the ID of a user; write its ARN"
        yield found("INVALID_USER_REFERENCE", place, details)
    elif SERVICE.fullmatch(text):
        details = f'`{text}` is a service; write `{{"Service": "{text}"}}`'
        yield found("INVALID_PRINCIPAL_FORMAT", place, details)
    elif ":group/" in text:
        details = f"`{text}` is a group, and groups cannot be principals; name its users"
        yield found("INVALID_PRINCIPAL_FORMAT", place, details)
    else:
        details = f"`{text}` is not a principal; write an account ID or the ARN of a user or role"
        yield found("INVALID_PRINCIPAL_FORMAT", place, details)


def _federated(doc: Document, principal: Principal) -> Iterator[Finding]:
    text, place = principal.text, principal.entry.place
    if doc.kind is not PolicyType.TRUST:
        details = f"`{text}` is an identity provider; only roles can trust one"
        yield found("FEDERATED_PRINCIPAL_NOT_SUPPORTED", place, details)
    elif not _PROVIDER.fullmatch(text) and not _DOMAIN.fullmatch(text):
        details = f"`{text}` is not a provider; write its ARN, or one of {', '.join(_DOMAINS)}"
        yield found("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", place, details)


def _trust(one: Statement) -> Iterator[Finding]:
    roles: dict[str, Principal] = {}
    for principal in one.principals:
        if found_role := re.fullmatch(
            r"arn:(aws[a-z-]*):iam::(\d{12}):role/(?:.*/)?(.+)", principal.text
        ):
            roles[":".join(found_role.groups())] = principal
    for principal in one.principals:
        session = re.fullmatch(
            r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.+", principal.text
        )
        parent = roles.get(":".join(session.groups())) if session else None
        if parent is not None:
            details = f"`{principal.text}` is a session of `{parent.text}`, which is listed already"
            place = principal.entry.place
            others = (parent.entry.place,)
            yield found("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", place, details, None, others)
    yield from _mismatched(one)
    yield from _roles_anywhere(one)
    if (member := one.member("Resource", "NotResource")) is not None:
        details = f"a trust policy is about its own role; remove `{member.key}`"
        yield found("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", one.at(member.key), details)


def _provider(principal: Principal) -> str | None:
    if principal.kind != "Federated":
        return None
    return "saml" if ":saml-provider/" in principal.text else "oidc"


def _mismatched(one: Statement) -> Iterator[Finding]:
    if one.not_actions:
        return
    kinds = {_provider(p) for p in one.principals}
    for entry in one.actions:
        text = entry.text.lower()
        wrong: list[str] = []
        if text == "sts:assumerole":
            wrong = [p.text for p in one.principals if p.kind == "Federated"]
        elif text in {"sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}:
            wanted = "saml" if text.endswith("saml") else "oidc"
            if wanted not in kinds:
                wrong = [p.text for p in one.principals]
        if wrong:
            federated = next((k for k in kinds if k), None)
            fix = None
            hint = ""
            if federated and len(kinds) == 1:
                right = _PROVIDER_ACTION[federated]
                hint = f"; use `{right}`"
                fix = (f"write `{right}`", (Edit(entry.node.start, entry.node.end, f'"{right}"'),))
                if any(e.text.lower() == right.lower() for e in one.actions):
                    fix = None
            details = f"`{entry.text}` does not go with {', '.join(f'`{w}`' for w in wrong)}{hint}"
            yield found("MISMATCHED_ACTION_FOR_PRINCIPAL", entry.place, details, fix)


_ANYWHERE: Final = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")


def _roles_anywhere(one: Statement) -> Iterator[Finding]:
    if one.not_actions or not any(p.text == "rolesanywhere.amazonaws.com" for p in one.principals):
        return
    listed = {entry.text.lower() for entry in one.actions}
    missing = [a for a in _ANYWHERE if a.lower() not in listed]
    if missing and not listed & {"*", "sts:*"}:
        details = (
            f"`rolesanywhere.amazonaws.com` needs {', '.join(f'`{a}`' for a in missing)} as well"
        )
        yield found("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", one.at("Action"), details)
