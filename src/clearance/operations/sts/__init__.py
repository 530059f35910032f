"""STS's operations."""

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.sts.assume_role import assume_role
from clearance.operations.sts.assume_root import assume_root
from clearance.operations.sts.credentials import TemporaryCredentials
from clearance.operations.sts.execution import execution_session
from clearance.operations.sts.identity import get_access_key_info, get_caller_identity
from clearance.operations.sts.mfa import verify_mfa
from clearance.operations.sts.restrictions import refuse_restricted
from clearance.operations.sts.saml import assume_role_with_saml
from clearance.operations.sts.tokens import get_federation_token, get_session_token
from clearance.operations.sts.web_identity import assume_role_with_web_identity

__all__ = [
    "OPERATIONS",
    "TemporaryCredentials",
    "execution_session",
    "refuse_restricted",
    "verify_mfa",
]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "AssumeRole": assume_role,
    "AssumeRoleWithSAML": assume_role_with_saml,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "AssumeRoot": assume_root,
    "GetAccessKeyInfo": get_access_key_info,
    "GetCallerIdentity": get_caller_identity,
    "GetFederationToken": get_federation_token,
    "GetSessionToken": get_session_token,
}
