"""SAML identity providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clearance.model.estate import Account, Estate, SamlProvider
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import already_exists, invalid_input, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import saml_provider
from clearance.operations.iam.owners import account_of, keep
from clearance.operations.iam.tags import new_tags, tag_list

__all__ = ["OPERATIONS"]

PROVIDERS: Final = 100
PRIVATE_KEYS: Final = 2
# A document without validUntil is good for a hundred years.
_LIFETIME: Final = timedelta(days=36500)
_VALID_UNTIL: Final = re.compile(r"""<[^<>]*\bEntityDescriptor\b[^<>]*\bvalidUntil=["']([^"']+)""")
_DESCRIPTOR: Final = re.compile(r"<([\w.-]+:)?EntityDescriptor[\s>]")


def _arn(account: Account, name: str) -> str:
    return f"arn:{account.partition}:iam::{account.id}:saml-provider/{name}"


def _with(account: Account, provider: SamlProvider) -> Account:
    arn = _arn(account, provider.name)
    return replace(account, saml_providers={**account.saml_providers, arn: provider})


def _valid_until(metadata: str, now: datetime) -> datetime:
    """Until when the metadata says it is good; refuses what is not SAML metadata."""
    if not _DESCRIPTOR.search(metadata):
        raise invalid_input("Could not parse metadata")
    found = _VALID_UNTIL.search(metadata)
    try:
        until = datetime.fromisoformat(found[1]) if found else now + _LIFETIME
    except ValueError:
        raise invalid_input("Could not parse metadata") from None
    return until if until.tzinfo else until.replace(tzinfo=UTC)


def create_saml_provider(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Trust an identity provider."""
    account = account_of(estate, call)
    name, metadata = given["Name"], given["SAMLMetadataDocument"]
    arn = _arn(account, name)
    tags = new_tags(given)
    until = _valid_until(metadata, call.now)
    if any(arn.lower() == taken.lower() for taken in account.saml_providers):
        raise already_exists(f"SAMLProvider with name {name} already exists.")
    if len(account.saml_providers) >= PROVIDERS:
        raise over_quota("SAMLProvidersPerAccount", PROVIDERS)
    provider = SamlProvider(
        name=name,
        id=call.ports.unique_id("SAMLSP"),
        created=call.now,
        valid_until=until,
        metadata=metadata,
        tags=tags,
    )
    provider = _encrypting(call, provider, given)
    output: dict[str, Any] = {"SAMLProviderArn": arn}
    if tags:
        output["Tags"] = tag_list(tags)
    return estate.with_account(_with(account, provider)), output


def _encrypting(call: Call, provider: SamlProvider, given: Input) -> SamlProvider:
    """The provider with encryption mode and private keys as the input wants them."""
    held = dict(provider.private_keys)
    if (gone := given.get("RemovePrivateKey")) is not None and held.pop(gone, None) is None:
        raise invalid_input(f"Private key {gone} is not associated with this provider")
    if "AddPrivateKey" in given:
        if "PRIVATE KEY" not in given["AddPrivateKey"]:
            raise invalid_input("The private key is not valid")
        if len(held) >= PRIVATE_KEYS:
            raise over_quota("PrivateKeysPerSAMLProvider", PRIVATE_KEYS)
        # Only that a key was added is kept: nothing here decrypts assertions.
        held[call.ports.unique_id("SAMLPK")] = call.now
    mode = given.get("AssertionEncryptionMode", provider.encryption)
    if mode == "Required" and not held:
        raise invalid_input("Assertion encryption cannot be required without a private key")
    return replace(provider, private_keys=held, encryption=mode)


def get_saml_provider(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A provider with its metadata."""
    provider = saml_provider(account_of(estate, call), given["SAMLProviderArn"])
    return estate, {
        "SAMLProviderUUID": provider.id,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created,
        "ValidUntil": provider.valid_until,
        "Tags": tag_list(provider.tags),
        "AssertionEncryptionMode": provider.encryption or "Allowed",
        "PrivateKeyList": [
            {"KeyId": key, "Timestamp": added} for key, added in provider.private_keys.items()
        ],
    }


def list_saml_providers(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """All providers."""
    providers = account_of(estate, call).saml_providers
    return estate, {
        "SAMLProviderList": [
            {
                "Arn": arn,
                "ValidUntil": providers[arn].valid_until,
                "CreateDate": providers[arn].created,
            }
            for arn in sorted(providers)
        ]
    }


def update_saml_provider(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Exchange metadata, keys or encryption mode."""
    account = account_of(estate, call)
    provider = _encrypting(call, saml_provider(account, given["SAMLProviderArn"]), given)
    if "SAMLMetadataDocument" in given:
        metadata = given["SAMLMetadataDocument"]
        until = _valid_until(metadata, call.now)
        provider = replace(provider, metadata=metadata, valid_until=until)
    return estate.with_account(_with(account, provider)), {
        "SAMLProviderArn": given["SAMLProviderArn"]
    }


def delete_saml_provider(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Trust the provider no longer; roles that name it stay."""
    account = account_of(estate, call)
    gone = saml_provider(account, given["SAMLProviderArn"])
    left = {key: held for key, held in account.saml_providers.items() if held is not gone}
    return keep(estate, replace(account, saml_providers=left))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateSAMLProvider": checked(create_saml_provider, "SAMLMetadataDocument", "Name"),
    "GetSAMLProvider": checked(get_saml_provider, "SAMLProviderArn"),
    "ListSAMLProviders": checked(list_saml_providers),
    "UpdateSAMLProvider": checked(update_saml_provider, "SAMLProviderArn"),
    "DeleteSAMLProvider": checked(delete_saml_provider, "SAMLProviderArn"),
}
