"""IAM's last accessed reports: which services somebody may use, and what was really used when.

Uses are what an endpoint saw; see `clearance.model.access`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.operations.call import Call, Input, Operation, Output
from clearance.operations.iam.fields import checked
from clearance.operations.last_accessed import entities, organization

__all__ = ["OPERATIONS", "REPORTS"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "GenerateServiceLastAccessedDetails": checked(entities.generate, "Arn"),
    "GenerateOrganizationsAccessReport": checked(organization.generate, "EntityPath"),
    "ListPoliciesGrantingServiceAccess": checked(entities.granting, "Arn", "ServiceNamespaces"),
}

# Those that must know all of AWS's services.
REPORTS: Final[Mapping[str, Callable[[Estate, Call, Input, Catalog], Output]]] = {
    "GetServiceLastAccessedDetails": entities.details,
    "GetServiceLastAccessedDetailsWithEntities": entities.with_entities,
    "GetOrganizationsAccessReport": organization.details,
}
