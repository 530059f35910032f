"""A Lambda layer: its versions, and who may use each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clearance.model.function import FunctionPolicy

__all__ = ["Layer", "LayerVersion"]


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """One version; ``code`` is the name of a blob, its SHA-256 in hex.

    A ``deleted`` version can no longer be added to a function; those that have it keep it.
    """

    number: int
    created: datetime
    code: str
    code_size: int
    code_sha256: str
    description: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    license: str | None = None
    policy: FunctionPolicy | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer; ``versions`` is keyed by number, and no number is used twice."""

    name: str
    region: str
    versions: Mapping[str, LayerVersion] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where an account keeps it: ``region/name``."""
        return f"{self.region}/{self.name}"

    def arn(self, account: str, version: str = "", partition: str = "aws") -> str:
        """The layer's ARN, or that of one version (R200)."""
        tail = f":{version}" if version else ""
        return f"arn:{partition}:lambda:{self.region}:{account}:layer:{self.name}{tail}"
