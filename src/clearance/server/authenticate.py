"""Signature and session token, to the caller they prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearance.model.estate import Account
from clearance.model.principal import Principal, PrincipalKind
from clearance.server.world import Holder, World
from clearance.store.seal import SealedSession, Unsealable
from clearance.wire.message import Message
from clearance.wire.sigv4 import AuthenticationError, AuthFailure, Claim, verify

__all__ = ["Caller", "authenticate"]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller and its request with the body that was signed."""

    principal: Principal
    message: Message


def authenticate(world: World, claim: Claim, message: Message) -> Caller:
    """Who sent the message.

    Raises:
        AuthenticationError: no key, a wrong one, an expired session, a bad signature.
    """
    now = world.now()
    if claim.session_token is not None:
        session = _session(world, claim)
        verified = verify(claim, message, session.secret, now)
        _refuse_expired(session, now)
        return Caller(_current(world, session), verified)
    holder = world.holder(claim.access_key)
    if holder is None:
        raise AuthenticationError(AuthFailure.UNKNOWN_KEY)
    if not holder.key.active:
        raise AuthenticationError(AuthFailure.INACTIVE_KEY)
    verified = verify(claim, message, holder.key.secret.value, now)
    return Caller(_principal(world, holder), verified)


def _session(world: World, claim: Claim) -> SealedSession:
    try:
        session = world.session(claim.session_token or "")
    except Unsealable:
        raise AuthenticationError(AuthFailure.INVALID_TOKEN) from None
    if session.access_key != claim.access_key:
        raise AuthenticationError(AuthFailure.INVALID_TOKEN)
    return session


def _refuse_expired(session: SealedSession, now: datetime) -> None:
    expires = session.expires
    if expires is None or expires <= now:
        raise AuthenticationError(AuthFailure.EXPIRED_TOKEN)


def _current(world: World, session: SealedSession) -> Principal:
    """The session's principal, if whoever stands behind it still exists.

    A role or user that was deleted takes its sessions along, and a namesake is somebody else.
    """
    principal = session.principal
    account = world.estate.account(principal.account)
    if account is None or not _stands(principal, account):
        raise AuthenticationError(AuthFailure.INVALID_TOKEN)
    return principal


def _stands(principal: Principal, account: Account) -> bool:
    if principal.kind is PrincipalKind.ROOT or principal.parent_arn == account.root_arn:
        return True
    name = principal.policy_subject.rsplit("/", 1)[-1]
    if principal.kind is PrincipalKind.ROLE_SESSION:
        role = account.roles.get(name)
        return role is not None and role.id == principal.unique_id
    user = account.users.get(name)
    known = principal.unique_id
    return user is not None and (known is None or not known.startswith("AIDA") or user.id == known)


def _principal(world: World, holder: Holder) -> Principal:
    found = world.principals.get(holder.key.id)
    if found is None:
        found = world.principals[holder.key.id] = _made(world, holder)
    return found


def _made(world: World, holder: Holder) -> Principal:
    account = world.estate.accounts[holder.account]
    if holder.user is None:
        return Principal(
            PrincipalKind.ROOT,
            account.root_arn,
            account.id,
            account.partition,
            unique_id=account.id,
            tags={},
            access_key=holder.key.id,
        )
    user = account.users[holder.user]
    return Principal(
        PrincipalKind.USER,
        account.user_arn(user),
        account.id,
        account.partition,
        unique_id=user.id,
        tags=user.tags,
        access_key=holder.key.id,
    )
