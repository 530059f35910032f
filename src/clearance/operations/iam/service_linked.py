"""Service-linked roles: made for a service, changed by nobody else (R79, R83)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from clearance.model.estate import Estate, Role, TrustPolicy
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.faults import invalid_input, no_such_entity
from clearance.operations.iam.fields import checked
from clearance.operations.iam.owners import (
    ROLE,
    account_of,
    role_named,
    room,
    with_owner,
    without_owner,
)
from clearance.operations.iam.service_roles import SERVICE_ROLES, TAKES_SUFFIX
from clearance.operations.iam.views import role_created

__all__ = ["OPERATIONS"]

DOMAIN: Final = ".amazonaws.com"


def create_service_linked_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Make the role a service works with, its policy attached."""
    account = account_of(estate, call)
    service, suffix = given["AWSServiceName"], given.get("CustomSuffix")
    prefix = service.removesuffix(DOMAIN)
    if not service.endswith(DOMAIN) or prefix not in SERVICE_ROLES:
        raise invalid_input(f"Service-linked roles are not supported for {service}")
    if suffix is not None and prefix not in TAKES_SUFFIX:
        raise invalid_input(f"Custom suffix is not allowed for {service}")
    title, policy = SERVICE_ROLES[prefix]
    name = f"AWSServiceRoleFor{title}" + (f"_{suffix}" if suffix else "")
    if any(name.lower() == taken.lower() for taken in account.roles):
        raise invalid_input(
            f"Service role name {name} has been taken in this account, please try a different "
            "suffix."
        )
    room(account, ROLE)
    role = Role(
        name=name,
        id=call.ports.unique_id(ROLE.prefix),
        created=call.now,
        trust=_trust(service),
        path=f"/aws-service-role/{service}/",
        attached=(f"arn:{account.partition}:iam::aws:policy/aws-service-role/{policy}",),
        description=given.get("Description") or None,
    )
    account = with_owner(account, ROLE, role)
    estate = estate.with_account(account)
    return estate, {"Role": role_created(estate, account, role)}


def _trust(service: str) -> TrustPolicy:
    statement = {
        "Action": ["sts:AssumeRole"],
        "Effect": "Allow",
        "Principal": {"Service": [service]},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return TrustPolicy(json.dumps(document, separators=(",", ":")))


def delete_service_linked_role(estate: Estate, call: Call, given: Input) -> tuple[Estate, Output]:
    """Remove a service-linked role; nothing here uses it, so the task is done at once."""
    account = account_of(estate, call)
    role = role_named(account, given["RoleName"])
    if not role.is_service_linked:
        raise no_such_entity(f"There is no service-linked role with the name {role.name}.")
    task = f"task{role.path}{role.name}/{call.ports.uuid()}"
    account = replace(
        without_owner(account, ROLE, role.name), deletions={**account.deletions, task: role.name}
    )
    return estate.with_account(account), {"DeletionTaskId": task}


def get_service_linked_role_deletion_status(
    estate: Estate, call: Call, given: Input
) -> tuple[Estate, Output]:
    """What became of a deletion task."""
    task = given["DeletionTaskId"]
    if task not in account_of(estate, call).deletions:
        raise no_such_entity(f"Deletion task {task} cannot be found.")
    return estate, {"Status": "SUCCEEDED"}


OPERATIONS: Final[Mapping[str, Operation]] = {
    "CreateServiceLinkedRole": checked(create_service_linked_role, "AWSServiceName"),
    "DeleteServiceLinkedRole": checked(delete_service_linked_role, "RoleName"),
    "GetServiceLinkedRoleDeletionStatus": checked(
        get_service_linked_role_deletion_status, "DeletionTaskId"
    ),
}
