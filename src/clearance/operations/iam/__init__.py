"""IAM's operations, as one table: the name AWS gives an operation -> the function that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.iam import (
    account,
    attachments,
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
    saml,
    service_linked,
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
    **oidc.OPERATIONS,
    **saml.OPERATIONS,
    **tags.OPERATIONS,
    **account.OPERATIONS,
    **details.OPERATIONS,
    **report.OPERATIONS,
}
