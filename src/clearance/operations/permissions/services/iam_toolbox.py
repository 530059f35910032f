"""IAM Toolbox: its permissions are IAM's, on the details of one denied request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.permissions.rows import Row, anything, on, same

__all__ = ["TABLE"]

# "To use this operation, you must have the iam:GetRequestAuthorizationDetails permission" (IAM
# Toolbox API Reference); the page names no resource type.
TABLE: Final[Mapping[str, Row]] = {
    **same("GetRequestAuthorizationDetails GetRequestAuthorizationPolicy", on(anything)),
}
