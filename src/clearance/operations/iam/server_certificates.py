"""Server certificates: for services that cannot use AWS Certificate Manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate, Secret, ServerCertificate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam import x509
from clearance.operations.iam.faults import already_exists, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import server_certificate
from clearance.operations.iam.owners import account_of, keep
from clearance.operations.iam.paging import page
from clearance.operations.iam.tags import new_tags, tag_list

__all__ = ["OPERATIONS"]

PER_ACCOUNT: Final = 20


def upload_server_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Keep a certificate; its private key never comes out again."""
    account = account_of(estate, call)
    name, body, chain = (
        given["ServerCertificateName"], given["CertificateBody"], given.get("CertificateChain"),
    )  # fmt: skip
    tags = new_tags(given)
    certificate = _block(body, "CERTIFICATE")
    ends, public = x509.not_after(certificate), x509.public_key(certificate)
    if ends is None or public is None:
        raise _malformed("Unable to parse certificate. Please ensure the certificate is in PEM"
                         " format.")  # fmt: skip
    blocks = x509.pem(given["PrivateKey"])
    # A key of an elliptic curve may come after the name of its curve.
    key = next((body for kind, body in blocks if kind.endswith("PRIVATE KEY")), b"")
    own = x509.private_key(key)
    if own is None:
        raise _malformed("Unable to parse key; the key may be encrypted.")
    if own and own != public:
        raise OperationError("KeyPairMismatch", "Private key does not match with certificate.", 400)
    if chain is not None and not x509.pem(chain):
        raise _malformed("Unable to parse certificate chain.")
    _free(account, name)
    if len(account.server_certificates) >= PER_ACCOUNT:
        raise over_quota("ServerCertificatesPerAccount", PER_ACCOUNT)
    made = ServerCertificate(
        name, call.ports.unique_id("ASCA"), call.now, ends, body, Secret(given["PrivateKey"]),
        chain, given.get("Path", "/"), tags,
    )  # fmt: skip
    answer: dict[str, Any] = {"ServerCertificateMetadata": _metadata(account, made)}
    if tags:
        answer["Tags"] = tag_list(tags)
    return estate.with_account(_with(account, made)), answer


def get_server_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A certificate with its chain, not its key."""
    account = account_of(estate, call)
    found = server_certificate(account, given["ServerCertificateName"])
    shown: dict[str, Any] = {
        "ServerCertificateMetadata": _metadata(account, found),
        "CertificateBody": found.body,
    }
    if found.chain is not None:
        shown["CertificateChain"] = found.chain
    if found.tags:
        shown["Tags"] = tag_list(found.tags)
    return estate, {"ServerCertificate": shown}


def list_server_certificates(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The certificates under a path."""
    account = account_of(estate, call)
    prefix = given.get("PathPrefix", "/")
    found = [c for c in account.server_certificates.values() if c.path.startswith(prefix)]
    sent, rest = page(given, found, lambda certificate: certificate.name)
    listed = [_metadata(account, certificate) for certificate in sent]
    return estate, {"ServerCertificateMetadataList": listed, **rest}


def update_server_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Give a certificate another name or path."""
    account = account_of(estate, call)
    found = server_certificate(account, given["ServerCertificateName"])
    name = given.get("NewServerCertificateName", found.name)
    if name != found.name:
        _free(account, name, but=found.name)
    after = replace(found, name=name, path=given.get("NewPath", found.path))
    return keep(estate, _with(_without(account, found.name), after))


def delete_server_certificate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Forget a certificate."""
    account = account_of(estate, call)
    found = server_certificate(account, given["ServerCertificateName"])
    return keep(estate, _without(account, found.name))


def _block(text: str, kind: str) -> bytes:
    blocks = x509.pem(text)
    return blocks[0][1] if len(blocks) == 1 and blocks[0][0] == kind else b""


def _malformed(message: str) -> OperationError:
    return OperationError("MalformedCertificate", message, 400)


def _free(account: Account, name: str, but: str | None = None) -> None:
    taken = (held for held in account.server_certificates if held != but)
    if any(name.lower() == held.lower() for held in taken):
        raise already_exists(f"The Server Certificate with name {name} already exists.")


def _with(account: Account, held: ServerCertificate) -> Account:
    return replace(account, server_certificates={**account.server_certificates, held.name: held})


def _without(account: Account, name: str) -> Account:
    left = {key: held for key, held in account.server_certificates.items() if key != name}
    return replace(account, server_certificates=left)


def _metadata(account: Account, held: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": held.path,
        "ServerCertificateName": held.name,
        "ServerCertificateId": held.id,
        "Arn": account.arn("server-certificate", held.path, held.name),
        "UploadDate": held.uploaded,
        "Expiration": held.expires,
    }


OPERATIONS: Final[Mapping[str, Operation]] = {
    "UploadServerCertificate": checked(
        upload_server_certificate, "ServerCertificateName", "CertificateBody", "PrivateKey"
    ),
    "GetServerCertificate": checked(get_server_certificate, "ServerCertificateName"),
    "ListServerCertificates": checked(list_server_certificates),
    "UpdateServerCertificate": checked(update_server_certificate, "ServerCertificateName"),
    "DeleteServerCertificate": checked(delete_server_certificate, "ServerCertificateName"),
}
