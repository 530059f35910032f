"""Values an operator cannot compare."""

from __future__ import annotations

__all__ = ["PolicyValueError", "RequestValueError"]


class PolicyValueError(ValueError):
    """The value in the policy is not of the operator's type; the statement fails closed."""


class RequestValueError(ValueError):
    """The value in the request is not of the operator's type."""
