"""Arn: six parts, split at the first five colons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from clearance.model.errors import RequestError

__all__ = ["Arn"]

PARTS = 6


@dataclass(frozen=True, slots=True)
class Arn:
    """``arn:partition:service:region:account:resource``; any part but the first may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, text: str) -> Arn:
        """Split an ARN, or raise RequestError.

        >>> Arn.of("arn:aws:lambda:us-east-1:123456789012:function:f:PROD").resource
        'function:f:PROD'
        """
        parts = text.split(":", PARTS - 1)
        if len(parts) != PARTS or parts[0] != "arn" or not parts[1] or not parts[5]:
            raise RequestError(
                f"`{text}` is not an ARN; write `arn:partition:service:region:account:resource`"
            )
        return cls(*parts[1:])

    @classmethod
    def find(cls, text: str) -> Arn | None:
        """Split an ARN, or None when the text is not one."""
        return _find(text)

    @property
    def kind(self) -> str:
        """The part of the resource before its first ``/`` or ``:``, e.g. ``role``."""
        return self.resource.replace(":", "/").split("/", 1)[0]

    @property
    def name(self) -> str:
        """The last ``/`` part of the resource: the name without its path."""
        return self.resource.rsplit("/", 1)[-1]

    def __str__(self) -> str:
        head = f"arn:{self.partition}:{self.service}:{self.region}"
        return f"{head}:{self.account}:{self.resource}"


@lru_cache(maxsize=16384)
def _find(text: str) -> Arn | None:
    """One decision asks for the same resource several times."""
    try:
        return Arn.of(text)
    except RequestError:
        return None
