"""SSH keys, signing certificates and service-specific credentials of users."""

from __future__ import annotations

import pytest
from tests.operations.iam.material import (
    CERTIFICATE,
    OTHER_CERTIFICATE,
    PEM_KEY,
    SSH_KEY,
    THIRD_CERTIFICATE,
)
from tests.operations.iam.world import NOW, A, World

ANA = {"UserName": "ana"}


@pytest.fixture
def world() -> World:
    world = World()
    world("CreateUser", UserName="ana")
    return world


class TestSshKeys:
    @pytest.fixture
    def key(self, world: World) -> str:
        made = world("UploadSSHPublicKey", **ANA, SSHPublicKeyBody=SSH_KEY + " ana@laptop\n")
        key_id: str = made["SSHPublicKey"]["SSHPublicKeyId"]
        return key_id

    def test_both_encodings(self, world: World, key: str) -> None:
        given = {**ANA, "SSHPublicKeyId": key}
        ssh = world("GetSSHPublicKey", **given, Encoding="SSH")["SSHPublicKey"]
        assert ssh["SSHPublicKeyBody"] == SSH_KEY + " ana@laptop"
        assert ssh["Fingerprint"].count(":") == 15
        pem = world("GetSSHPublicKey", **given, Encoding="PEM")["SSHPublicKey"]
        assert pem["SSHPublicKeyBody"] == PEM_KEY

    def test_switched_off_and_deleted(self, world: World, key: str) -> None:
        world("UpdateSSHPublicKey", **ANA, SSHPublicKeyId=key, Status="Inactive")
        listed = {"UserName": "ana", "SSHPublicKeyId": key, "Status": "Inactive", "UploadDate": NOW}
        assert world("ListSSHPublicKeys", **ANA)["SSHPublicKeys"] == [listed]
        message = "Cannot delete entity, must remove referenced objects first."
        assert world.refused("DeleteUser", **ANA) == ("DeleteConflict", message, 409)
        world("DeleteSSHPublicKey", **ANA, SSHPublicKeyId=key)
        world("DeleteUser", **ANA)

    @pytest.mark.usefixtures("key")
    def test_once_is_enough(self, world: World) -> None:
        refused = world.refused("UploadSSHPublicKey", **ANA, SSHPublicKeyBody=SSH_KEY)
        assert refused[0] == "DuplicateSSHPublicKey"

    @pytest.mark.parametrize(
        "body", ["x", "ssh-rsa", "ssh-rsa AAAA", SSH_KEY[:-40], SSH_KEY.replace("rsa", "dss", 1)]
    )
    def test_what_is_no_key(self, world: World, body: str) -> None:
        refused = world.refused("UploadSSHPublicKey", **ANA, SSHPublicKeyBody=body)
        assert (refused[0], refused[2]) == ("InvalidPublicKey", 400)

    def test_an_unknown_key(self, world: World) -> None:
        key = "APKAXXXXXXXXXXXXXXXXX"
        refusal = ("NoSuchEntity", f"The Public Key with id {key} cannot be found.", 404)
        given = {**ANA, "SSHPublicKeyId": key}
        assert world.refused("GetSSHPublicKey", **given, Encoding="SSH") == refusal
        assert world.refused("UpdateSSHPublicKey", **given, Status="Active") == refusal
        assert world.refused("DeleteSSHPublicKey", **given) == refusal


