"""GetSessionToken and GetFederationToken: sessions of a user or of root."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from clearance.model.estate import Estate
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.operations.call import Call, Input, Output
from clearance.operations.constraints import Number, Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.sts.credentials import issue
from clearance.operations.sts.mfa import verify_mfa
from clearance.operations.sts.passed import INVALID, passed_by

__all__ = ["get_federation_token", "get_session_token"]

_TWELVE_HOURS: Final = 43200
_ROOT_SECONDS: Final = 3600
_SESSION_RULES: Final[dict[str, Rule]] = {
    "DurationSeconds": Number(900, 129600),
    "SerialNumber": Text(9, 256, r"[\w+=/:,.@-]*"),
    "TokenCode": Text(6, 6, r"[\d]*"),
}
_FEDERATION_RULES: Final[dict[str, Rule]] = {
    "Name": Text(2, 32, r"[\w+=,.@-]*"),
    "DurationSeconds": Number(900, 129600),
}


def get_session_token(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Temporary credentials of the calling user, with MFA if a code is given."""
    check(given, _SESSION_RULES, INVALID)
    _refuse_sessions(call.principal, "GetSessionToken")
    mfa = verify_mfa(estate, call.principal, given, call.now)
    expires = call.now.replace(microsecond=0) + _lifetime(call.principal, given)
    session = Session(
        issued=call.now, expires=expires, mfa=mfa, mfa_age_from=call.now if mfa else None
    )
    principal = replace(call.principal, session=session)
    return estate, {"Credentials": issue(principal, expires, call.ports).output}


def get_federation_token(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Temporary credentials of a federated user behind whom the calling user stands."""
    check(given, _FEDERATION_RULES, INVALID, required=("Name",))
    caller = call.principal
    _refuse_sessions(caller, "GetFederationToken")
    account = estate.accounts[caller.account or call.account]
    passed = passed_by(estate, account, given)
    expires = call.now.replace(microsecond=0) + _lifetime(caller, given)
    name = given["Name"]
    principal = Principal(
        kind=PrincipalKind.FEDERATED_USER,
        arn=f"arn:{account.partition}:sts::{account.id}:federated-user/{name}",
        account=account.id,
        partition=account.partition,
        unique_id=call.principal.unique_id,
        session_name=name,
        parent_arn=caller.arn,
        tags=caller.tags,
        session=Session(
            policies=passed.policies,
            policy_arns=passed.policy_arns,
            tags=passed.tags,
            issued=call.now,
            expires=expires,
            mfa=False,
        ),
    )
    output: dict[str, object] = {
        "Credentials": issue(principal, expires, call.ports).output,
        "FederatedUser": {"FederatedUserId": principal.user_id, "Arn": principal.arn},
    }
    if passed.size is not None:
        output["PackedPolicySize"] = passed.size
    return estate, output


def _refuse_sessions(principal: Principal, operation: str) -> None:
    """R99: only long-term credentials may ask for a token."""
    if principal.is_temporary:
        raise OperationError(
            "AccessDenied", f"Cannot call {operation} with session credentials", 403
        )


def _lifetime(principal: Principal, given: Input) -> timedelta:
    # "Sessions obtained using root user credentials are restricted to a maximum of 3,600 seconds
    # (one hour)"; a longer one "defaults to one hour" (API_GetFederationToken, STS)
    if principal.kind is PrincipalKind.ROOT:
        return timedelta(seconds=min(given.get("DurationSeconds") or _ROOT_SECONDS, _ROOT_SECONDS))
    return timedelta(seconds=given.get("DurationSeconds") or _TWELVE_HOURS)
