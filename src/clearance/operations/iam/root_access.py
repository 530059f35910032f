"""Central management of members' root users: which of its two features are on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate, Organization
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.fault import OperationError
from clearance.operations.iam.fields import checked

__all__ = ["OPERATIONS"]

CREDENTIALS: Final = "RootCredentialsManagement"
SESSIONS: Final = "RootSessions"
SERVICE: Final = "iam.amazonaws.com"


def _organization(estate: Estate, call: Call) -> Organization:
    """The organization whose management account, or IAM's delegate, makes the call."""
    organization = estate.organization_of(call.account)
    if organization is None:
        raise OperationError(
            "OrganizationNotFoundException",
            "Your account is not a member of an organization.",
        )
    delegate = SERVICE in organization.delegated.get(call.account, {})
    if organization.management_account != call.account and not delegate:
        raise OperationError(
            "AccountNotManagementOrDelegatedAdministratorException",
            "The request was rejected because the account making the request is not the "
            "management account or delegated administrator account for centralized root access.",
        )
    if organization.feature_set != "ALL":
        raise OperationError(
            "OrganizationNotInAllFeaturesModeException",
            "The request was rejected because your organization does not have All features "
            "enabled.",
        )
    if SERVICE not in organization.services:
        raise OperationError(
            "ServiceAccessNotEnabledException",
            "The request was rejected because trusted access is not enabled for IAM in "
            "Organizations.",
        )
    return organization


def _answer(organization: Organization) -> Output:
    return {
        "OrganizationId": organization.id,
        "EnabledFeatures": sorted(organization.root_features),
    }


def _switch(feature: str, *, on: bool) -> Operation:
    def switch(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:  # noqa: ARG001
        organization = _organization(estate, call)
        others = organization.root_features - {feature}
        changed = replace(organization, root_features=others | ({feature} if on else set()))
        return estate.with_organization(changed), _answer(changed)

    return switch


def list_organizations_features(
    estate: Estate,
    call: Call,
    given: Input,  # noqa: ARG001
) -> tuple[Estate, Output]:
    """The features that are on."""
    return estate, _answer(_organization(estate, call))


OPERATIONS: Final[Mapping[str, Operation]] = {
    "EnableOrganizationsRootCredentialsManagement": checked(_switch(CREDENTIALS, on=True)),
    "DisableOrganizationsRootCredentialsManagement": checked(_switch(CREDENTIALS, on=False)),
    "EnableOrganizationsRootSessions": checked(_switch(SESSIONS, on=True)),
    "DisableOrganizationsRootSessions": checked(_switch(SESSIONS, on=False)),
    "ListOrganizationsFeatures": checked(list_organizations_features),
}
