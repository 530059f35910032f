"""Principal and NotPrincipal: how a resource policy names the caller."""

from __future__ import annotations

from collections.abc import Iterator

from clearance.model.decision import Naming
from clearance.model.policy import Principals
from clearance.model.principal import Principal, PrincipalKind

__all__ = ["exempt", "namings"]


def namings(principals: Principals, caller: Principal) -> frozenset[Naming]:
    """Every way in which the element names the caller; empty when it does not.

    ``"*"`` is everybody, anonymous callers and services included (R22). An account principal
    stands for every identity of the account (R15). ARNs are compared letter by letter (R16), a
    unique ID only with a unique ID (R26).
    """
    return frozenset(_namings(principals, caller))


def _namings(principals: Principals, caller: Principal) -> Iterator[Naming]:
    if principals.everyone:
        yield Naming.EVERYONE
    if caller.kind is PrincipalKind.SERVICE:
        if caller.arn in principals.service:
            yield Naming.SERVICE
        return
    if caller.kind in {PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML_IDENTITY}:
        if caller.arn in principals.federated:
            yield Naming.PROVIDER
        return
    for name in principals.aws:
        if (naming := _by_name(name, caller)) is not None:
            yield naming


def _by_name(name: str, caller: Principal) -> Naming | None:
    if caller.account is not None and name in {
        caller.account,
        f"arn:{caller.partition}:iam::{caller.account}:root",
    }:
        return Naming.ROOT if caller.kind is PrincipalKind.ROOT else Naming.ACCOUNT
    if caller.kind is PrincipalKind.ROOT:
        return None
    if name == caller.arn:
        return _OWN.get(caller.kind)
    if name == caller.role_arn:
        return Naming.ROLE
    if name == caller.parent_arn:
        return Naming.PARENT_USER
    if caller.unique_id is not None and name == caller.unique_id:
        return _BY_ID.get(caller.kind)
    return None


OF_AN_ACCOUNT = frozenset(
    {
        Naming.USER,
        Naming.ROLE,
        Naming.SESSION,
        Naming.FEDERATED_USER,
        Naming.PARENT_USER,
    }
)
_OWN = {
    PrincipalKind.USER: Naming.USER,
    PrincipalKind.ROLE: Naming.ROLE,
    PrincipalKind.ROLE_SESSION: Naming.SESSION,
    PrincipalKind.FEDERATED_USER: Naming.FEDERATED_USER,
}
_BY_ID = {
    PrincipalKind.USER: Naming.USER,
    PrincipalKind.ROLE: Naming.ROLE,
    PrincipalKind.ROLE_SESSION: Naming.ROLE,
    PrincipalKind.FEDERATED_USER: Naming.PARENT_USER,
}


def exempt(
    principals: Principals, caller: Principal, *, bounded: bool, strict: bool = False
) -> bool:
    """True when NotPrincipal leaves the caller out.

    The caller itself, its role or its parent must be listed: an account alone exempts only its
    root user. "Any IAM user or role that has a permissions boundary" is never left out, whatever
    is listed (permissions boundaries page). ``strict``: the caller's account must be listed as
    well, without which the statement "might deny access to the entire account" (R28).
    """
    if bounded:
        return False
    found = namings(principals, caller)
    if strict and found & OF_AN_ACCOUNT and Naming.ACCOUNT not in found:
        return False
    return bool(found - {Naming.ACCOUNT})
