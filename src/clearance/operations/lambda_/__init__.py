"""Lambda's operations, but for Invoke and its kin: running code is not pure."""

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.lambda_ import (
    aliases,
    code_signing,
    event_invoke,
    event_sources,
    functions,
    layer_permissions,
    layers,
    management,
    permissions,
    provisioned,
    resource_policy,
    settings,
    urls,
    versions,
)
from clearance.operations.lambda_.execution_role import trusts_lambda
from clearance.operations.lambda_.names import FunctionName, read_name
from clearance.operations.lambda_.resolve import ResolvedFunction, resolve
from clearance.operations.lambda_.urls import find_url

__all__ = [
    "OPERATIONS",
    "FunctionName",
    "ResolvedFunction",
    "find_url",
    "read_name",
    "resolve",
    "trusts_lambda",
]

OPERATIONS: Final[Mapping[str, Operation]] = {
    **aliases.OPERATIONS,
    **code_signing.OPERATIONS,
    **event_invoke.OPERATIONS,
    **event_sources.OPERATIONS,
    **functions.OPERATIONS,
    **layer_permissions.OPERATIONS,
    **layers.OPERATIONS,
    **management.OPERATIONS,
    **permissions.OPERATIONS,
    **provisioned.OPERATIONS,
    **resource_policy.OPERATIONS,
    **settings.OPERATIONS,
    **urls.OPERATIONS,
    **versions.OPERATIONS,
}
