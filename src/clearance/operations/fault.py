"""An answer that AWS words as an error."""

from __future__ import annotations

from collections.abc import Mapping

from clearance.model.errors import ClearanceError

__all__ = ["OperationError"]


class OperationError(ClearanceError):
    """The call is refused with AWS's code, message and HTTP status.

    ``members`` are further members of the modelled error shape (Lambda's ``Type`` …).
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})