class TestCertificates:
    def test_two_and_no_more(self, world: World) -> None:
        made = world("UploadSigningCertificate", **ANA, CertificateBody=CERTIFICATE)["Certificate"]
        assert len(made["CertificateId"]) == 32
        refused = world.refused("UploadSigningCertificate", **ANA, CertificateBody=CERTIFICATE)
        assert (refused[0], refused[2]) == ("DuplicateCertificate", 409)
        world("UploadSigningCertificate", **ANA, CertificateBody=OTHER_CERTIFICATE)
        message = "Cannot exceed quota for CertificatesPerUser: 2"
        refused = world.refused(
            "UploadSigningCertificate", **ANA, CertificateBody=THIRD_CERTIFICATE
        )
        assert refused == ("LimitExceeded", message, 409)

    def test_switched_off_and_deleted(self, world: World) -> None:
        made = world("UploadSigningCertificate", **ANA, CertificateBody=CERTIFICATE)["Certificate"]
        given = {**ANA, "CertificateId": made["CertificateId"]}
        world("UpdateSigningCertificate", **given, Status="Inactive")
        listed = world("ListSigningCertificates", **ANA)["Certificates"]
        assert listed == [{**made, "Status": "Inactive"}]
        message = "Cannot delete entity, must delete certificates first."
        assert world.refused("DeleteUser", **ANA) == ("DeleteConflict", message, 409)
        world("DeleteSigningCertificate", **given)
        message = f"The Certificate with id {made['CertificateId']} cannot be found."
        refused = world.refused("DeleteSigningCertificate", **given)
        assert refused == ("NoSuchEntity", message, 404)

    def test_what_is_no_certificate(self, world: World) -> None:
        message = "Certificate invalid-certificate-body is malformed."
        given = {**ANA, "CertificateBody": "invalid-certificate-body"}
        refused = world.refused("UploadSigningCertificate", **given)
        assert refused == ("MalformedCertificate", message, 400)


class TestServiceCredentials:
    SERVICE = "codecommit.amazonaws.com"

    def made(self, world: World) -> dict[str, str]:
        output = world("CreateServiceSpecificCredential", **ANA, ServiceName=self.SERVICE)
        made: dict[str, str] = output["ServiceSpecificCredential"]
        return made

    def test_the_password_is_shown_once(self, world: World) -> None:
        made = self.made(world)
        assert made["ServiceUserName"] == f"ana-at-{A}"
        shown = {k: v for k, v in made.items() if k != "ServicePassword"}
        for given in (ANA, {"AllUsers": True}, {**ANA, "ServiceName": self.SERVICE}):
            listed = world("ListServiceSpecificCredentials", **given)
            assert listed["ServiceSpecificCredentials"] == [shown]
        other = world(
            "ListServiceSpecificCredentials", **ANA, ServiceName="cassandra.amazonaws.com"
        )
        assert other["ServiceSpecificCredentials"] == []

    def test_reset_switch_off_delete(self, world: World) -> None:
        made = self.made(world)
        given = {**ANA, "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
        reset = world("ResetServiceSpecificCredential", **given)["ServiceSpecificCredential"]
        assert reset["ServicePassword"] != made["ServicePassword"]
        world("UpdateServiceSpecificCredential", **given, Status="Inactive")
        (held,) = world.account.users["ana"].service_credentials.values()
        assert held.active is False
        assert world.refused("DeleteUser", **ANA)[0] == "DeleteConflict"
        world("DeleteServiceSpecificCredential", **given)
        message = f"No such credential {made['ServiceSpecificCredentialId']} exists"
        for operation in ("Delete", "Reset"):
            refused = world.refused(f"{operation}ServiceSpecificCredential", **given)
            assert refused == ("NoSuchEntity", message, 404)

    def test_two_per_service(self, world: World) -> None:
        names = [self.made(world)["ServiceUserName"] for _ in range(2)]
        assert names == [f"ana-at-{A}", f"ana+1-at-{A}"]
        given = {**ANA, "ServiceName": self.SERVICE}
        assert world.refused("CreateServiceSpecificCredential", **given)[0] == "LimitExceeded"

    def test_other_services_have_none(self, world: World) -> None:
        service = "lambda.amazonaws.com"
        message = f"No such service {service} is supported for Service Specific Credentials"
        refused = world.refused("CreateServiceSpecificCredential", **ANA, ServiceName=service)
        assert refused == ("NoSuchEntity", message, 404)


def test_token_version() -> None:
    world = World()
    world("SetSecurityTokenServicePreferences", GlobalEndpointTokenVersion="v2Token")
    assert world("GetAccountSummary")["SummaryMap"]["GlobalEndpointTokenVersion"] == 2
