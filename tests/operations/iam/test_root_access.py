from __future__ import annotations

import pytest
from tests.operations.iam.world import NOW, A, B, World

from clearance.model.estate import OrgAccount, Organization, OrgUnit


def organized(
    management: str = A, feature_set: str = "ALL", *, trusted: bool = True, delegate: str = ""
) -> World:
    world = World()
    organization = Organization(
        "o-1",
        management,
        {"r-1": OrgUnit("r-1", "Root")},
        {account: OrgAccount(account, account, "r-1") for account in (A, B)},
        feature_set=feature_set,
        services={"iam.amazonaws.com": NOW} if trusted else {},
        delegated={delegate: {"iam.amazonaws.com": NOW}} if delegate else {},
    )
    world.estate = world.estate.with_organization(organization)
    return world


def test_features_are_switched_on_and_off() -> None:
    world = organized()
    world("EnableOrganizationsRootSessions")
    both = world("EnableOrganizationsRootCredentialsManagement")
    expected = ["RootCredentialsManagement", "RootSessions"]
    assert both == {"OrganizationId": "o-1", "EnabledFeatures": expected}
    assert world("ListOrganizationsFeatures") == both
    left = world("DisableOrganizationsRootCredentialsManagement")
    assert left["EnabledFeatures"] == ["RootSessions"]
    assert world("DisableOrganizationsRootSessions")["EnabledFeatures"] == []


@pytest.mark.parametrize(
    ("world", "code"),
    [
        (World(), "OrganizationNotFoundException"),
        (organized(B), "AccountNotManagementOrDelegatedAdministratorException"),
        (organized(trusted=False), "ServiceAccessNotEnabledException"),
        (organized(A, "CONSOLIDATED_BILLING"), "OrganizationNotInAllFeaturesModeException"),
    ],
    ids=["no organization", "a member", "no trusted access", "billing only"],
)
def test_who_may_not(world: World, code: str) -> None:
    assert world.refused("EnableOrganizationsRootSessions")[0] == code
    assert world.refused("ListOrganizationsFeatures")[0] == code


def test_a_delegate_may() -> None:
    assert organized(B, delegate=A)("EnableOrganizationsRootSessions")["EnabledFeatures"]
