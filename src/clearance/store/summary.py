"""A call's input as the journal and the audit trail show it: secrets hidden, large values cut."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

__all__ = ["HIDDEN", "summarize"]

# What CloudTrail itself writes in place of a secret.
HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
_LONG: Final = 32_768  # as long as the longest policy AWS takes, a key policy
_DEEP: Final = 16

_SECRETS: Final = frozenset(
    {
        "authenticationcode1",
        "authenticationcode2",
        "base32stringseed",
        "clientsecret",
        "newpassword",
        "oldpassword",
        "password",
        "plaintext",
        "privatekey",
        "samlassertion",
        "secretaccesskey",
        "secretbinary",
        "secretstring",
        "sessiontoken",
        "tokencode",
        "webidentitytoken",
    }
)


def summarize(value: Any, *, depth: int = 0) -> Any:  # noqa: ANN401 (any JSON-like value)
    """The value, fit to be kept and shown; always JSON.

    >>> summarize({"UserName": "ana", "Password": "hunter2"})
    {'UserName': 'ana', 'Password': 'HIDDEN_DUE_TO_SECURITY_REASONS'}
    """
    if depth > _DEEP:
        return "…"
    if isinstance(value, Mapping):
        return {str(k): _member(str(k), v, depth) for k, v in value.items()}
    if isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
        return {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    if isinstance(value, str):
        return value if len(value) <= _LONG else f"{value[:_LONG]}… ({len(value)} characters)"
    if isinstance(value, list | tuple | set | frozenset):
        return [summarize(item, depth=depth + 1) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float):
        return value
    return f"<{type(value).__name__}>"


def _member(name: str, value: Any, depth: int) -> Any:  # noqa: ANN401
    if value is not None and name.lower() in _SECRETS:
        return HIDDEN
    # "Environment" of a Lambda function: names are shown, values are not, as CloudTrail hides them.
    if name == "Environment" and isinstance(value, Mapping):
        variables = value.get("Variables")
        if isinstance(variables, Mapping):
            return {**value, "Variables": dict.fromkeys(map(str, variables), HIDDEN)}
    return summarize(value, depth=depth + 1)
