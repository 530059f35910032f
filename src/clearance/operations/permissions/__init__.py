"""From an API call to what must be authorized: actions, resources, condition keys.

Names are imported when they are first used: the tables of all services are not needed to know
whether an ARN fits an action.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from clearance.operations.permissions.permission import Permission, Value
    from clearance.operations.permissions.request_context import request_context
    from clearance.operations.permissions.required import required

__all__ = ["Permission", "Value", "request_context", "required"]

_HOME: Final = {
    "Permission": "permission",
    "Value": "permission",
    "request_context": "request_context",
    "required": "required",
}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'clearance.operations.permissions' has no attribute {name!r}")
    module = import_module(f"clearance.operations.permissions.{home}")
    found: object = getattr(module, name)
    globals()[name] = found
    return found
