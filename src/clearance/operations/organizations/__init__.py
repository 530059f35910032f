"""Organizations' operations."""

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.organizations import accounts, attachments, policies, tags, tree

__all__ = ["OPERATIONS"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    **accounts.OPERATIONS,
    **attachments.OPERATIONS,
    **policies.OPERATIONS,
    **tags.OPERATIONS,
    **tree.OPERATIONS,
}
