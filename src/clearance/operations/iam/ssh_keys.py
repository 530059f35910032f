"""Public SSH keys that users upload for CodeCommit."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import md5
from textwrap import wrap
from typing import Any, Final

from clearance.model.estate import Account, Estate, UploadedKey, User
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.faults import no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import USER, account_of, keep, user_named, with_owner
from clearance.operations.iam.paging import page
from clearance.operations.iam.users import user_or_caller

__all__ = ["OPERATIONS"]

KEYS_PER_USER: Final = 5
MINIMUM_BITS: Final = 2048
_RSA: Final = b"ssh-rsa"
# SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL } (RFC 8017, A.1)
_ALGORITHM: Final = bytes.fromhex("300d06092a864886f70d0101010500")


def _blob(body: str) -> bytes:
    """The bytes of an ``ssh-rsa`` line; refuses everything else."""
    words = body.split()
    try:
        blob = b64decode(words[1], validate=True)
        kind, _, modulus = _fields(blob)
    except (IndexError, ValueError, Error):
        raise _invalid() from None
    if words[0].encode() != _RSA or kind != _RSA:
        raise _invalid()
    if int.from_bytes(modulus, "big").bit_length() < MINIMUM_BITS:
        raise _invalid()
    return blob


def _invalid() -> OperationError:
    return OperationError("InvalidPublicKey", "The public key is not a valid SSH RSA public key.")


def _fields(blob: bytes) -> Iterator[bytes]:
    """The length-prefixed fields of an SSH key (RFC 4253, 6.6)."""
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError(length)
        yield blob[4 : 4 + length]
        blob = blob[4 + length :]


def _pem(blob: bytes) -> str:
    """The key as SubjectPublicKeyInfo, which is what ``PEM`` asks for."""
    _, exponent, modulus = _fields(blob)
    key = _der(0x30, _der(0x02, modulus) + _der(0x02, exponent))
    info = _der(0x30, _ALGORITHM + _der(0x03, b"\0" + key))
    lines = wrap(b64encode(info).decode(), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:  # noqa: PLR2004
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _fingerprint(blob: bytes) -> str:
    """The MD5 digest of the key, as AWS shows it."""
    return ":".join(wrap(md5(blob, usedforsecurity=False).hexdigest(), 2))


def _key(user: User, given: Input) -> UploadedKey:
    key_id = given["SSHPublicKeyId"]
    if key_id not in user.ssh_keys:
        raise no_such_entity(f"The Public Key with id {key_id} cannot be found.")
    return user.ssh_keys[key_id]


def _with(account: Account, user: User, key: UploadedKey) -> Account:
    return with_owner(account, USER, replace(user, ssh_keys={**user.ssh_keys, key.id: key}))


def _listed(user: User, key: UploadedKey) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "SSHPublicKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "UploadDate": key.uploaded,
    }


def _view(user: User, key: UploadedKey, encoding: str = "SSH") -> dict[str, Any]:
    blob = _blob(key.body)
    body = key.body if encoding == "SSH" else _pem(blob)
    return {
        **_listed(user, key),
        "Fingerprint": _fingerprint(blob),
        "SSHPublicKeyBody": body,
    }


def upload_ssh_public_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Keep a user's key."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    body = given["SSHPublicKeyBody"].strip()
    blob = _blob(body)
    if any(_blob(held.body) == blob for held in user.ssh_keys.values()):
        raise OperationError("DuplicateSSHPublicKey", "The SSH public key already exists.")
    if len(user.ssh_keys) >= KEYS_PER_USER:
        raise over_quota("SSHPublicKeysPerUser", KEYS_PER_USER)
    key = UploadedKey(call.ports.unique_id("APKA"), body, call.now)
    return estate.with_account(_with(account, user, key)), {"SSHPublicKey": _view(user, key)}


def get_ssh_public_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A key in the encoding asked for."""
    user = user_named(account_of(estate, call), given["UserName"])
    return estate, {"SSHPublicKey": _view(user, _key(user, given), given["Encoding"])}


def list_ssh_public_keys(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A user's keys."""
    user = user_or_caller(account_of(estate, call), call, given)
    sent, rest = page(given, user.ssh_keys.values(), lambda key: key.id)
    return estate, {"SSHPublicKeys": [_listed(user, key) for key in sent], **rest}


def update_ssh_public_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Switch a key on or off."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    key = replace(_key(user, given), active=given["Status"] == "Active")
    return keep(estate, _with(account, user, key))


def delete_ssh_public_key(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Forget a key."""
    account = account_of(estate, call)
    user = user_named(account, given["UserName"])
    gone = _key(user, given)
    left = {key: held for key, held in user.ssh_keys.items() if key != gone.id}
    return keep(estate, with_owner(account, USER, replace(user, ssh_keys=left)))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "UploadSSHPublicKey": checked(upload_ssh_public_key, "UserName", "SSHPublicKeyBody"),
    "GetSSHPublicKey": checked(get_ssh_public_key, "UserName", "SSHPublicKeyId", "Encoding"),
    "ListSSHPublicKeys": checked(list_ssh_public_keys),
    "UpdateSSHPublicKey": checked(update_ssh_public_key, "UserName", "SSHPublicKeyId", "Status"),
    "DeleteSSHPublicKey": checked(delete_ssh_public_key, "UserName", "SSHPublicKeyId"),
}
