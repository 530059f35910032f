"""Who asks: root, user, role session, federated user, web identity, service, anonymous."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

__all__ = ["Principal", "PrincipalKind", "Session"]


class PrincipalKind(Enum):
    """The kinds of caller AWS knows (R137); the value is ``aws:PrincipalType`` where set."""

    ROOT = "Account"
    USER = "User"
    ROLE = "Role"  # a role as the subject of a simulation: any session of it
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    WEB_IDENTITY = "WebIdentityUser"
    SAML_IDENTITY = "SAMLUser"
    SERVICE = "Service"
    ANONYMOUS = "Anonymous"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Session:
    """What temporary credentials carry beside the identity behind them.

    ``policies`` are session policy texts (inline and managed alike); ``limited`` is True when a
    session policy was passed. ``chained`` marks a session made by another role session.
    """

    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tags: frozenset[str] = frozenset()
    issued: datetime | None = None
    expires: datetime | None = None
    source_identity: str | None = None
    mfa_age_from: datetime | None = None
    mfa: bool | None = None
    provider: str | None = None
    assumed_root: bool = False
    chained: bool = False
    source_function_arn: str | None = None

    @property
    def limited(self) -> bool:
        """True when a session policy narrows the session."""
        return bool(self.policies or self.policy_arns)


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller.

    ``arn`` is what AWS prints: the user, root, assumed-role session or federated-user ARN; the
    service name for a service; empty for an anonymous caller. ``role_arn`` (with path) stands
    behind a role session, ``parent_arn`` behind a federated user; ``unique_id`` is that of the
    user, the role or the parent. ``tags`` are those of the user or role itself; session tags are
    in ``session`` and win (R97).
    """

    kind: PrincipalKind
    arn: str = ""
    account: str | None = None
    partition: str = "aws"
    unique_id: str | None = None
    role_arn: str | None = None
    session_name: str | None = None
    parent_arn: str | None = None
    tags: Mapping[str, str] | None = None
    session: Session | None = None
    access_key: str | None = None

    @property
    def is_temporary(self) -> bool:
        """True when the caller uses temporary credentials."""
        return self.session is not None or self.kind in {
            PrincipalKind.ROLE_SESSION,
            PrincipalKind.FEDERATED_USER,
        }

    @property
    def is_service_linked(self) -> bool:
        """True for a session of a service-linked role, known by its path (R83)."""
        return self.role_arn is not None and ":role/aws-service-role/" in self.role_arn

    @property
    def policy_subject(self) -> str:
        """The ARN whose identity policies count: the user, the role, the parent user."""
        return self.role_arn or self.parent_arn or self.arn

    @property
    def user_id(self) -> str | None:
        """``aws:userid`` and STS's UserId, by kind of caller (R137)."""
        match self.kind:
            case PrincipalKind.ROOT:
                return self.account
            case PrincipalKind.FEDERATED_USER:
                return f"{self.account}:{self.arn.rsplit('/', 1)[-1]}"
            case PrincipalKind.ROLE_SESSION:
                return f"{self.unique_id}:{self.session_name}" if self.unique_id else None
            case PrincipalKind.USER:
                return self.unique_id
            case _:
                return None

    @property
    def display(self) -> str:
        """The caller as a message names it."""
        return self.arn or "anonymous"
