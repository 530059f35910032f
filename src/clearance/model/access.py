"""What was used when, as IAM's last accessed reports tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["AccessJob", "Accessed", "Use"]


@dataclass(frozen=True, slots=True)
class Use:
    """The last attempt, whether it was allowed or not."""

    when: datetime
    region: str


@dataclass(frozen=True, slots=True)
class Accessed:
    """What one user or role tried last: by service prefix, and by ``service:Action``."""

    services: Mapping[str, Use] = field(default_factory=dict)
    actions: Mapping[str, Use] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessJob:
    """A report that was asked for, about the entity of an ARN or of a path in an organization."""

    id: str
    about: str
    created: datetime
    granularity: str = "SERVICE_LEVEL"
    policy: str | None = None
