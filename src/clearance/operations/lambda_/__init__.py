"""Lambda's operations, but for Invoke: running code is not pure."""

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.lambda_ import (
    aliases,
    event_invoke,
    functions,
    permissions,
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
    **event_invoke.OPERATIONS,
    **functions.OPERATIONS,
    **permissions.OPERATIONS,
    **resource_policy.OPERATIONS,
    **settings.OPERATIONS,
    **urls.OPERATIONS,
    **versions.OPERATIONS,
}
