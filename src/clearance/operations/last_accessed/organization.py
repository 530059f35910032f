"""Reports about a root, unit, account or SCP (access_policies_last-accessed-view-data-orgs)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from clearance.decide.attach import attach
from clearance.model.access import Accessed, AccessJob, Use
from clearance.model.catalog import Catalog
from clearance.model.estate import Account, Estate, Organization
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.operations.call import Call, Input, Output
from clearance.operations.iam.faults import no_such_entity, validation
from clearance.operations.iam.owners import account_of
from clearance.operations.iam.paging import page
from clearance.operations.last_accessed import granted, jobs
from clearance.operations.organizations.faults import fault

__all__ = ["details", "generate"]

_SCP: Final = "SERVICE_CONTROL_POLICY"


def generate(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Ask for a report."""
    organization = _organization(estate, call)
    path, policy = given["EntityPath"], given.get("OrganizationsPolicyId")
    _levels(organization, path)
    if policy is not None and policy not in organization.policies:
        raise no_such_entity(f"Policy {policy} was not found.")
    job = AccessJob(call.ports.uuid(), path, call.now, policy=policy)
    return jobs.asked(estate, call, job), {"JobId": job.id}


def details(estate: Estate, call: Call, given: Input, catalog: Catalog) -> Output:
    """Every service that SCPs leave to the accounts under a path, with its last use."""
    organization = _organization(estate, call)
    job = jobs.found(account_of(estate, call), given["JobId"])
    levels = _levels(organization, job.about)
    services = sorted(catalog.prefixes)
    for policies in _scps(organization, levels, job.policy):
        services = granted.services(policies, services)
    accounts = list(_accounts(estate, organization, levels[-1]))
    used = {name: _uses(call, organization, accounts, name) for name in services}
    listed = [_service(name, used[name], catalog) for name in services]
    if given.get("SortKey", "").startswith("LAST_AUTHENTICATED"):
        never = datetime.min.replace(tzinfo=UTC)
        listed.sort(key=lambda shown: shown.get("LastAuthenticatedTime", never))
    if given.get("SortKey", "").endswith("DESCENDING"):
        listed.reverse()
    places = {shown["ServiceNamespace"]: f"{n:05d}" for n, shown in enumerate(listed)}
    sent, rest = page(given, listed, lambda shown: places[shown["ServiceNamespace"]])
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": job.created,
        "JobCompletionDate": job.created,
        "NumberOfServicesAccessible": len(services),
        "NumberOfServicesNotAccessed": sum(1 for uses in used.values() if not uses),
        "AccessDetails": sent,
        **rest,
    }


def _organization(estate: Estate, call: Call) -> Organization:
    organization = estate.organization_of(call.account)
    if organization is None or organization.management_account != call.account:
        raise fault("AccessDeniedException")
    if _SCP not in organization.enabled:
        raise validation("Service control policies are not enabled for the organization.")
    return organization


def _levels(organization: Organization, path: str) -> tuple[str, ...]:
    """The ids from the root down to the entity; the path must be the real one."""
    first, *rest = path.strip("/").split("/")
    known = {organization.root.id}
    if first == organization.id and rest and rest[0] in known:
        units, accounts = organization.units, organization.accounts
        real = all(
            ((unit := units.get(low)) is not None and unit.parent == high)
            or ((account := accounts.get(low)) is not None and account.parent == high)
            for high, low in pairwise(rest)
        )  # fmt: skip
        if real:
            return tuple(rest)
    raise validation(f"The entity path {path} does not exist in the organization.")


def _scps(
    organization: Organization, levels: Iterable[str], policy: str | None
) -> Iterator[list[AttachedPolicy]]:
    if policy is not None:
        yield [attach(organization.policies[policy].text, PolicyType.SCP, policy)]
        return
    for level in levels:
        held = organization.attached(level, _SCP)
        yield [attach(found.text, PolicyType.SCP, found.name, to=level) for found in held]


def _accounts(estate: Estate, organization: Organization, top: str) -> Iterator[Account]:
    """The accounts at or under an id."""
    for number in organization.accounts:
        account = estate.account(number)
        if account is not None and top in organization.path_of(number):
            yield account


def _uses(
    call: Call, organization: Organization, accounts: Iterable[Account], service: str
) -> list[tuple[str, Use]]:
    """The accounts that used a service, by their paths, the last one first."""
    found: list[tuple[str, Accessed]] = []
    for account in accounts:
        held = [(account.id, accessed) for accessed in account.accessed.values()]
        last = jobs.latest(held, service, call.now)[:1]
        path = "/".join((organization.id, *organization.path_of(account.id)))
        found += [(path, Accessed({service: use})) for _, use in last]
    return jobs.latest(found, service, call.now)


def _service(name: str, uses: list[tuple[str, Use]], catalog: Catalog) -> dict[str, Any]:
    shown = jobs.head(name, len(uses), catalog)
    if uses:
        path, use = uses[0]
        shown |= {"Region": use.region, "EntityPath": path, "LastAuthenticatedTime": use.when}
    return shown
