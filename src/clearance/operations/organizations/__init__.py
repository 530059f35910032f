"""Organizations' operations."""

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.organizations import (
    accounts,
    attachments,
    delegation,
    effective,
    handshakes,
    policies,
    services,
    tags,
    tree,
)

__all__ = ["OPERATIONS"]

_ALL: Final[Mapping[str, Operation]] = {
    **accounts.OPERATIONS,
    **attachments.OPERATIONS,
    **delegation.OPERATIONS,
    **effective.OPERATIONS,
    **handshakes.OPERATIONS,
    **policies.OPERATIONS,
    **services.OPERATIONS,
    **tags.OPERATIONS,
    **tree.OPERATIONS,
}
OPERATIONS: Final[Mapping[str, Operation]] = {
    name: delegation.delegable(name, operation) for name, operation in _ALL.items()
}
