"""What Lambda itself says about an invocation: log lines and the payloads of its own errors."""

import json
import math
import signal
from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "PAYLOAD_LIMIT",
    "Failure",
    "bad_entry_point",
    "end",
    "exited",
    "init_report",
    "out_of_memory",
    "report",
    "start",
    "timed_out",
    "too_large",
]

# 6 MB and room for headers; the number is part of the sentence Lambda prints.
PAYLOAD_LIMIT = 6 * 1024 * 1024 + 100


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that Lambda, not the runtime, found: its payload and its line in the log."""

    error_type: str
    message: str
    line: str
    status: str = "error"

    @property
    def payload(self) -> bytes:
        """The body of the answer."""
        value = {"errorType": self.error_type, "errorMessage": self.message}
        return json.dumps(value, separators=(",", ":")).encode()


def timed_out(request_id: str, timeout: float, now: datetime) -> Failure:
    """The function's own timeout passed."""
    what = f"Task timed out after {timeout:.2f} seconds"
    message = f"RequestId: {request_id} Error: {what}"
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
    line = f"{stamp} {request_id} {what}\n\n"
    return Failure("Sandbox.Timedout", message, line, "timeout")


def exited(request_id: str, code: int) -> Failure:
    """The runtime's process ended on its own; a negative code is a signal."""
    if code == 0:
        how = "Runtime exited without providing a reason"
    elif code < 0:
        how = f"Runtime exited with error: signal: {_signal(-code)}"
    else:
        how = f"Runtime exited with error: exit status {code}"
    return _ended(request_id, how, "Runtime.ExitError")


def out_of_memory(request_id: str) -> Failure:
    """The kernel would have killed it; here the pool did."""
    how = "Runtime exited with error: signal: killed"
    return _ended(request_id, how, "Runtime.OutOfMemory")


def bad_entry_point(request_id: str, why: str) -> Failure:
    """A custom runtime without a `bootstrap` that can be executed."""
    return _ended(request_id, why, "Runtime.InvalidEntrypoint")


def too_large() -> Failure:
    """The function answered more than an invocation may carry."""
    message = (
        f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
    )
    return Failure("Function.ResponseSizeTooLarge", message, "")


def start(request_id: str, version: str) -> str:
    """First line of an invocation."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    """Last line but one."""
    return f"END RequestId: {request_id}\n"


def init_report(init_ms: float, failure: Failure | None) -> str:
    """The line for an INIT phase that failed; one that went well has none.

    "If the function crashes or times out during the Init phase, Lambda emits error information in
    the INIT_REPORT log" (Lambda Developer Guide, lambda-runtime-environment).
    """
    fields = [f"INIT_REPORT Init Duration: {init_ms:.2f} ms", "Phase: init"]
    return "\t".join([*fields, *_status(failure), "\n"])


def report(
    request_id: str,
    *,
    duration_ms: float,
    init_ms: float | None,
    memory_mb: int,
    max_memory_mb: int,
    failure: Failure | None,
) -> str:
    """Last line."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_ms:.2f} ms",
        f"Billed Duration: {billed(duration_ms, init_ms)} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {max_memory_mb} MB",
    ]
    if init_ms is not None:
        fields.append(f"Init Duration: {init_ms:.2f} ms")
    return "\t".join([*fields, *_status(failure), "\n"])


def _status(failure: Failure | None) -> list[str]:
    if failure is None:
        return []
    kind = [f"Error Type: {failure.error_type}"] if failure.status == "error" else []
    return [f"Status: {failure.status}", *kind]


def billed(duration_ms: float, init_ms: float | None) -> int:
    """Whole milliseconds; since August 2025 the INIT phase is billed for every runtime."""
    return math.ceil(duration_ms + (init_ms or 0.0))


def _ended(request_id: str, how: str, error_type: str) -> Failure:
    message = f"RequestId: {request_id} Error: {how}"
    return Failure(error_type, message, f"{message}\n{error_type}\n")


def _signal(number: int) -> str:
    """A signal as Lambda's supervisor, a Go program, prints it."""
    names = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGABRT: "aborted"}
    named = names.get(signal.Signals(number)) if number in set(signal.Signals) else None
    if named is not None:
        return named
    return (signal.strsignal(number) or f"signal {number}").lower()
