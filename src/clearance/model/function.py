"""A Lambda function: its configuration, versions, aliases and who may use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "Alias",
    "EventInvokeConfig",
    "Function",
    "FunctionConfiguration",
    "FunctionPolicy",
    "FunctionUrl",
    "ProvisionedConcurrency",
    "RuntimeManagement",
]


@dataclass(frozen=True, slots=True)
class FunctionPolicy:
    """A function policy: one a function, version or alias (R209).

    ``pins`` maps each user or role ARN it names to the unique ID it had at the time (R26).
    """

    text: str
    revision_id: str
    pins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionConfiguration:
    """What one version of a function is; ``code`` is the name of a blob, its SHA-256 in hex."""

    role: str
    runtime: str
    handler: str
    code: str
    code_size: int
    code_sha256: str
    modified: datetime
    revision_id: str
    version: str = "$LATEST"
    description: str = ""
    timeout: int = 3
    memory: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ("x86_64",)
    vpc_id: str | None = None
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    kms_key_arn: str | None = None
    dead_letter_arn: str | None = None
    tracing: str = "PassThrough"
    ephemeral_storage: int = 512
    logging: Mapping[str, str] = field(default_factory=dict)
    snap_start: str = "None"


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a version; ``weights`` sends a share of calls to other versions."""

    name: str
    version: str
    revision_id: str
    description: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """A function URL of the function or of one alias (R211)."""

    url_id: str
    auth_type: str
    created: datetime
    modified: datetime
    invoke_mode: str = "BUFFERED"
    cors: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventInvokeConfig:
    """How asynchronous calls are retried and where their results go."""

    modified: datetime
    maximum_retry_attempts: int | None = None
    maximum_event_age: int | None = None
    on_success: str | None = None
    on_failure: str | None = None


@dataclass(frozen=True, slots=True)
class ProvisionedConcurrency:
    """Executions kept ready for a version or alias."""

    requested: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class RuntimeManagement:
    """When a version moves to a newer runtime version; ``arn`` is set for ``Manual``."""

    update_on: str
    arn: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function with everything that hangs on it.

    ``policies``, ``urls``, ``event_invoke``, ``provisioned`` and ``runtime_management`` are keyed
    by qualifier; the empty string is the unqualified function. ``versions`` holds published
    versions by number; a number is never used twice, so ``next_version`` counts on.
    """

    name: str
    region: str
    latest: FunctionConfiguration
    versions: Mapping[str, FunctionConfiguration] = field(default_factory=dict)
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    policies: Mapping[str, FunctionPolicy] = field(default_factory=dict)
    urls: Mapping[str, FunctionUrl] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    event_invoke: Mapping[str, EventInvokeConfig] = field(default_factory=dict)
    next_version: int = 1
    provisioned: Mapping[str, ProvisionedConcurrency] = field(default_factory=dict)
    runtime_management: Mapping[str, RuntimeManagement] = field(default_factory=dict)
    code_signing: str | None = None
    recursive_loop: str = "Terminate"

    @property
    def key(self) -> str:
        """Where an account keeps it: ``region/name``."""
        return f"{self.region}/{self.name}"

    def arn(self, account: str, qualifier: str = "", partition: str = "aws") -> str:
        """The function's ARN, with the qualifier if one is given (R200)."""
        tail = f":{qualifier}" if qualifier else ""
        return f"arn:{partition}:lambda:{self.region}:{account}:function:{self.name}{tail}"
