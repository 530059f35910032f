"""Who a text names: an ARN, a service, ``anonymous`` or a user or role of the estate."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from clearance.model.arn import Arn
from clearance.model.errors import RequestError
from clearance.model.estate import Account, Estate
from clearance.model.principal import Principal, PrincipalKind, Session

__all__ = ["complete", "identify"]

# Identity providers that IAM knows without being told (Principal element, R20).
PROVIDERS: Final = frozenset(
    {
        "accounts.google.com",
        "cognito-identity.amazonaws.com",
        "graph.facebook.com",
        "www.amazon.com",
    }
)
_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")


def identify(text: str, estate: Estate | None = None) -> Principal:
    """The principal a text names, with what the estate knows of it.

    Accepted: IAM user, role, root and STS session ARNs, ``account:root`` as a 12-digit id, an
    identity provider's ARN or name, a service name, ``anonymous`` or ``*``.

    >>> identify("arn:aws:sts::123456789012:assumed-role/app/s1").session_name
    's1'

    Raises:
        RequestError: when the text names nobody.
    """
    estate = estate or Estate()
    if text in {"anonymous", "*"}:
        return Principal(PrincipalKind.ANONYMOUS)
    if text in PROVIDERS:
        return Principal(PrincipalKind.WEB_IDENTITY, text)
    if _SERVICE.fullmatch(text):
        return Principal(PrincipalKind.SERVICE, text)
    if re.fullmatch(r"\d{12}", text):
        text = f"arn:aws:iam::{text}:root"
    return complete(_from_arn(text), estate)


def _from_arn(text: str) -> Principal:
    arn = Arn.of(text)
    if arn.service not in {"iam", "sts"} or not re.fullmatch(r"\d{12}", arn.account):
        raise RequestError(f"`{text}` is not a principal; write a user, role, session or root ARN")
    kind, _, rest = arn.resource.partition("/")
    found = _kind(text, arn, kind, rest)
    if found is None:
        raise RequestError(f"`{text}` is not a principal; write a user, role, session or root ARN")
    return replace(found, account=arn.account, partition=arn.partition)


def _kind(text: str, arn: Arn, kind: str, rest: str) -> Principal | None:
    if arn.resource == "root":
        return Principal(PrincipalKind.ROOT, text, unique_id=arn.account)
    if arn.service == "iam" and kind == "user" and rest:
        return Principal(PrincipalKind.USER, text)
    if arn.service == "iam" and kind == "role" and rest:
        return Principal(PrincipalKind.ROLE, text, role_arn=text)
    if arn.service == "iam" and kind in {"oidc-provider", "saml-provider"} and rest:
        kinds = {
            "oidc-provider": PrincipalKind.WEB_IDENTITY,
            "saml-provider": PrincipalKind.SAML_IDENTITY,
        }
        return Principal(kinds[kind], text)
    if arn.service == "sts" and kind == "assumed-role" and rest.count("/") == 1:
        role, session = rest.split("/")
        role_arn = f"arn:{arn.partition}:iam::{arn.account}:role/{role}"
        return Principal(PrincipalKind.ROLE_SESSION, text, role_arn=role_arn, session_name=session)
    if arn.service == "sts" and kind == "federated-user" and rest:
        return Principal(PrincipalKind.FEDERATED_USER, text)
    return None


def complete(principal: Principal, estate: Estate) -> Principal:
    """The same principal with its role's path, unique ID and tags, as far as the estate knows."""
    account = estate.account(principal.account)
    if account is None:
        return principal
    if principal.kind in {PrincipalKind.ROLE, PrincipalKind.ROLE_SESSION}:
        return _role(principal, account)
    if principal.kind is PrincipalKind.USER:
        return _user(principal, account)
    if principal.kind is PrincipalKind.FEDERATED_USER:
        return _federated(principal, account)
    return principal


def _federated(principal: Principal, account: Account) -> Principal:
    """Session tags override the parent user's tags (R97); no session policy, no rights (R68)."""
    parent = account.users.get((principal.parent_arn or "").rsplit("/", 1)[-1])
    known = parent is not None and account.user_arn(parent) == principal.parent_arn
    return replace(
        principal,
        session=principal.session or Session(),
        tags=parent.tags if known and parent and principal.tags is None else principal.tags,
    )


def _role(principal: Principal, account: Account) -> Principal:
    name = (principal.role_arn or "").rsplit("/", 1)[-1]
    role = account.roles.get(name)
    if role is None:
        return principal
    role_arn = account.role_arn(role)
    arn = principal.arn if principal.kind is PrincipalKind.ROLE_SESSION else role_arn
    if principal.kind is PrincipalKind.ROLE and principal.arn != role_arn:
        return principal  # a path that does not fit: another role, which the estate lacks
    return replace(
        principal,
        arn=arn,
        role_arn=role_arn,
        unique_id=principal.unique_id or role.id,
        tags=role.tags if principal.tags is None else principal.tags,
    )


def _user(principal: Principal, account: Account) -> Principal:
    user = account.users.get(principal.arn.rsplit("/", 1)[-1])
    if user is None or account.user_arn(user) != principal.arn:
        return principal
    return replace(
        principal,
        unique_id=principal.unique_id or user.id,
        tags=user.tags if principal.tags is None else principal.tags,
    )
