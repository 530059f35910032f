"""Calls through which moto would reach another resource without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from clearance.wire.faults import Fault, FaultError

__all__ = ["refuse_closed"]

# They read or write buckets, functions and streams on the caller's behalf, past the gate.
_CLOSED: Final[Mapping[str, frozenset[str]]] = {
    "dynamodb": frozenset({"ExportTableToPointInTime", "ImportTable"}),
    "logs": frozenset({"CreateExportTask", "PutDestination", "PutSubscriptionFilter"}),
    "secretsmanager": frozenset({"RotateSecret"}),
}
# A parameter of this name is a secret, for which another action must be allowed.
_SECRET: Final = "aws/reference/secretsmanager/"  # noqa: S105 (a path)


def refuse_closed(service: str, operation: str, given: Mapping[str, Any]) -> None:
    """Answer NotImplemented where moto would pass the gate by.

    Raises:
        FaultError: the call is one of them.
    """
    names = (given.get("Name"), given.get("Path"), *(given.get("Names") or ()))
    secret = service == "ssm" and any(_SECRET in str(name) for name in names if name)
    if secret or operation in _CLOSED.get(service, frozenset()):
        text = f"{service}:{operation} is not implemented by this endpoint"
        raise FaultError(
            Fault("NotImplemented", f"{text} for this resource" if secret else text, 501)
        )
