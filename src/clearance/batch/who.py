"""`userIdentity` to the principal that was authorized, and the context keys it tells.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from clearance.decide import identify
from clearance.explain.evidence import Json, at, text_of
from clearance.model.errors import ClearanceError
from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind, Session

__all__ = ["NAMES_SESSIONS", "Value", "Who", "who"]

Value = str | bool | tuple[str, ...]
ANY: Final = "any"  # the name of sessions that nothing tells apart
# Words of policies that name sessions.
NAMES_SESSIONS: Final = ("assumed-role", "aws:userid")


@dataclass(frozen=True, slots=True)
class Who:
    """A caller. Without a principal, ``gap`` says why nobody can be decided for."""

    principal: Principal | None
    context: Mapping[str, Value] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    gap: str | None = None
    for_caller: bool = False  # a service made the call: address and agent are its own


def who(identity: Json, estate: Estate, spoken: Container[str]) -> Who:
    """The caller of a record; times that no policy tests are left out, so that sessions fold."""
    kind = text_of(identity, "type") or "Unknown"
    reader = _KINDS.get(kind)
    if reader is None:
        return Who(None, gap=f"callers of type {kind} cannot be told from the record")
    try:
        principal = reader(identity, estate)
    except ClearanceError:
        principal = None
    if principal is None:
        return Who(None, gap=f"callers of type {kind} without an ARN cannot be told")
    if principal.kind is PrincipalKind.FEDERATED_USER:
        # No session policy, no rights (R68), and the record does not hold it.
        return Who(None, gap="session policies of federated users are not in the record")
    return _circumstances(_folded(_in_session(principal, identity, spoken), spoken), identity)


def _folded(principal: Principal, spoken: Container[str]) -> Principal:
    """Sessions of a role are one where no policy names a session or tests its name."""
    if principal.kind is not PrincipalKind.ROLE_SESSION or principal.session_name is None:
        return principal
    if any(word in spoken for word in NAMES_SESSIONS):
        return principal
    arn = f"{principal.arn.rpartition('/')[0]}/{ANY}"
    return replace(principal, arn=arn, session_name=ANY)


def _in_session(principal: Principal, identity: Json, spoken: Container[str]) -> Principal:
    context = at(identity, "sessionContext")
    if not isinstance(context, dict) or principal.kind is PrincipalKind.SERVICE:
        return principal
    issued = text_of(context, "attributes", "creationDate")
    mfa = text_of(context, "attributes", "mfaAuthenticated")
    keep = issued is not None and "aws:TokenIssueTime" in spoken
    session = Session(
        issued=_time(issued) if keep and issued else None,
        mfa=None if mfa is None else mfa == "true",
        source_identity=text_of(context, "sourceIdentity"),
        provider=text_of(context, "webIdFederationData", "federatedProvider"),
        assumed_root=text_of(context, "assumedRoot") == "true",
    )
    return Principal(
        principal.kind,
        principal.arn,
        principal.account,
        principal.partition,
        principal.unique_id,
        principal.role_arn,
        principal.session_name,
        principal.parent_arn,
        principal.tags,
        session,
    )


def _circumstances(principal: Principal, identity: Json) -> Who:
    """Whether the caller called, or a service for it (forward access sessions)."""
    service = text_of(identity, "invokedBy")
    if service is None or principal.kind is PrincipalKind.SERVICE:
        return Who(principal)
    if principal.is_service_linked:
        return Who(principal, for_caller=True)  # the service's own call, by its own role
    chain = ("aws:CalledVia", "aws:CalledViaFirst")
    if principal.kind is PrincipalKind.ROLE_SESSION or "." not in service:
        # A service that uses a service role and one that passes the caller's request on look
        # alike here; only the second is "via" (aws:ViaAWSService).
        unknown = (*chain, "aws:CalledViaLast", "aws:ViaAWSService")
        return Who(principal, unknown=unknown, for_caller=True)
    known: dict[str, Value] = {"aws:ViaAWSService": True, "aws:CalledViaLast": service}
    return Who(principal, known, chain, for_caller=True)


def _by_arn(identity: Json, estate: Estate) -> Principal | None:
    """Users and root: the ARN; the unique ID settles who of two namesakes it was."""
    del estate
    arn = text_of(identity, "arn")
    found = identify(arn) if arn else None
    unique = text_of(identity, "principalId")
    if found is None or found.kind is not PrincipalKind.USER or unique is None:
        return found
    return _with_id(found, unique)


def _assumed_role(identity: Json, estate: Estate) -> Principal | None:
    del estate
    arn = text_of(identity, "arn")
    if arn is None:
        return None
    found = identify(arn)
    issuer = at(identity, "sessionContext", "sessionIssuer")
    role = text_of(issuer, "arn") or found.role_arn
    unique = (
        text_of(issuer, "principalId") or (text_of(identity, "principalId") or "").split(":")[0]
    )
    if found.kind is PrincipalKind.ROLE_SESSION:
        return _with_id(found, unique or None, role)
    return found


def _with_id(found: Principal, unique: str | None, role: str | None = None) -> Principal:
    return Principal(
        found.kind,
        found.arn,
        found.account,
        found.partition,
        unique,
        role or found.role_arn,
        found.session_name,
    )


def _service(identity: Json, estate: Estate) -> Principal | None:
    del estate
    name = text_of(identity, "invokedBy")
    return (
        Principal(PrincipalKind.SERVICE, name)
        if name and name.endswith(("amazonaws.com", "amazonaws.com.cn"))
        else None
    )


def _other_account(identity: Json, estate: Estate) -> Principal | None:
    """The owner's copy of a cross-account call names an account and a unique ID, no ARN."""
    number = text_of(identity, "accountId")
    if number == "anonymous":
        return Principal(PrincipalKind.ANONYMOUS)
    unique, _, session = (text_of(identity, "principalId") or "").partition(":")
    account = estate.account(number)
    if account is None or not unique:
        return None
    for user in account.users.values():
        if user.id == unique:
            return identify(account.user_arn(user))
    for role in account.roles.values():
        if role.id == unique and session:
            start = f"arn:{account.partition}:sts::{account.id}:assumed-role"
            found = identify(f"{start}/{role.name}/{session}")
            return _with_id(found, unique, account.role_arn(role))
    return None


def _web_identity(identity: Json, estate: Estate) -> Principal | None:
    del estate
    provider = text_of(identity, "identityProvider")
    return Principal(PrincipalKind.WEB_IDENTITY, provider) if provider else None


def _saml(identity: Json, estate: Estate) -> Principal | None:
    del estate
    provider = text_of(identity, "identityProvider")
    return Principal(PrincipalKind.SAML_IDENTITY, provider) if provider else None


def _unknown(identity: Json, estate: Estate) -> Principal | None:
    anonymous = text_of(identity, "accountId") == "anonymous"
    return _other_account(identity, estate) if anonymous else None


_KINDS: Final[Mapping[str, Callable[[Json, Estate], Principal | None]]] = {
    "Root": _by_arn,
    "IAMUser": _by_arn,
    "Role": _by_arn,
    "AssumedRole": _assumed_role,
    "FederatedUser": _by_arn,
    "AWSService": _service,
    "AWSAccount": _other_account,
    "WebIdentityUser": _web_identity,
    "SAMLUser": _saml,
    "Unknown": _unknown,
}


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
