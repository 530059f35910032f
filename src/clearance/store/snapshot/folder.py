"""A folder of AWS's own answers: which file says what. The layout is drawn in the package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from clearance.model.errors import EstateError
from clearance.model.estate import Account, Estate, Organization
from clearance.store.snapshot import extras, functions, iam, resources
from clearance.store.snapshot.node import Node, read_json, write_json
from clearance.store.snapshot.organizations import read_organization, write_organization

__all__ = ["DETAILS", "estate_of_details", "load_folder", "save_folder"]

DETAILS: Final = "account-authorization-details.json"
_ACCOUNTS: Final = "accounts"
_ORGANIZATIONS: Final = "organizations"
_MANAGED: Final = "managed-policies.json"
_MISSING: Final = "missing.json"
_ALIASES: Final = "account-aliases.json"
_PROFILES: Final = "instance-profiles.json"
_RESOURCES: Final = "resource-policies"
_FUNCTIONS: Final = "functions"
_ENDPOINTS: Final = "vpc-endpoints.json"
_ENDPOINTS_EVERYWHERE: Final = "vpc-endpoints*.json"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")

# File or folder, and what is unknown without it.
_PARTS: Final = {
    DETAILS: "iam",
    _RESOURCES: "resource policies",
    _FUNCTIONS: "functions",
    _ENDPOINTS: "vpc endpoints",
}


def load_folder(folder: Path) -> Estate:
    """The estate a folder tells of."""
    managed: dict[str, str] = {}
    if (folder / _MANAGED).exists():
        managed.update(iam.read_managed(read_json(folder / _MANAGED)))
    accounts: dict[str, Account] = {}
    organizations: dict[str, Organization] = {}
    missing: list[str] = []
    for account_id, place in _account_folders(folder):
        account, aws, unknown = _load_account(place, account_id)
        accounts[account_id] = account
        managed = {**aws, **managed}
        missing += unknown
    for place in _organization_folders(folder):
        organization, untold = read_organization(place)
        organizations[organization.id] = organization
        missing += untold
    if not accounts and not organizations:
        raise EstateError(
            f"`{folder}` holds no estate: expected `{_ACCOUNTS}/<account id>/{DETAILS}`, "
            f"`{DETAILS}` or `{_ORGANIZATIONS}/`"
        )
    if not organizations:
        missing.append("organizations")
    if (folder / _MISSING).exists():
        missing += [str(text) for text in _texts(read_json(folder / _MISSING))]
    return Estate(accounts, organizations, managed, tuple(dict.fromkeys(missing)))


def estate_of_details(answer: Node) -> Estate:
    """The estate that one answer of GetAccountAuthorizationDetails tells of."""
    account_id = _only_account(answer)
    fields, managed = iam.read_details(answer, account_id)
    missing = [f"{what} of {account_id}" for what in _PARTS.values() if what != "iam"]
    return Estate(
        {account_id: Account(account_id, **fields)}, {}, managed, (*missing, "organizations")
    )


def save_folder(estate: Estate, folder: Path, *, secrets: bool = False) -> None:
    """Write an estate as a folder that `load_folder` reads; existing content is refused.

    The values of functions' environment variables are left empty unless they are asked for.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise EstateError(f"`{folder}` is not an empty folder; nothing was written")
    for name in [*estate.accounts, *_organization_ids(estate)]:
        if not _ID.fullmatch(name):
            raise EstateError(f"`{name}` cannot be the name of a file")
    for account in estate.accounts.values():
        _save_account(account, folder / _ACCOUNTS / account.id, estate.missing, secrets=secrets)
    several = len(estate.organizations) > 1
    for organization in estate.organizations.values():
        place = folder / _ORGANIZATIONS
        write_organization(
            place / organization.id if several else place, organization, estate.missing
        )
    if estate.managed:
        write_json(folder / _MANAGED, iam.managed_policies(estate.managed))
    if estate.missing:
        write_json(folder / _MISSING, list(estate.missing))


def _account_folders(folder: Path) -> Iterator[tuple[str, Path]]:
    if (folder / DETAILS).exists():
        yield _only_account(read_json(folder / DETAILS)), folder
    places = folder / _ACCOUNTS
    for place in sorted(places.iterdir()) if places.is_dir() else ():
        if place.is_dir():
            if not place.name.isdecimal():
                raise EstateError(f"`{place}` is not named by an account ID, e.g. 123456789012")
            yield place.name, place


