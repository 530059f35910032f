"""What every operation is given beside the estate and its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from clearance.model.estate import Estate
from clearance.model.principal import Principal

__all__ = ["Call", "Input", "Operation", "Output", "Ports"]

Input: TypeAlias = Mapping[str, Any]
Output: TypeAlias = Mapping[str, Any]


class Ports(Protocol):
    """What an operation needs from the world: randomness, blobs and the session seal."""

    def unique_id(self, prefix: str) -> str:
        """A new unique ID such as ``AIDA…``: the prefix and 17 characters of A-Z2-7."""

    def access_key_id(self, prefix: str) -> str:
        """A new access key ID: ``AKIA`` or ``ASIA`` and 16 characters."""

    def secret_key(self) -> str:
        """A new secret access key of 40 characters."""

    def uuid(self) -> str:
        """A new random UUID."""

    def token(self, length: int, alphabet: str) -> str:
        """Random characters of an alphabet."""

    def seal(self, principal: Principal, access_key: str, secret: str) -> str:
        """A session token that carries the principal; only this server can open it."""

    def put_blob(self, content: bytes) -> str:
        """Keep bytes; answers their name, the SHA-256 in hex."""

    def get_blob(self, name: str) -> bytes:
        """Bytes kept before."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who makes it, in which account and Region, and when (UTC)."""

    principal: Principal
    account: str
    region: str
    now: datetime
    ports: Ports
    request_id: str = ""
    source_ip: str | None = None
    user_agent: str | None = None


Operation: TypeAlias = Callable[[Estate, Call, Input], tuple[Estate, Output]]
