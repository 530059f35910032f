"""IAM's refusals: codes, statuses and the sentences that several operations share."""

from __future__ import annotations

from clearance.operations.fault import OperationError

__all__ = [
    "already_exists",
    "conflict",
    "invalid_input",
    "limit_exceeded",
    "no_such_entity",
    "over_quota",
    "protected",
    "validation",
]


def no_such_entity(message: str) -> OperationError:
    """Something named in the request is not there."""
    return OperationError("NoSuchEntity", message, 404)


def already_exists(message: str) -> OperationError:
    """The name is taken."""
    return OperationError("EntityAlreadyExists", message, 409)


def conflict(message: str) -> OperationError:
    """Something else must be removed first."""
    return OperationError("DeleteConflict", message, 409)


def limit_exceeded(message: str) -> OperationError:
    """A quota would be exceeded."""
    return OperationError("LimitExceeded", message, 409)


def over_quota(quota: str, limit: int) -> OperationError:
    """The common form of a quota error."""
    return limit_exceeded(f"Cannot exceed quota for {quota}: {limit}")


def validation(message: str) -> OperationError:
    """A member has a value that cannot be."""
    return OperationError("ValidationError", message, 400)


def invalid_input(message: str) -> OperationError:
    """The members do not make sense."""
    return OperationError("InvalidInput", message, 400)


def protected(role: str) -> OperationError:
    """The role is linked to a service; only the service may change it (R79)."""
    return OperationError(
        "UnmodifiableEntity",
        f"Cannot perform the operation on the protected role '{role}' - this role is only "
        "modifiable by AWS",
        400,
    )
