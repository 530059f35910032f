"""IAM's operations, as one table: the name AWS gives an operation -> the function that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.iam import (
    account,
    attachments,
    certificates,
    details,
    grants,
    groups,
    inline,
    instance_profiles,
    keys,
    mfa,
    oidc,
    passwords,
    policies,
    report,
    roles,
    root_access,
    saml,
    server_certificates,
    service_credentials,
    service_linked,
    ssh_keys,
    tags,
    users,
)

__all__ = ["OPERATIONS"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    **users.OPERATIONS,
    **groups.OPERATIONS,
    **roles.OPERATIONS,
    **service_linked.OPERATIONS,
    **instance_profiles.OPERATIONS,
    **policies.OPERATIONS,
    **attachments.OPERATIONS,
    **inline.OPERATIONS,
    **grants.OPERATIONS,
    **keys.OPERATIONS,
    **passwords.OPERATIONS,
    **mfa.OPERATIONS,
    **ssh_keys.OPERATIONS,
    **certificates.OPERATIONS,
    **service_credentials.OPERATIONS,
    **oidc.OPERATIONS,
    **saml.OPERATIONS,
    **tags.OPERATIONS,
    **account.OPERATIONS,
    **details.OPERATIONS,
    **report.OPERATIONS,
    **root_access.OPERATIONS,
    **server_certificates.OPERATIONS,
}
