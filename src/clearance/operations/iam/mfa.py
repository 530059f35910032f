"""Virtual MFA devices and the six digits they show (RFC 6238)."""

from __future__ import annotations

from base64 import b32decode
from binascii import Error
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hmac import compare_digest, digest
from typing import Any, Final

from clearance.model.estate import Account, Estate, MfaDevice, Secret
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.faults import already_exists, conflict, no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import mfa_device
from clearance.operations.iam.owners import account_of, keep, user_named
from clearance.operations.iam.paging import page
from clearance.operations.iam.tags import new_tags, tag_list
from clearance.operations.iam.users import user_or_caller
from clearance.operations.iam.views import user_view

__all__ = ["OPERATIONS", "codes_follow", "totp"]

STEP: Final = 30
DRIFT: Final = 10
DIGITS: Final = 6
DEVICES_PER_USER: Final = 8
_SEED_LENGTH: Final = 64
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def totp(seed: str, moment: datetime, offset: int = 0) -> str:
    """The code a device shows at a moment, some steps of 30 seconds away.

    >>> from datetime import UTC
    >>> totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", datetime(1970, 1, 1, 0, 0, 59, tzinfo=UTC))
    '287082'
    """
    counter = int(moment.timestamp()) // STEP + offset
    mac = digest(_seed_bytes(seed), counter.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def _seed_bytes(seed: str) -> bytes:
    try:
        return b32decode(seed)
    except Error:
        return seed.encode()


def codes_follow(seed: str, now: datetime, first: str, second: str) -> bool:
    """True when the device showed the two codes one after the other, not long ago."""
    return any(
        compare_digest(first, totp(seed, now, step))
        and compare_digest(second, totp(seed, now, step + 1))
        for step in range(-DRIFT, DRIFT)
    )


def _with(account: Account, device: MfaDevice) -> Account:
    return replace(account, mfa_devices={**account.mfa_devices, device.serial: device})


def create_virtual_mfa_device(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make a device; the seed is shown this once."""
    account = account_of(estate, call)
    tags = new_tags(given)
    serial = account.arn("mfa", given.get("Path", "/"), given["VirtualMFADeviceName"])
    if any(serial.lower() == taken.lower() for taken in account.mfa_devices):
        raise already_exists("MFA device already exists.")
    seed = call.ports.token(_SEED_LENGTH, _BASE32)
    device = MfaDevice(serial, Secret(seed), call.now, tags=tags)
    view: dict[str, Any] = {"SerialNumber": serial, "Base32StringSeed": seed.encode()}
    if tags:
        view["Tags"] = tag_list(tags)
    return estate.with_account(_with(account, device)), {"VirtualMFADevice": view}


def _refuse_codes(device: MfaDevice, call: Call, given: Input) -> None:
    first, second = given["AuthenticationCode1"], given["AuthenticationCode2"]
    if not codes_follow(device.seed.value, call.now, first, second):
        raise OperationError(
            "InvalidAuthenticationCode", "Authentication code for device is not valid", 403
        )


def enable_mfa_device(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Assign a device to a user who can show two codes from it."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    device = mfa_device(account, given["SerialNumber"])
    if device.user is not None:
        raise already_exists("MFA Device is already in use.")
    if sum(held.user == user.name for held in account.mfa_devices.values()) >= DEVICES_PER_USER:
        raise over_quota("MfaDevicesPerUser", DEVICES_PER_USER)
    _refuse_codes(device, call, given)
    return keep(estate, _with(account, replace(device, user=user.name, enabled=call.now)))


def resync_mfa_device(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Accept two codes from a device whose clock has drifted."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    device = _assigned(account, user.name, given["SerialNumber"])
    _refuse_codes(device, call, given)
    return estate, {}


def _assigned(account: Account, user: str, serial: str) -> MfaDevice:
    device = mfa_device(account, serial)
    if device.user != user:
        raise no_such_entity(f"MFA Device with serial number {serial} does not exist.")
    return device


def deactivate_mfa_device(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Take a device from its user."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    device = _assigned(account, user.name, given["SerialNumber"])
    return keep(estate, _with(account, replace(device, user=None, enabled=None)))


def delete_virtual_mfa_device(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a device that nobody uses."""
    account = account_of(estate, call)
    device = mfa_device(account, given["SerialNumber"])
    if device.user is not None:
        raise conflict("MFA VirtualDevice in use. Must deactivate first.")
    left = {k: held for k, held in account.mfa_devices.items() if k != device.serial}
    return keep(estate, replace(account, mfa_devices=left))


def list_mfa_devices(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The devices a user has."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    held = (device for device in account.mfa_devices.values() if device.user == user.name)
    sent, rest = page(given, held, lambda device: device.serial.rsplit("/", 1)[-1])
    return estate, {"MFADevices": [_assignment(device) for device in sent], **rest}


def _assignment(device: MfaDevice) -> dict[str, Any]:
    return {
        "UserName": device.user,
        "SerialNumber": device.serial,
        "EnableDate": device.enabled or device.created,
    }


def get_mfa_device(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A device and whose it is."""
    account = account_of(estate, call)
    serial = given["SerialNumber"]
    device = mfa_device(account, serial)
    if "UserName" in given:
        device = _assigned(account, user_named(account, given["UserName"]).name, serial)
    view: dict[str, Any] = {"SerialNumber": serial}
    if device.user is not None:
        view = _assignment(device)
    return estate, view


def list_virtual_mfa_devices(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """All virtual devices, or those that are assigned or not."""
    account = account_of(estate, call)
    wanted = given.get("AssignmentStatus", "Any")
    found = (
        device
        for device in account.mfa_devices.values()
        if wanted == "Any" or (wanted == "Assigned") == (device.user is not None)
    )
    sent, rest = page(given, found, lambda device: device.serial.rsplit("/", 1)[-1])
    return estate, {"VirtualMFADevices": [_view(account, device) for device in sent], **rest}


def _view(account: Account, device: MfaDevice) -> dict[str, Any]:
    view: dict[str, Any] = {"SerialNumber": device.serial}
    if device.enabled is not None:
        view["EnableDate"] = device.enabled
    if device.user is not None and device.user in account.users:
        view["User"] = user_view(account, account.users[device.user])
    return view


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateVirtualMFADevice": checked(create_virtual_mfa_device, "VirtualMFADeviceName"),
    "EnableMFADevice": checked(
        enable_mfa_device,
        "UserName",
        "SerialNumber",
        "AuthenticationCode1",
        "AuthenticationCode2",
    ),
    "ResyncMFADevice": checked(
        resync_mfa_device,
        "UserName",
        "SerialNumber",
        "AuthenticationCode1",
        "AuthenticationCode2",
    ),
    "DeactivateMFADevice": checked(deactivate_mfa_device, "SerialNumber"),
    "DeleteVirtualMFADevice": checked(delete_virtual_mfa_device, "SerialNumber"),
    "ListMFADevices": checked(list_mfa_devices),
    "GetMFADevice": checked(get_mfa_device, "SerialNumber"),
    "ListVirtualMFADevices": checked(list_virtual_mfa_devices),
}
