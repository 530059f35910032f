"""Runtimes Lambda knows, and those it no longer takes for new functions."""

from __future__ import annotations

from typing import Final

from clearance.operations.lambda_.faults import invalid

__all__ = ["RUNTIMES", "refuse_runtime"]

RUNTIMES: Final = (
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "java8.al2",
    "java8.al2023",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "nodejs16.x",
    "provided.al2",
    "provided.al2023",
)
# Lambda Developer Guide, lambda-runtimes: "deprecated runtimes", creation blocked.
_RETIRED: Final = frozenset(
    {
        "nodejs",
        "nodejs4.3",
        "nodejs4.3-edge",
        "nodejs6.10",
        "nodejs8.10",
        "nodejs10.x",
        "nodejs12.x",
        "nodejs14.x",
        "java8",
        "python2.7",
        "python3.6",
        "python3.7",
        "dotnetcore1.0",
        "dotnetcore2.0",
        "dotnetcore2.1",
        "dotnetcore3.1",
        "ruby2.5",
        "ruby2.7",
        "go1.x",
        "provided",
    }
)


def refuse_runtime(runtime: str) -> None:
    """Refuse a runtime that is unknown or retired.

    Raises:
        OperationError: as Lambda words it.
    """
    if runtime in _RETIRED:
        raise invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating"
            " AWS Lambda functions. We recommend you use a supported runtime while creating or"
            " updating functions."
        )
    if runtime not in RUNTIMES:
        raise invalid(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum"
            f" value set: [{', '.join(RUNTIMES)}] or be a valid ARN"
        )
