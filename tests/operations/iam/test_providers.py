"""OpenID Connect and SAML identity providers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.operations.iam.world import NOW, A, World

OIDC = f"arn:aws:iam::{A}:oidc-provider/id.example.com/realm"
SAML = f"arn:aws:iam::{A}:saml-provider/idp"
THUMBPRINT = "a" * 40


def metadata(attributes: str = "") -> str:
    head = f'<?xml version="1.0"?><md:EntityDescriptor entityID="https://idp" {attributes}>'
    return head.ljust(1000) + "</md:EntityDescriptor>"


class TestOidc:
    @pytest.fixture
    def world(self) -> World:
        world = World()
        world(
            "CreateOpenIDConnectProvider",
            Url="https://id.example.com/realm",
            ClientIDList=["app", "app"],
            ThumbprintList=[THUMBPRINT],
        )
        return world

    def got(self, world: World) -> Any:
        return world("GetOpenIDConnectProvider", OpenIDConnectProviderArn=OIDC)

    def test_get_and_list(self, world: World) -> None:
        assert self.got(world) == {
            "Url": "id.example.com/realm",
            "ClientIDList": ["app"],
            "ThumbprintList": [THUMBPRINT],
            "CreateDate": NOW,
            "Tags": [],
        }
        listed = world("ListOpenIDConnectProviders")
        assert listed == {"OpenIDConnectProviderList": [{"Arn": OIDC}]}

    def test_the_url_is_unique(self, world: World) -> None:
        url = "https://id.example.com/realm"
        refusal = ("EntityAlreadyExists", f"Provider with url {url} already exists.", 409)
        assert world.refused("CreateOpenIDConnectProvider", Url=url) == refusal

    @pytest.mark.parametrize("url", ["id.example.com", "http://id.example.com", "https://a b"])
    def test_odd_urls(self, url: str) -> None:
        refusal = ("ValidationError", "Invalid Open ID Connect Provider URL", 400)
        assert World().refused("CreateOpenIDConnectProvider", Url=url) == refusal

    def test_client_ids_come_and_go(self, world: World) -> None:
        for client_id in ("cli", "cli"):
            world(
                "AddClientIDToOpenIDConnectProvider",
                OpenIDConnectProviderArn=OIDC,
                ClientID=client_id,
            )
        assert self.got(world)["ClientIDList"] == ["app", "cli"]
        for client_id in ("app", "app"):
            world(
                "RemoveClientIDFromOpenIDConnectProvider",
                OpenIDConnectProviderArn=OIDC,
                ClientID=client_id,
            )
        assert self.got(world)["ClientIDList"] == ["cli"]

    def test_limits(self, world: World) -> None:
        many = [f"c{number}" for number in range(101)]
        message = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
        given = {"Url": "https://other.example.com", "ClientIDList": many}
        refusal = ("LimitExceeded", message, 409)
        assert world.refused("CreateOpenIDConnectProvider", **given) == refusal
        message = "Thumbprint list must contain fewer than 5 entries."
        refused = world.refused(
            "UpdateOpenIDConnectProviderThumbprint",
            OpenIDConnectProviderArn=OIDC,
            ThumbprintList=[THUMBPRINT] * 6,
        )
        assert refused == ("InvalidInput", message, 400)

    def test_many_things_wrong(self) -> None:
        length = "Member must have length"
        message = (
            "3 validation errors detected: Value at 'clientIDList' failed to satisfy constraint: "
            f"Member must satisfy constraint: [{length} less than or equal to 255, {length} "
            "greater than or equal to 1]; Value at 'thumbprintList' failed to satisfy constraint: "
            f"Member must satisfy constraint: [{length} less than or equal to 40, {length} greater "
            "than or equal to 40]; Value at 'url' failed to satisfy constraint: "
            f"{length} less than or equal to 255"
        )
        refused = World().refused(
            "CreateOpenIDConnectProvider",
            ClientIDList=["x" * 256],
            ThumbprintList=["a"],
            Url="https://" + "x" * 255,
        )
        assert refused == ("ValidationError", message, 400)

    def test_thumbprints_are_exchanged(self, world: World) -> None:
        world(
            "UpdateOpenIDConnectProviderThumbprint",
            OpenIDConnectProviderArn=OIDC,
            ThumbprintList=["b" * 40],
        )
        assert self.got(world)["ThumbprintList"] == ["b" * 40]

    def test_what_is_not_there(self, world: World) -> None:
        world("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=OIDC)
        message = f"OpenIDConnect Provider not found for arn {OIDC}"
        refused = world.refused("GetOpenIDConnectProvider", OpenIDConnectProviderArn=OIDC)
        assert refused == ("NoSuchEntity", message, 404)
        message = f"OpenId connect Provider {OIDC} cannot be found."
        refused = world.refused("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=OIDC)
        assert refused == ("NoSuchEntity", message, 404)


class TestSaml:
    @pytest.fixture
    def world(self) -> World:
        world = World()
        until = 'validUntil="2030-01-01T00:00:00Z"'
        world("CreateSAMLProvider", Name="idp", SAMLMetadataDocument=metadata(until))
        return world

    def test_get_and_list(self, world: World) -> None:
        got = world("GetSAMLProvider", SAMLProviderArn=SAML)
        assert got["ValidUntil"] == datetime(2030, 1, 1, tzinfo=UTC)
        assert got["AssertionEncryptionMode"] == "Allowed"
        assert got["PrivateKeyList"] == []
        listed = world("ListSAMLProviders")["SAMLProviderList"]
        assert listed == [{"Arn": SAML, "ValidUntil": got["ValidUntil"], "CreateDate": NOW}]

    def test_metadata_may_be_exchanged(self, world: World) -> None:
        new = metadata()
        given = {"SAMLProviderArn": SAML, "SAMLMetadataDocument": new}
        assert world("UpdateSAMLProvider", **given) == {"SAMLProviderArn": SAML}
        got = world("GetSAMLProvider", SAMLProviderArn=SAML)
        assert got["SAMLMetadataDocument"] == new
        assert got["ValidUntil"] > datetime(2100, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize("document", ["x" * 1000, metadata('validUntil="soon"')])
    def test_what_is_no_metadata(self, document: str) -> None:
        given = {"Name": "idp", "SAMLMetadataDocument": document}
        refusal = ("InvalidInput", "Could not parse metadata", 400)
        assert World().refused("CreateSAMLProvider", **given) == refusal

    def test_encryption(self, world: World) -> None:
        given = {"SAMLProviderArn": SAML, "AssertionEncryptionMode": "Required"}
        assert world.refused("UpdateSAMLProvider", **given)[0] == "InvalidInput"
        pem = "-----BEGIN PRIVATE KEY-----\n"
        world("UpdateSAMLProvider", **given, AddPrivateKey=pem)
        got = world("GetSAMLProvider", SAMLProviderArn=SAML)
        assert got["AssertionEncryptionMode"] == "Required"
        (key,) = got["PrivateKeyList"]
        refused = world.refused(
            "UpdateSAMLProvider", SAMLProviderArn=SAML, RemovePrivateKey=key["KeyId"]
        )
        assert refused[0] == "InvalidInput"
        world(
            "UpdateSAMLProvider",
            SAMLProviderArn=SAML,
            RemovePrivateKey=key["KeyId"],
            AssertionEncryptionMode="Allowed",
        )
        assert world("GetSAMLProvider", SAMLProviderArn=SAML)["PrivateKeyList"] == []

    def test_names_are_unique(self, world: World) -> None:
        given = {"Name": "IDP", "SAMLMetadataDocument": metadata()}
        assert world.refused("CreateSAMLProvider", **given)[0] == "EntityAlreadyExists"

    @pytest.mark.parametrize(
        "operation", ["GetSAMLProvider", "UpdateSAMLProvider", "DeleteSAMLProvider"]
    )
    def test_what_is_not_there(self, world: World, operation: str) -> None:
        world("DeleteSAMLProvider", SAMLProviderArn=SAML)
        refusal = ("NoSuchEntity", f"Manifest not found for arn {SAML}", 404)
        assert world.refused(operation, SAMLProviderArn=SAML) == refusal
