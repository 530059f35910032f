"""What Lambda says about an invocation, line by line."""

import json
import signal
from datetime import UTC, datetime

import pytest

from clearance.server.runtime import report

ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def test_the_report_line_of_a_cold_start() -> None:
    line = report.report(
        ID, duration_ms=1.234, init_ms=100.0, memory_mb=128, max_memory_mb=64, failure=None
    )
    assert line == (
        f"REPORT RequestId: {ID}\tDuration: 1.23 ms\tBilled Duration: 102 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 100.00 ms\t\n"
    )


def test_the_report_line_of_a_warm_start_has_no_init() -> None:
    line = report.report(
        ID, duration_ms=2.0, init_ms=None, memory_mb=256, max_memory_mb=70, failure=None
    )
    assert "Init Duration" not in line
    assert "\tBilled Duration: 2 ms\t" in line


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (report.timed_out(ID, 3, datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)), "Status: timeout"),
        (report.exited(ID, 1), "Status: error\tError Type: Runtime.ExitError"),
        (report.out_of_memory(ID), "Status: error\tError Type: Runtime.OutOfMemory"),
        (report.too_large(), "Status: error\tError Type: Function.ResponseSizeTooLarge"),
    ],
)
def test_the_report_line_says_how_it_ended(failure: report.Failure, status: str) -> None:
    line = report.report(
        ID, duration_ms=1, init_ms=None, memory_mb=128, max_memory_mb=1, failure=failure
    )
    assert line.endswith(f"\t{status}\t\n")


def test_an_init_phase_that_failed_has_a_line_of_its_own() -> None:
    crash = report.Failure("Runtime.ImportModuleError", "", "")
    assert report.init_report(1236.04, crash) == (
        "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: error\t"
        "Error Type: Runtime.ImportModuleError\t\n"
    )
    late = report.timed_out(ID, 3, datetime(2026, 1, 1, tzinfo=UTC))
    assert report.init_report(1.0, late).endswith("\tPhase: init\tStatus: timeout\t\n")


def test_a_timeout() -> None:
    failure = report.timed_out(ID, 3, datetime(2026, 1, 2, 3, 4, 5, 678000, UTC))
    assert failure.line == f"2026-01-02T03:04:05.678Z {ID} Task timed out after 3.00 seconds\n\n"
    assert json.loads(failure.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {ID} Error: Task timed out after 3.00 seconds",
    }


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (-signal.SIGTERM, "Runtime exited with error: signal: terminated"),
        (-signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_an_end_of_the_process(code: int, how: str) -> None:
    failure = report.exited(ID, code)
    assert failure.message == f"RequestId: {ID} Error: {how}"
    assert failure.line == f"{failure.message}\nRuntime.ExitError\n"


def test_the_first_and_the_last_but_one_line() -> None:
    assert report.start(ID, "$LATEST") == f"START RequestId: {ID} Version: $LATEST\n"
    assert report.end(ID) == f"END RequestId: {ID}\n"
