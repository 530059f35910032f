"""A call as a line, and what filters keep."""

from __future__ import annotations

from typing import Any

import pytest

from clearance.server.console.pages.denials.rows import Row, Wanted, row_of, wanted


def event(**more: Any) -> dict[str, Any]:
    return {
        "eventID": "e-1",
        "eventTime": "2026-03-01T12:00:00Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": "Invoke",
        "userIdentity": {"arn": "arn:aws:iam::123456789012:user/ana"},
        **more,
    }


def decision(effect: str) -> dict[str, Any]:
    return {
        "action": "lambda:InvokeFunction",
        "resource": "arn:aws:lambda:::f",
        "evaluatedEffect": effect,
    }


def extra(effect: str, **more: Any) -> dict[str, Any]:
    return {"requestTime": "2026-03-01T12:00:00.5+00:00", "decisions": [decision(effect)], **more}


MESSAGE = "User: ana is not authorized to perform: x because no identity-based policy allows it"


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (event(), "ALLOW"),
        (event(additionalEventData=extra("ALLOW")), "ALLOW"),
        (
            event(
                errorCode="AccessDenied",
                additionalEventData=extra("EXPLICIT_DENY", authorizationId="a"),
            ),
            "EXPLICIT_DENY",
        ),
        (event(errorCode="AccessDenied"), "IMPLICIT_DENY"),
        (event(errorCode="ResourceNotFoundException"), "ERROR"),
        (
            event(errorCode="ResourceNotFoundException", additionalEventData=extra("ALLOW")),
            "ERROR",
        ),
        (event(additionalEventData=extra("IMPLICIT_DENY", wouldBeDenied=MESSAGE)), "WOULD_DENY"),
    ],
)
def test_verdicts(given: dict[str, Any], verdict: str) -> None:
    assert row_of(given).verdict == verdict


def test_a_line_names_the_action_that_was_decided() -> None:
    row = row_of(
        event(
            errorCode="AccessDenied",
            errorMessage=MESSAGE,
            additionalEventData=extra("IMPLICIT_DENY", authorizationId="a"),
        )
    )
    assert (row.action, row.who, row.what) == ("lambda:InvokeFunction", "user/ana", "f")
    assert row.reason == "no identity-based policy allows it"
    assert row.when.microsecond == 500_000


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (MESSAGE, "no identity-based policy allows it"),
        (
            "User: ana is not authorized to perform: x with an explicit deny in a session policy",
            "an explicit deny in a session policy",
        ),
        ("User: ana is not authorized to perform: x on resource: y", "no reason was given"),
        ("1 validation error", "AccessDenied: 1 validation error"),
        ("", "AccessDenied"),
    ],
)
def test_reasons(message: str, reason: str) -> None:
    assert row_of(event(errorCode="AccessDenied", errorMessage=message)).reason == reason


def test_events_with_little_in_them_are_lines_too() -> None:
    row = row_of({"eventTime": "2026-03-01T12:00:00Z", "userIdentity": None})
    assert row.principal == "anonymous"
    assert not row.denied


def test_filters() -> None:
    events = [
        event(eventID="1"),
        event(eventID="2", errorCode="AccessDenied", errorMessage=MESSAGE),
        event(eventID="3", errorCode="AccessDenied", eventName="GetFunction"),
    ]

    def ids(what: Wanted, most: int = 10) -> list[str]:
        return [row.id for row in wanted(events, what, most)]

    assert ids(Wanted()) == ["2", "3"]
    assert ids(Wanted(everything=True)) == ["1", "2", "3"]
    assert ids(Wanted(everything=True), most=2) == ["1", "2"]
    assert ids(Wanted(text="ANA getfunction")) == ["3"]
    assert ids(Wanted(text="identity-based")) == ["2"]
    assert isinstance(wanted(events, Wanted(), 1)[0], Row)
