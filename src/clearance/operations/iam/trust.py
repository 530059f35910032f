"""Role trust policies: whom they name, and who that still is (R26).

AWS keeps a user's or role's unique ID where the policy said its ARN. Here the text stays as it
was written and ``pins`` holds the IDs; a document is shown with the raw ID once nobody with that
ID is left under that ARN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Role, TrustPolicy, User
from clearance.model.policy import PolicyType, Principals
from clearance.operations.documents import encoded, malformed, read_document, size
from clearance.operations.iam.faults import over_quota

__all__ = ["renamed", "shown", "trust_policy"]

QUOTA: Final = 2048
_ACCOUNT: Final = re.compile(r"\d{12}")
_UNIQUE_ID: Final = re.compile(r"A(IDA|ROA)[A-Z0-9]{13,}")
_SERVICE: Final = re.compile(r"[a-z0-9]([a-z0-9-]*\.)+[a-z-]+")
_KINDS: Final = ("user", "role", "root", "assumed-role", "federated-user")
_FEDERATED: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def trust_policy(estate: Estate, text: str) -> TrustPolicy:
    """The trust policy in a text, its users and roles pinned.

    Raises:
        OperationError: when it is malformed, too long or names somebody who does not exist.
    """
    policy = read_document(text, PolicyType.TRUST)
    ids = {}
    pins = {}
    for statement in policy.statements:
        _check_others(estate, statement.principals or Principals())
        for principal in statement.principals.aws if statement.principals else ():
            arn, unique_id = _resolved(estate, principal)
            if arn != principal:
                ids[principal] = arn
            if unique_id is not None:
                pins[arn] = unique_id
    if size(text) > QUOTA:
        raise over_quota("ACLSizePerRole", QUOTA)
    return TrustPolicy(_rewritten(text, ids), pins)


def shown(estate: Estate, trust: TrustPolicy) -> str:
    """The document as IAM answers it: deleted users and roles appear as raw unique IDs."""
    gone = {arn: pin for arn, pin in trust.pins.items() if _id_of(estate, arn) != pin}
    return encoded(_rewritten(trust.text, gone))


def renamed(estate: Estate, old: str, new: str) -> Estate:
    """The estate after a user got another ARN: policies that pinned the user say the new one."""
    for account in estate.accounts.values():
        roles = {
            name: replace(role, trust=_repinned(estate, role.trust, old, new))
            for name, role in account.roles.items()
            if old in role.trust.pins
        }
        if roles:
            estate = estate.with_account(replace(account, roles={**account.roles, **roles}))
    return estate


def _repinned(estate: Estate, trust: TrustPolicy, old: str, new: str) -> TrustPolicy:
    if trust.pins[old] != _id_of(estate, new):
        return trust
    pins = {new if arn == old else arn: pin for arn, pin in trust.pins.items()}
    return TrustPolicy(_rewritten(trust.text, {old: new}), pins)


def _check_others(estate: Estate, principals: Principals) -> None:
    for service in principals.service:
        if not _SERVICE.fullmatch(service):
            raise _invalid("SERVICE", service)
    for provider in principals.federated:
        if not provider.startswith("arn:") and not _FEDERATED.fullmatch(provider):
            raise malformed("Federated principals must be valid domain names or SAML metadata ARNs")
        if provider.startswith("arn:") and not _is_provider(estate, provider):
            raise _invalid("FEDERATED", provider)


def _is_provider(estate: Estate, text: str) -> bool:
    arn = Arn.find(text)
    if arn is None or arn.service != "iam" or arn.kind not in {"saml-provider", "oidc-provider"}:
        return False
    account = estate.account(arn.account)
    # Only SAML providers are looked up: EKS users create roles before their OIDC provider.
    return account is None or arn.kind == "oidc-provider" or text in account.saml_providers


def _resolved(estate: Estate, principal: str) -> tuple[str, str | None]:
    """The principal as an ARN, and its unique ID when it is a user or role we know."""
    if principal == "*" or _ACCOUNT.fullmatch(principal):
        return principal, None
    if _UNIQUE_ID.fullmatch(principal):
        return _arn_of(estate, principal), principal
    arn = Arn.find(principal)
    if arn is None or not _ACCOUNT.fullmatch(arn.account) or arn.kind not in _KINDS:
        raise _invalid("AWS", principal)
    if arn.kind not in {"user", "role"} or arn.account not in estate.accounts:
        return principal, None
    unique_id = _id_of(estate, principal)
    if unique_id is None:
        raise _invalid("AWS", principal)
    return principal, unique_id


def _id_of(estate: Estate, text: str) -> str | None:
    """The unique ID of the user or role that has this ARN now."""
    arn = Arn.find(text)
    account = estate.account(arn.account) if arn else None
    if arn is None or account is None:
        return None
    found: User | Role | None = None
    if arn.kind == "user":
        found = account.users.get(arn.name)
    elif arn.kind == "role":
        found = account.roles.get(arn.name)
    return found.id if found and account.arn(arn.kind, found.path, found.name) == text else None


def _arn_of(estate: Estate, unique_id: str) -> str:
    for account in estate.accounts.values():
        for arn, found in _people(account):
            if found == unique_id:
                return arn
    raise _invalid("AWS", unique_id)


def _people(account: Account) -> Iterator[tuple[str, str]]:
    yield from ((account.user_arn(user), user.id) for user in account.users.values())
    yield from ((account.role_arn(role), role.id) for role in account.roles.values())


def _rewritten(text: str, names: Mapping[str, str]) -> str:
    """The document with principals exchanged; conditions are never touched (R26)."""
    if not names:
        return text
    document = json.loads(text)
    listed = document["Statement"]
    for statement in listed if isinstance(listed, list) else [listed]:
        principal = statement["Principal"]
        if isinstance(principal, dict) and "AWS" in principal:
            principal["AWS"] = _mapped(principal["AWS"], lambda name: names.get(name, name))
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401
    return [change(item) for item in value] if isinstance(value, list) else change(value)


def _invalid(kind: str, principal: str) -> Exception:
    return malformed(f'Invalid principal in policy: "{kind}":"{principal}"')
