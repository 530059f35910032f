"""What root and temporary credentials may never call, whatever the policies say (R99)."""

from __future__ import annotations

from typing import Final

from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.fault import OperationError

__all__ = ["refuse_restricted"]

_USER_SESSION_STS: Final = {"AssumeRole", "GetCallerIdentity"}


def refuse_restricted(principal: Principal, service: str, operation: str) -> None:
    """Refuse a call that this kind of credentials cannot make, before policies are asked.

    ``service`` is the signing name. "You cannot call any IAM API operations unless MFA
    authentication information is included in the request" (IAM User Guide,
    id_credentials_sts-comparison).

    Raises:
        OperationError: InvalidClientTokenId for IAM, AccessDenied for STS.
    """
    if (service, operation) == ("sts", "AssumeRole") and principal.kind is PrincipalKind.ROOT:
        raise OperationError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    if service not in {"iam", "sts"} or not principal.is_temporary:
        return
    federated = principal.kind is PrincipalKind.FEDERATED_USER
    of_user = principal.kind in {PrincipalKind.USER, PrincipalKind.ROOT}
    # A session of AssumeRoot is there to call IAM; its task policy says what.
    mfa = bool(principal.session and (principal.session.mfa or principal.session.assumed_root))
    if service == "iam" and (federated or (of_user and not mfa)):
        raise OperationError(
            "InvalidClientTokenId", "The security token included in the request is invalid", 403
        )
    if service != "sts" or operation == "GetCallerIdentity":
        return
    if operation in {"GetSessionToken", "GetFederationToken"}:
        raise OperationError(
            "AccessDenied", f"Cannot call {operation} with session credentials", 403
        )
    if federated or (of_user and operation not in _USER_SESSION_STS):
        raise OperationError(
            "AccessDenied",
            f"User: {principal.display} is not authorized to perform: sts:{operation}",
            403,
        )
