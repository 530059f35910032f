"""AssumeRole: a user or a role session becomes a role session."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Role
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.operations.call import Call, Input, Output
from clearance.operations.constraints import Number, Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.sts.credentials import issue
from clearance.operations.sts.mfa import verify_mfa
from clearance.operations.sts.passed import INVALID, passed_by

__all__ = ["NAME", "assume_role", "find_role", "seconds_of", "session_of"]

NAME: Final = Text(2, 64, r"[\w+=,.@-]*")
_RULES: Final[dict[str, Rule]] = {
    "RoleArn": Text(20, 2048),
    "RoleSessionName": NAME,
    "DurationSeconds": Number(900, 43200),
    "ExternalId": Text(2, 1224, r"[\w+=,.@:\/-]*"),
    "SerialNumber": Text(9, 256, r"[\w+=/:,.@-]*"),
    "TokenCode": Text(6, 6, r"[\d]*"),
    "SourceIdentity": NAME,
}
_HOUR: Final = 3600


def assume_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Open a session of a role. Who may is decided before, by the role's trust policy."""
    check(given, _RULES, INVALID, required=("RoleArn", "RoleSessionName"))
    arn, name = given["RoleArn"], given["RoleSessionName"]
    if Arn.find(arn) is None:
        raise OperationError(INVALID, f"{arn} is invalid")
    if call.principal.kind is PrincipalKind.ROOT:
        raise OperationError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    found = find_role(estate, arn)
    if found is None:
        # AWS does not tell a role that is not there from one that may not be assumed.
        raise OperationError(
            "AccessDenied",
            f"User: {call.principal.display} is not authorized to perform: sts:AssumeRole"
            f" on resource: {arn}",
            403,
        )
    account, role = found
    caller = call.principal.session
    chained = call.principal.kind is PrincipalKind.ROLE_SESSION
    seconds = seconds_of(given.get("DurationSeconds"), role, chained=chained)
    verify_mfa(estate, call.principal, given, call.now)
    passed = passed_by(estate, account, given, caller)
    source_identity = _source_identity(caller, given.get("SourceIdentity"))
    expires = call.now.replace(microsecond=0) + timedelta(seconds=seconds)
    session = Session(
        policies=passed.policies,
        policy_arns=passed.policy_arns,
        tags=passed.tags,
        transitive_tags=passed.transitive,
        issued=call.now,
        expires=expires,
        source_identity=source_identity,
        # "The temporary credentials returned by AssumeRole do not include MFA information in the
        # context" (IAM User Guide, id_credentials_mfa_configure-api-require)
        mfa=False,
        chained=chained,
    )
    principal = session_of(account, role, name, session)
    credentials = issue(principal, expires, call.ports)
    output: dict[str, object] = {
        "Credentials": credentials.output,
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
    }
    if passed.size is not None:
        output["PackedPolicySize"] = passed.size
    if source_identity is not None:
        output["SourceIdentity"] = source_identity
    return estate, output


def find_role(estate: Estate, arn: str) -> tuple[Account, Role] | None:
    """The role with this ARN, path included, and the account it is in."""
    parts = Arn.find(arn)
    account = estate.account(parts.account) if parts else None
    if parts is None or account is None or not parts.resource.startswith("role/"):
        return None
    role = account.roles.get(parts.name)
    return (account, role) if role and account.role_arn(role) == arn else None


def session_arn(account: Account, role: Role, name: str) -> str:
    """The ARN of a role session; the role's path is not in it."""
    return f"arn:{account.partition}:sts::{account.id}:assumed-role/{role.name}/{name}"


def session_of(account: Account, role: Role, name: str, session: Session) -> Principal:
    """The principal that a session of the role is."""
    return Principal(
        kind=PrincipalKind.ROLE_SESSION,
        arn=session_arn(account, role, name),
        account=account.id,
        partition=account.partition,
        unique_id=role.id,
        role_arn=account.role_arn(role),
        session_name=name,
        tags=dict(role.tags),
        session=session,
    )


def seconds_of(asked: int | None, role: Role, *, chained: bool) -> int:
    """How long a session lasts: as asked, an hour unless told, within what the role allows."""
    if chained and (asked or 0) > _HOUR:
        raise OperationError(
            INVALID,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining",
        )
    if (asked or 0) > role.max_session:
        raise OperationError(
            INVALID,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    return asked or _HOUR


def _source_identity(caller: Session | None, asked: str | None) -> str | None:
    """The source identity of the new session; once set it stays through a chain (R96)."""
    kept = caller.source_identity if caller else None
    if kept is not None and asked is not None and asked != kept:
        # The words are ours: AWS documents the refusal, not its text.
        raise OperationError(
            "AccessDenied", "The source identity of the calling session cannot be changed.", 403
        )
    return kept or asked
