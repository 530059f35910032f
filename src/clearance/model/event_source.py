"""What feeds and what guards a function from outside: event source mappings, code signing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["CodeSigningConfig", "EventSourceMapping"]


@dataclass(frozen=True, slots=True)
class EventSourceMapping:
    """A queue or stream that Lambda reads for a function; ``function`` is its ARN as given."""

    uuid: str
    region: str
    source: str
    function: str
    modified: datetime
    enabled: bool = True
    batch_size: int = 10
    batching_window: int = 0
    filters: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    starting_position: str | None = None
    starting_timestamp: datetime | None = None
    on_failure: str | None = None
    maximum_retry_attempts: int = -1
    maximum_record_age: int = -1
    bisect: bool = False
    parallelization: int = 1
    tumbling_window: int = 0
    maximum_concurrency: int | None = None
    kms_key_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def arn(self, account: str, partition: str = "aws") -> str:
        """The mapping's own ARN."""
        return f"arn:{partition}:lambda:{self.region}:{account}:event-source-mapping:{self.uuid}"


@dataclass(frozen=True, slots=True)
class CodeSigningConfig:
    """Which signing profiles may have signed a function's code, and what happens to others."""

    id: str
    arn: str
    publishers: tuple[str, ...]
    modified: datetime
    description: str = ""
    untrusted: str = "Warn"
    tags: Mapping[str, str] = field(default_factory=dict)
