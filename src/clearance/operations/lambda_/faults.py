"""The errors Lambda answers, in its words."""

from __future__ import annotations

from typing import Final

from clearance.operations.fault import OperationError

__all__ = ["VALIDATION", "conflict", "forbidden", "invalid", "missing", "no_function", "stale"]

VALIDATION: Final = "ValidationException"
_USER: Final = {"Type": "User"}


def invalid(message: str) -> OperationError:
    """A value Lambda does not take."""
    return OperationError("InvalidParameterValueException", message, 400, _USER)


def missing(message: str) -> OperationError:
    """Something that is not there."""
    return OperationError("ResourceNotFoundException", message, 404, _USER)


def no_function(arn: str) -> OperationError:
    """A function, version or alias that is not there."""
    return missing(f"Function not found: {arn}")


def conflict(message: str) -> OperationError:
    """Something that is there already, or in use."""
    return OperationError("ResourceConflictException", message, 409, _USER)


def stale(api: str = "GetFunction/GetAlias") -> OperationError:
    """A RevisionId that is no longer the latest."""
    return OperationError(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the"
        f" {api} API to retrieve the latest Revision Id",
        412,
        _USER,
    )


def forbidden(message: str) -> OperationError:
    """A call that is refused whatever the policies say."""
    return OperationError("AccessDeniedException", message, 403)
