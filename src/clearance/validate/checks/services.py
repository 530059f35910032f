"""Service principals and identity providers: whom they could bring along (R25, R147-R156)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clearance.model.policy import PolicyType
from clearance.validate.finding import Finding
from clearance.validate.view import Document, Principal, Statement, found

__all__ = ["statement"]

_SOURCES: Final = frozenset(
    {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}
)
_NOT_OF_SERVICES: Final = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:username", "aws:principaltag"}
)
# Services that are sent by nobody else: they come from the account itself, or bring no source.
_OWN: Final = frozenset(
    {
        "delivery.logs.amazonaws.com",
        "ec2.amazonaws.com",
        "edgelambda.amazonaws.com",
        "rds.amazonaws.com",
        "monitoring.rds.amazonaws.com",
    }
)
_WEAK: Final = {"aws:referer": "aws:Referer", "aws:useragent": "aws:UserAgent"}
_GITHUB: Final = "token.actions.githubusercontent.com"
_SUB: Final = f"{_GITHUB}:sub"
_MISSING: Final = {"sts:tagsession": ("aws:requesttag", "aws:tagkeys", "sts:transitivetagkeys"),
                   "sts:setsourceidentity": ("sts:sourceidentity",)}  # fmt: skip
_NAMES: Final = {
    "sts:tagsession": "sts:TagSession",
    "sts:setsourceidentity": "sts:SetSourceIdentity",
}


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Statements that name services or providers."""
    services = [p for p in one.principals if p.kind == "Service"]
    if services and len(services) == len(one.principals) and not one.not_principals:
        yield from _keys(one)
    if doc.kind is PolicyType.RESOURCE and one.effect == "Allow" and not one.not_principals:
        for principal in services:
            yield from _source(one, principal)
    if doc.kind is PolicyType.TRUST:
        yield from _session(one)
        if one.effect == "Allow":
            yield from _federation(one)


def _keys(one: Statement) -> Iterator[Finding]:
    for condition in one.conditions:
        stem = condition.folded.partition("/")[0]
        if stem in _NOT_OF_SERVICES and condition.base != "Null" and not condition.if_exists:
            details = f"services do not carry `{condition.key}`; use `aws:SourceOrgID` or its like"
            yield found("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", condition.place, details)


def _source(one: Statement, principal: Principal) -> Iterator[Finding]:
    if principal.text in _OWN or not one.tested().isdisjoint(_SOURCES):
        return
    service = principal.text.partition(".")[0]
    if any(key.partition(":")[0] == service for key in one.tested()):
        return
    weak = next((c for c in one.conditions if c.folded in _WEAK), None)
    if weak is not None:
        details = (
            f"`{weak.key}` says little of where `{principal.text}` was sent; test `aws:SourceArn`"
        )
        yield found("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", weak.place, details)
        return
    details = (
        f"`{principal.text}` may come on behalf of any account; "
        "test `aws:SourceArn` or `aws:SourceAccount`"
    )
    yield found("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", principal.entry.place, details)


def _session(one: Statement) -> Iterator[Finding]:
    if one.not_actions:
        return
    listed = {entry.text.lower() for entry in one.actions}
    if any("*" in text or "?" in text for text in listed):
        return
    for action, keys in _MISSING.items():
        for condition in one.conditions:
            if condition.folded.partition("/")[0] in keys and action not in listed:
                if condition.if_exists or condition.base == "Null":
                    continue
                name = _NAMES[action]
                details = f"`{condition.key}` is sent with `{name}` only; add it to `Action`"
                yield found("MISSING_ACTION_FOR_CONDITION_KEY", condition.place, details)


def _federation(one: Statement) -> Iterator[Finding]:
    for principal in one.principals:
        if principal.kind != "Federated" or ":saml-provider/" in principal.text:
            continue
        host = principal.text.rpartition(":oidc-provider/")[2].lower()
        keys = [c for c in one.conditions if c.folded.startswith(f"{host}:")]
        if host == _GITHUB:
            yield from _github(one, principal)
        elif not keys and "*" not in host:
            details = (
                f"anybody whom `{host}` knows could come in; test `{host}:sub` or `{host}:aud`"
            )
            yield found("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", principal.entry.place, details)


def _github(one: Statement, principal: Principal) -> Iterator[Finding]:
    tests = [c for c in one.conditions if c.folded in {_SUB, f"{_GITHUB}:job_workflow_ref"}]
    if not tests:
        details = f"any repository on GitHub could assume the role; test `{_SUB}`"
        yield found("MISSING_GITHUB_REPO_CONDITION_KEY", principal.entry.place, details)
        return
    for condition in tests:
        for value in condition.values:
            owner = value.text.removeprefix("repo:").partition("/")[0]
            loose = "*" in value.text.rpartition("/")[0] or value.text in {"*", "repo:*"}
            if condition.base == "StringLike" and (loose or "*" in owner or "*" in value.text):
                details = (
                    f"`{value.text}` lets in more than one repository and branch; write them out"
                )
                yield found("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", value.place, details)
