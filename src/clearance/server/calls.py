"""Which operations there are, and which of them only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clearance.operations.call import Operation
from clearance.operations.iam import OPERATIONS as IAM
from clearance.operations.lambda_ import OPERATIONS as LAMBDA
from clearance.operations.organizations import OPERATIONS as ORGANIZATIONS
from clearance.operations.sts import OPERATIONS as STS

__all__ = ["OPERATIONS", "changes_nothing"]

OPERATIONS: Final[Mapping[str, Mapping[str, Operation]]] = {
    "iam": IAM,
    "lambda": LAMBDA,
    "organizations": ORGANIZATIONS,
    "sts": STS,
}

_READS: Final = ("Get", "List", "Describe", "Lookup", "Simulate", "Check", "Validate", "Decode")
_OTHERS: Final = frozenset({"Invoke", "InvokeAsync", "AssumeRole"})


def changes_nothing(operation: str) -> bool:
    """True for operations that leave the estate as it is; GetSessionToken is one of them."""
    return operation.startswith(_READS) or operation in _OTHERS
