"""Organizations' operations."""

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.organizations import (
    accounts,
    attachments,
    handshakes,
    policies,
    services,
    tags,
    tree,
)

__all__ = ["OPERATIONS"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    **accounts.OPERATIONS,
    **attachments.OPERATIONS,
    **handshakes.OPERATIONS,
    **policies.OPERATIONS,
    **services.OPERATIONS,
    **tags.OPERATIONS,
    **tree.OPERATIONS,
}
