"""Execution environments: a function's real code in real processes over the real Runtime API.

``Pool.invoke(spec, payload, credentials_for=..., endpoint_url=..., request_id=...)`` answers
an ``Outcome``, whatever the function did, or raises an ``InvocationRefused``.
"""

from clearance.server.runtime.pool import Pool
from clearance.server.runtime.spec import (
    BadPackage,
    Credentials,
    FunctionSpec,
    InvocationRefused,
    LogEvent,
    Outcome,
    Package,
    RuntimeUnavailable,
    Throttled,
)

__all__ = [
    "BadPackage",
    "Credentials",
    "FunctionSpec",
    "InvocationRefused",
    "LogEvent",
    "Outcome",
    "Package",
    "Pool",
    "RuntimeUnavailable",
    "Throttled",
]
