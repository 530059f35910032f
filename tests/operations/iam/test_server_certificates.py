"""Server certificates: kept, shown without their keys, renamed, tagged, deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from tests.operations.iam.world import NOW, A, World

ENDS = datetime(2027, 3, 1, 12, 30, 15, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(key: Key, ends: datetime = ENDS) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def pem(key: Key, form: str = "TraditionalOpenSSL", secret: bytes | None = None) -> str:
    seal = serialization.BestAvailableEncryption(secret) if secret else (
        serialization.NoEncryption())  # fmt: skip
    return key.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), seal
    ).decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def world() -> World:
    return World()


def upload(world: World, name: str = "site", **more: Any) -> Any:
    given = {"CertificateBody": certificate(RSA), "PrivateKey": pem(RSA), **more}
    return world("UploadServerCertificate", ServerCertificateName=name, **given)


def test_it_comes_back_without_its_key(world: World) -> None:
    made = upload(world, Path="/cloudfront/", CertificateChain=certificate(OTHER),
                  Tags=[{"Key": "a", "Value": "b"}])  # fmt: skip
    shown = made["ServerCertificateMetadata"]
    assert shown["Arn"] == f"arn:aws:iam::{A}:server-certificate/cloudfront/site"
    assert (shown["UploadDate"], shown["Expiration"]) == (NOW, ENDS)
    assert shown["ServerCertificateId"].startswith("ASCA")
    got = world("GetServerCertificate", ServerCertificateName="site")["ServerCertificate"]
    assert "BEGIN CERTIFICATE" in got["CertificateBody"]
    assert "PRIVATE KEY" not in str(got)
    assert got["Tags"] == made["Tags"] == [{"Key": "a", "Value": "b"}]
    listed = world("ListServerCertificates", PathPrefix="/cloudfront/")
    assert listed["ServerCertificateMetadataList"] == [shown]
    assert world("ListServerCertificates", PathPrefix="/x/")["ServerCertificateMetadataList"] == []
    assert world("GetAccountSummary")["SummaryMap"]["ServerCertificates"] == 1


@pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
@pytest.mark.parametrize("key", [RSA, CURVE], ids=["rsa", "curve"])
def test_keys_of_each_form(world: World, key: Key, form: str) -> None:
    upload(world, CertificateBody=certificate(key), PrivateKey=pem(key, form))
    refused = world.refused(
        "UploadServerCertificate", ServerCertificateName="other",
        CertificateBody=certificate(key), PrivateKey=pem(OTHER, form),
    )  # fmt: skip
    message = "Private key does not match with certificate."
    assert refused == ("KeyPairMismatch", message, 400)


@pytest.mark.parametrize(
    "given",
    [
        {"CertificateBody": "x"},
        {"CertificateBody": pem(RSA)},
        {"CertificateBody": certificate(RSA) + "more"},
        {"CertificateBody": certificate(RSA).replace("MII", "AAA", 1)},
        {"PrivateKey": "x"},
        {"PrivateKey": pem(RSA, "PKCS8", b"secret")},
        {"CertificateChain": "x"},
    ],
)
def test_what_is_no_certificate(world: World, given: dict[str, str]) -> None:
    whole = {"CertificateBody": certificate(RSA), "PrivateKey": pem(RSA), **given}
    refused = world.refused("UploadServerCertificate", ServerCertificateName="site", **whole)
    assert (refused[0], refused[2]) == ("MalformedCertificate", 400)


def test_renamed_moved_tagged_and_gone(world: World) -> None:
    upload(world)
    upload(world, "second")
    taken = ("EntityAlreadyExists", "The Server Certificate with name SITE already exists.", 409)
    assert (
        world.refused(
            "UpdateServerCertificate",
            ServerCertificateName="second",
            NewServerCertificateName="SITE",
        )
        == taken
    )
    world("UpdateServerCertificate", ServerCertificateName="site",
          NewServerCertificateName="page", NewPath="/p/")  # fmt: skip
    gone = ("NoSuchEntity", "The Server Certificate with name site cannot be found.", 404)
    assert world.refused("GetServerCertificate", ServerCertificateName="site") == gone
    tags = [{"Key": "k", "Value": "v"}]
    world("TagServerCertificate", ServerCertificateName="page", Tags=tags)
    assert world("ListServerCertificateTags", ServerCertificateName="page")["Tags"] == tags
    world("UntagServerCertificate", ServerCertificateName="page", TagKeys=["k"])
    world("DeleteServerCertificate", ServerCertificateName="page")
    world("DeleteServerCertificate", ServerCertificateName="second")
    assert world("ListServerCertificates")["ServerCertificateMetadataList"] == []


def test_twenty_and_no_more(world: World) -> None:
    for number in range(20):
        upload(world, f"c{number}")
    message = "Cannot exceed quota for ServerCertificatesPerAccount: 20"
    given = {"CertificateBody": certificate(RSA), "PrivateKey": pem(RSA)}
    refused = world.refused("UploadServerCertificate", ServerCertificateName="x", **given)
    assert refused == ("LimitExceeded", message, 409)
