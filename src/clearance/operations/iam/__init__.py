"""IAM's operations, as one table: the name AWS gives an operation -> the function that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.iam import (
    attachments,
    groups,
    inline,
    keys,
    policies,
    roles,
    tags,
    users,
)

__all__ = ["OPERATIONS"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    **users.OPERATIONS,
    **groups.OPERATIONS,
    **roles.OPERATIONS,
    **policies.OPERATIONS,
    **attachments.OPERATIONS,
    **inline.OPERATIONS,
    **keys.OPERATIONS,
    **tags.OPERATIONS,
}
