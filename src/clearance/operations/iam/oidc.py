"""OpenID Connect identity providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import Account, Estate, OidcProvider
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import (
    already_exists,
    invalid_input,
    no_such_entity,
    over_quota,
    validation,
)
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import oidc_provider
from clearance.operations.iam.owners import account_of, keep
from clearance.operations.iam.tags import new_tags, tag_list

__all__ = ["OPERATIONS"]

CLIENT_IDS: Final = 100
PROVIDERS: Final = 100
THUMBPRINTS: Final = 5
_URL: Final = re.compile(r"https://[A-Za-z0-9.-]+(:443)?(/[^\s?#]*)?")


def _arn(account: Account, url: str) -> str:
    return f"arn:{account.partition}:iam::{account.id}:oidc-provider/{url}"


def _with(account: Account, provider: OidcProvider) -> Account:
    arn = _arn(account, provider.url)
    return replace(account, oidc_providers={**account.oidc_providers, arn: provider})


def _thumbprints(given: Input) -> tuple[str, ...]:
    found = tuple(given.get("ThumbprintList", ()))
    if len(found) > THUMBPRINTS:
        raise invalid_input(f"Thumbprint list must contain fewer than {THUMBPRINTS} entries.")
    return found


def _client_ids(found: tuple[str, ...]) -> tuple[str, ...]:
    if len(found) > CLIENT_IDS:
        raise over_quota("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS)
    return found


def create_open_id_connect_provider(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Trust an identity provider."""
    account = account_of(estate, call)
    full = given["Url"]
    if not _URL.fullmatch(full):
        raise validation("Invalid Open ID Connect Provider URL")
    tags = new_tags(given)
    provider = OidcProvider(
        url=full.removeprefix("https://").rstrip("/"),
        created=call.now,
        client_ids=_client_ids(tuple(dict.fromkeys(given.get("ClientIDList", ())))),
        thumbprints=_thumbprints(given),
        tags=tags,
    )
    arn = _arn(account, provider.url)
    if arn in account.oidc_providers:
        raise already_exists(f"Provider with url {full} already exists.")
    if len(account.oidc_providers) >= PROVIDERS:
        raise over_quota("OpenIdConnectProvidersPerAccount", PROVIDERS)
    output: dict[str, Any] = {"OpenIDConnectProviderArn": arn}
    if tags:
        output["Tags"] = tag_list(tags)
    return estate.with_account(_with(account, provider)), output


def _named(account: Account, given: Input) -> OidcProvider:
    return oidc_provider(account, given["OpenIDConnectProviderArn"])


def get_open_id_connect_provider(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """A provider with its audiences and thumbprints."""
    provider = _named(account_of(estate, call), given)
    return estate, {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created,
        "Tags": tag_list(provider.tags),
    }


def list_open_id_connect_providers(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """The ARNs of all providers."""
    arns = sorted(account_of(estate, call).oidc_providers)
    return estate, {"OpenIDConnectProviderList": [{"Arn": arn} for arn in arns]}


def delete_open_id_connect_provider(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Trust the provider no longer; roles that name it stay."""
    account = account_of(estate, call)
    arn = given["OpenIDConnectProviderArn"]
    if arn not in account.oidc_providers:
        raise no_such_entity(f"OpenId connect Provider {arn} cannot be found.")
    left = {key: held for key, held in account.oidc_providers.items() if key != arn}
    return keep(estate, replace(account, oidc_providers=left))


def update_open_id_connect_provider_thumbprint(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Exchange the whole list of thumbprints."""
    account = account_of(estate, call)
    provider = _named(account, given)
    return keep(estate, _with(account, replace(provider, thumbprints=_thumbprints(given))))


def add_client_id_to_open_id_connect_provider(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Accept one more audience; adding it twice is no error."""
    account = account_of(estate, call)
    provider = _named(account, given)
    client_ids = _client_ids(tuple(dict.fromkeys((*provider.client_ids, given["ClientID"]))))
    return keep(estate, _with(account, replace(provider, client_ids=client_ids)))


def remove_client_id_from_open_id_connect_provider(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Accept an audience no longer; one that is not there may be removed too."""
    account = account_of(estate, call)
    provider = _named(account, given)
    left = tuple(held for held in provider.client_ids if held != given["ClientID"])
    return keep(estate, _with(account, replace(provider, client_ids=left)))


_ARN: Final = "OpenIDConnectProviderArn"
OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateOpenIDConnectProvider": checked(create_open_id_connect_provider, "Url"),
    "GetOpenIDConnectProvider": checked(get_open_id_connect_provider, _ARN),
    "ListOpenIDConnectProviders": checked(list_open_id_connect_providers),
    "DeleteOpenIDConnectProvider": checked(delete_open_id_connect_provider, _ARN),
    "UpdateOpenIDConnectProviderThumbprint": checked(
        update_open_id_connect_provider_thumbprint, _ARN, "ThumbprintList"
    ),
    "AddClientIDToOpenIDConnectProvider": checked(
        add_client_id_to_open_id_connect_provider, _ARN, "ClientID"
    ),
    "RemoveClientIDFromOpenIDConnectProvider": checked(
        remove_client_id_from_open_id_connect_provider, _ARN, "ClientID"
    ),
}
