"""Instance profiles: what hands a role to EC2 instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Account, Estate, InstanceProfile
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import already_exists, conflict, no_such_entity, over_quota
from clearance.operations.iam.fields import checked
from clearance.operations.iam.lookups import instance_profile
from clearance.operations.iam.owners import account_of, keep, modifiable, role_named
from clearance.operations.iam.paging import page
from clearance.operations.iam.tags import new_tags, tag_list
from clearance.operations.iam.views import instance_profile_view

__all__ = ["OPERATIONS"]

PER_ACCOUNT: Final = 1000


def _with(account: Account, profile: InstanceProfile) -> Account:
    return replace(account, instance_profiles={**account.instance_profiles, profile.name: profile})


def create_instance_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make an empty instance profile."""
    account = account_of(estate, call)
    name = given["InstanceProfileName"]
    tags = new_tags(given)
    if any(name.lower() == taken.lower() for taken in account.instance_profiles):
        raise already_exists(f"Instance Profile {name} already exists.")
    if len(account.instance_profiles) >= PER_ACCOUNT:
        raise over_quota("InstanceProfilesPerAccount", PER_ACCOUNT)
    profile = InstanceProfile(
        name, call.ports.unique_id("AIPA"), call.now, given.get("Path", "/"), tags=tags
    )
    view = instance_profile_view(estate, account, profile)
    if tags:
        view["Tags"] = tag_list(tags)
    return estate.with_account(_with(account, profile)), {"InstanceProfile": view}


def get_instance_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """An instance profile with its role."""
    account = account_of(estate, call)
    profile = instance_profile(account, given["InstanceProfileName"])
    view = instance_profile_view(estate, account, profile, tags=True)
    return estate, {"InstanceProfile": view}


def list_instance_profiles(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """The instance profiles under a path."""
    account = account_of(estate, call)
    prefix = given.get("PathPrefix", "/")
    found = [p for p in account.instance_profiles.values() if p.path.startswith(prefix)]
    return estate, _listed(estate, account, given, found)


def list_instance_profiles_for_role(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """The instance profiles a role is in."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    found = [p for p in account.instance_profiles.values() if role.name in p.roles]
    return estate, _listed(estate, account, given, found)


def _listed(estate: Estate, account: Account, given: Input, found: list[InstanceProfile]) -> Output:
    sent, rest = page(given, found, lambda profile: profile.name)
    views = [instance_profile_view(estate, account, profile) for profile in sent]
    return {"InstanceProfiles": views, **rest}


def add_role_to_instance_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Put the one role into an instance profile that may be there."""
    account = account_of(estate, call)
    profile = instance_profile(account, given["InstanceProfileName"])
    role = role_named(account, given["RoleName"])
    modifiable(role)
    if profile.roles:
        raise over_quota("InstanceSessionsPerInstanceProfile", 1)
    return keep(estate, _with(account, replace(profile, roles=(role.name,))))


def remove_role_from_instance_profile(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """Take the role out of an instance profile."""
    account = account_of(estate, call)
    profile = instance_profile(account, given["InstanceProfileName"])
    role = role_named(account, given["RoleName"])
    if role.name not in profile.roles:
        raise no_such_entity(
            f"Role {role.name} in Instance Profile {profile.name} cannot be found."
        )
    return keep(estate, _with(account, replace(profile, roles=())))


def delete_instance_profile(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove an empty instance profile."""
    account = account_of(estate, call)
    profile = instance_profile(account, given["InstanceProfileName"])
    if profile.roles:
        raise conflict("Cannot delete entity, must remove roles from instance profile first.")
    left = {k: p for k, p in account.instance_profiles.items() if k != profile.name}
    return keep(estate, replace(account, instance_profiles=left))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateInstanceProfile": checked(create_instance_profile, "InstanceProfileName"),
    "GetInstanceProfile": checked(get_instance_profile, "InstanceProfileName"),
    "ListInstanceProfiles": checked(list_instance_profiles),
    "ListInstanceProfilesForRole": checked(list_instance_profiles_for_role, "RoleName"),
    "AddRoleToInstanceProfile": checked(
        add_role_to_instance_profile, "InstanceProfileName", "RoleName"
    ),
    "RemoveRoleFromInstanceProfile": checked(
        remove_role_from_instance_profile, "InstanceProfileName", "RoleName"
    ),
    "DeleteInstanceProfile": checked(delete_instance_profile, "InstanceProfileName"),
}
