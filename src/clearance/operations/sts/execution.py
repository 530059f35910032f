"""The session in which a Lambda function runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from clearance.model.estate import Estate
from clearance.model.principal import Session
from clearance.operations.call import Ports
from clearance.operations.fault import OperationError
from clearance.operations.sts.assume_role import find_role, session_of
from clearance.operations.sts.credentials import TemporaryCredentials, issue

__all__ = ["execution_session"]

_LIFETIME: Final = timedelta(hours=12)


def execution_session(
    estate: Estate,
    role_arn: str,
    function_arn: str,
    *,
    ports: Ports,
    now: datetime,
    inside: bool = True,
) -> TemporaryCredentials:
    """Credentials of a function's execution role.

    ``function_arn`` is the unqualified ARN; it is the value of ``lambda:SourceFunctionArn`` in
    every call made ``inside`` the function (R214), and its last part is the session's name.
    Whether the role trusts Lambda is asked before, with ``refuse_untrusted_role``.

    Raises:
        OperationError: the role is gone.
    """
    found = find_role(estate, role_arn)
    if found is None:
        raise OperationError(
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
            400,
            {"Type": "User"},
        )
    account, role = found
    expires = now.replace(microsecond=0) + _LIFETIME
    source = function_arn if inside else None
    session = Session(issued=now, expires=expires, mfa=False, source_function_arn=source)
    name = function_arn.rsplit(":", 1)[-1]
    return issue(session_of(account, role, name, session), expires, ports)