def _organization_folders(folder: Path) -> Iterator[Path]:
    place = folder / _ORGANIZATIONS
    if (place / "describe-organization.json").exists():
        yield place
    elif place.is_dir():
        yield from sorted(p.parent for p in place.glob("*/describe-organization.json"))


def _only_account(answer: Node) -> str:
    found = iam.account_ids(answer)
    if len(found) != 1:
        problem = (
            f"ARNs of several accounts: {', '.join(found)}" if found else "no ARN of an account"
        )
        raise answer.fail(
            f"cannot tell the account: {problem}; put the file into `{_ACCOUNTS}/<account id>/`"
        )
    return found[0]


def _load_account(folder: Path, account_id: str) -> tuple[Account, dict[str, str], list[str]]:
    account = Account(account_id)
    managed: dict[str, str] = {}
    if (folder / DETAILS).exists():
        fields, managed = iam.read_details(read_json(folder / DETAILS), account_id)
        account = replace(account, **fields)
    if (folder / _PROFILES).exists():
        profiles = iam.read_profiles(read_json(folder / _PROFILES))
        account = replace(account, instance_profiles={**account.instance_profiles, **profiles})
    if (folder / _ALIASES).exists():
        aliases = read_json(folder / _ALIASES).texts("AccountAliases")
        account = replace(account, alias=next(iter(aliases), None))
    held = [
        resource
        for node in _files(folder / _RESOURCES)
        for resource in resources.read_resources(node)
    ]
    found = [
        functions.read_function(item, account_id)
        for node in _files(folder / _FUNCTIONS)
        for item in (node.items() if isinstance(node.value, list) else (node,))
    ]
    endpoints = [
        endpoint
        for path in sorted(folder.glob(_ENDPOINTS_EVERYWHERE))
        for endpoint in resources.read_endpoints(read_json(path))
    ]
    account = replace(
        account,
        resources={resource.arn: resource for resource in held},
        functions={function.key: function for function in found},
        vpc_endpoints={endpoint.id: endpoint for endpoint in endpoints},
    )
    for name in extras.FILES:
        if (folder / name).exists():
            account = extras.read_extra(account, name, read_json(folder / name))
    there = {part: (folder / part).exists() for part in _PARTS}
    there[_ENDPOINTS] = any(folder.glob(_ENDPOINTS_EVERYWHERE))
    missing = [f"{what} of {account_id}" for part, what in _PARTS.items() if not there[part]]
    return account, managed, missing


def _save_account(account: Account, folder: Path, missing: Iterable[str], *, secrets: bool) -> None:
    def wanted(part: str) -> bool:
        return f"{_PARTS[part]} of {account.id}" not in missing

    folder.mkdir(parents=True, exist_ok=True)
    if wanted(DETAILS):
        write_json(folder / DETAILS, iam.details(account))
    if account.instance_profiles:
        write_json(folder / _PROFILES, iam.profiles(account))
    if account.alias is not None:
        write_json(folder / _ALIASES, {"AccountAliases": [account.alias]})
    for name, shown in extras.show_extras(account).items():
        write_json(folder / name, shown)
    if wanted(_RESOURCES):
        held = resources.show_resources(account.resources.values())
        write_json(folder / _RESOURCES / "resources.json", held)
    if wanted(_FUNCTIONS):
        write_json(
            folder / _FUNCTIONS / "functions.json",
            [
                functions.show_function(function, account.id, account.partition, secrets=secrets)
                for function in account.functions.values()
            ],
        )
    if wanted(_ENDPOINTS):
        endpoints = resources.show_endpoints(account.vpc_endpoints.values())
        write_json(folder / _ENDPOINTS, endpoints)


def _files(folder: Path) -> Iterator[Node]:
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        yield read_json(path)


def _texts(node: Node) -> Iterator[str]:
    for item in node.items():
        if not isinstance(item.value, str):
            raise item.fail("expected a text")
        yield item.value


def _organization_ids(estate: Estate) -> Iterator[str]:
    for organization in estate.organizations.values():
        yield organization.id
        yield from organization.units
        yield from organization.policies
        yield from organization.accounts
        yield from organization.delegated
        yield from organization.tags
        for policies in organization.attachments.values():
            yield from policies
