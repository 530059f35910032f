"""Signing certificates of users."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate, UploadedKey, User
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.faults import no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import USER, account_of, keep, with_owner
from clearance.operations.iam.paging import page
from clearance.operations.iam.users import user_or_caller

__all__ = ["OPERATIONS"]

PER_USER: Final = 2
_ID: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_LENGTH: Final = 32
_PEM: Final = re.compile(
    r"\s*-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*"
)


def _der(body: str) -> bytes:
    """The bytes of a certificate in PEM; looks no further than its outermost SEQUENCE."""
    found = _PEM.fullmatch(body)
    try:
        der = b64decode(found[1]) if found else b""
    except Error:
        der = b""
    if der[:1] != b"\x30":
        raise OperationError("MalformedCertificate", f"Certificate {body} is malformed.")
    return der


def _certificate(user: User, given: Input) -> UploadedKey:
    certificate_id = given["CertificateId"]
    if certificate_id not in user.certificates:
        raise no_such_entity(f"The Certificate with id {certificate_id} cannot be found.")
    return user.certificates[certificate_id]


def _with(account: Account, user: User, held: UploadedKey) -> Account:
    changed = replace(user, certificates={**user.certificates, held.id: held})
    return with_owner(account, USER, changed)


def _view(user: User, held: UploadedKey) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CertificateId": held.id,
        "CertificateBody": held.body,
        "Status": "Active" if held.active else "Inactive",
        "UploadDate": held.uploaded,
    }


def upload_signing_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Keep a user's certificate."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    der = _der(given["CertificateBody"])
    if any(_der(held.body) == der for held in user.certificates.values()):
        raise OperationError("DuplicateCertificate", "The certificate already exists.", 409)
    if len(user.certificates) >= PER_USER:
        raise over_quota("CertificatesPerUser", PER_USER)
    unique_id = call.ports.token(_ID_LENGTH, _ID)
    held = UploadedKey(unique_id, given["CertificateBody"], call.now)
    return estate.with_account(_with(account, user, held)), {"Certificate": _view(user, held)}


def list_signing_certificates(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A user's certificates."""
    user = user_or_caller(account_of(estate, call), call, given)
    sent, rest = page(given, user.certificates.values(), lambda held: held.id)
    return estate, {"Certificates": [_view(user, held) for held in sent], **rest}


def update_signing_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Switch a certificate on or off."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    held = replace(_certificate(user, given), active=given["Status"] == "Active")
    return keep(estate, _with(account, user, held))


def delete_signing_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Forget a certificate."""
    account = account_of(estate, call)
    user = user_or_caller(account, call, given)
    gone = _certificate(user, given)
    left = {key: held for key, held in user.certificates.items() if key != gone.id}
    return keep(estate, with_owner(account, USER, replace(user, certificates=left)))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "UploadSigningCertificate": checked(upload_signing_certificate, "CertificateBody"),
    "ListSigningCertificates": checked(list_signing_certificates),
    "UpdateSigningCertificate": checked(update_signing_certificate, "CertificateId", "Status"),
    "DeleteSigningCertificate": checked(delete_signing_certificate, "CertificateId"),
}
