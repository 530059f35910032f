"""What a function is, what an invocation gives back, and how it can be refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "BadPackage",
    "Credentials",
    "FunctionSpec",
    "InvocationRefused",
    "LogEvent",
    "Outcome",
    "Package",
    "RuntimeUnavailable",
    "Throttled",
]


class InvocationRefused(Exception):  # noqa: N818 (its children carry AWS's own names)
    """The function was not run; ``code`` and ``status`` are what Lambda's API answers."""

    code = "ServiceException"
    status = 500


class Throttled(InvocationRefused):
    """Every execution environment the function may have is busy."""

    code = "TooManyRequestsException"
    status = 429

    def __init__(self, reason: str = "ConcurrentInvocationLimitExceeded") -> None:
        # "Rate Exceeded." and `Reason` are what Invoke answers (API_Invoke, lambda).
        super().__init__("Rate Exceeded.")
        self.reason = reason


class RuntimeUnavailable(InvocationRefused):
    """This machine cannot run the function's runtime; the message says what it can run."""

    # "The runtime or runtime version specified is not supported." (API_Invoke, lambda)
    code = "InvalidRuntimeException"
    status = 502


class BadPackage(InvocationRefused, ValueError):  # noqa: N818
    """The zip file cannot be unpacked safely."""

    code = "InvalidParameterValueException"
    status = 400


@dataclass(frozen=True, slots=True)
class Credentials:
    """The execution role's session, as the function sees it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A zip file: its SHA-256 (base64 or hexadecimal), and how to get it when it is needed."""

    sha256: str
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function; ``arn`` is the ARN as it was invoked, qualifier included.

    ``account_concurrency`` is what the account's functions without a reservation share.
    """

    arn: str
    unqualified_arn: str
    name: str
    version: str
    account: str
    region: str
    role: str
    runtime: str
    handler: str
    code: Package
    timeout: float = 3
    memory_mb: int = 128
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    layers: tuple[Package, ...] = ()
    log_group: str = ""
    log_stream: str = ""
    reserved_concurrency: int | None = None
    account_concurrency: int = 1000
    log_format: str = "Text"
    log_level: str | None = None


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line for CloudWatch Logs."""

    timestamp: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Invoke answers, and what it leaves in the logs.

    ``function_error`` is `Unhandled` for everything that went wrong inside the function, which
    is what Lambda's own runtimes answer; `Handled` only if the runtime said so.
    """

    payload: bytes
    function_error: str | None
    executed_version: str
    request_id: str
    log_tail: bytes
    log_events: tuple[LogEvent, ...]
    log_stream: str
    duration_ms: float
    init_ms: float | None
    billed_ms: int
    max_memory_mb: int
    status_code: int = 200
