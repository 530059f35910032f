"""From an API call to what must be authorized: actions, resources, condition keys."""

from clearance.operations.permissions.permission import Permission, Value
from clearance.operations.permissions.request_context import request_context
from clearance.operations.permissions.required import required

__all__ = ["Permission", "Value", "request_context", "required"]
