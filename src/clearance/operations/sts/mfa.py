"""Multi-factor authentication: one-time codes of virtual devices."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Any, Final

from clearance.model.estate import Estate, MfaDevice
from clearance.model.principal import Principal, PrincipalKind
from clearance.operations.call import Input
from clearance.operations.fault import OperationError

__all__ = ["one_time_code", "shows_mfa", "verify_mfa"]

_STEP: Final = 30  # seconds (RFC 6238)
_DIGITS: Final = 6
_DRIFT: Final = 1  # a code of the step before or after is taken too


def one_time_code(seed: str, now: datetime, step: int = 0) -> str:
    """The six digits a device with this base32 seed shows, ``step`` intervals from now.

    >>> from datetime import UTC
    >>> seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    >>> one_time_code(seed, datetime.fromtimestamp(59, UTC))
    '287082'
    """
    key = base64.b32decode(seed.upper() + "=" * (-len(seed) % 8))
    counter = int(now.timestamp()) // _STEP + step
    digest = hmac.new(key, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def verify_mfa(estate: Estate, principal: Principal, given: Input, now: datetime) -> bool:
    """True when the call carries a right code, False when it carries none.

    Raises:
        OperationError: AccessDenied when serial number and code do not go together.
    """
    serial, code = given.get("SerialNumber"), given.get("TokenCode")
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise _failed(", must provide both MFA serial number and one time pass code.")
    device = _device(estate, principal, serial)
    if device is None:
        raise _failed(
            ", unable to validate MFA code.  Please verify your MFA serial number is valid and"
            " associated with this user."
        )
    if not _shows(device, code, now):
        raise _failed(" with invalid MFA one time pass code. ")
    return True


def shows_mfa(estate: Estate, principal: Principal, given: Input, now: datetime) -> bool:
    """True when the call carries a right code; no code and a wrong one are alike.

    This is what a trust policy that asks for ``aws:MultiFactorAuthPresent`` hears (R99c).
    """
    if not all(isinstance(given.get(name), str) for name in ("SerialNumber", "TokenCode")):
        return False
    try:
        return verify_mfa(estate, principal, given, now)
    except OperationError:
        return False


def _failed(how: str) -> OperationError:
    return OperationError("AccessDenied", f"MultiFactorAuthentication failed{how}", 403)


def _device(estate: Estate, principal: Principal, serial: Any) -> MfaDevice | None:  # noqa: ANN401
    account = estate.account(principal.account)
    device = account.mfa_devices.get(serial) if account else None
    if account is None or device is None or device.enabled is None:
        return None
    if principal.kind is PrincipalKind.ROOT:
        return device if device.user is None else None
    user = account.users.get(device.user) if device.user else None
    return device if user and account.user_arn(user) == principal.arn else None


def _shows(device: MfaDevice, code: str, now: datetime) -> bool:
    try:
        codes = [one_time_code(device.seed.value, now, step) for step in range(-_DRIFT, _DRIFT + 1)]
    except (binascii.Error, ValueError):
        return False
    return any(hmac.compare_digest(shown.encode(), code.encode()) for shown in codes)
