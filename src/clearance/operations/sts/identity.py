"""GetCallerIdentity and GetAccessKeyInfo: who and where."""

from __future__ import annotations

from typing import Final

from clearance.model.estate import Account, Estate
from clearance.operations.call import Call, Input, Output
from clearance.operations.constraints import Rule, Text, check
from clearance.operations.fault import OperationError
from clearance.operations.sts.passed import INVALID

__all__ = ["get_access_key_info", "get_caller_identity"]

_KEY_RULES: Final[dict[str, Rule]] = {"AccessKeyId": Text(16, 128, r"[\w]*")}


def get_caller_identity(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """Who calls; no policy can take this away (R98)."""
    caller = call.principal
    return estate, {
        "UserId": caller.user_id or caller.account or call.account,
        "Account": caller.account or call.account,
        "Arn": caller.arn,
    }


def get_access_key_info(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The account an access key belongs to."""
    check(given, _KEY_RULES, INVALID, required=("AccessKeyId",))
    key = given["AccessKeyId"]
    if key == call.principal.access_key:
        return estate, {"Account": call.principal.account or call.account}
    owner = next((a.id for a in estate.accounts.values() if _has_key(a, key)), None)
    if owner is None:
        raise OperationError(INVALID, "Specified value for AccessKeyId is not valid.")
    return estate, {"Account": owner}


def _has_key(account: Account, key: str) -> bool:
    return key in account.root_keys or any(key in user.keys for user in account.users.values())
