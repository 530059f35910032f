"""One line a request."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from tests.endpoints import attempt, credentials_of, key_of, site, small_estate

from clearance.server.log import LogStyle, RequestLog
from clearance.server.manner import Manner

ANA = credentials_of(key_of("ana"))


def lines_of(style: LogStyle, manner: Manner | None = None) -> list[str]:
    out = io.StringIO()
    log = RequestLog(out, style)
    with site(small_estate(), log=log, manner=manner or Manner()) as found:
        found.client("sts", ANA).get_caller_identity()
        attempt(found.client("iam", ANA).list_users)
        attempt(found.client("iam").get_user, UserName="nobody")
        attempt(found.client("sts", replace(ANA, secret="x")).get_caller_identity)
    return out.getvalue().splitlines()


def test_text() -> None:
    told, denied, missing, wrong = lines_of(LogStyle.TEXT)
    assert "sts:GetCallerIdentity" in told
    assert " ok " in told
    assert "user/ana" in told
    assert " DENIED " in denied
    assert "NoSuchEntity" in missing
    assert "SignatureDoesNotMatch" in wrong
    assert "user/ana" not in wrong
    assert max(map(len, (told, denied))) <= 120


def test_colour_and_silence() -> None:
    assert "\033[31mDENIED" in lines_of(LogStyle.COLOUR)[1]
    assert lines_of(LogStyle.NONE) == []


def test_json() -> None:
    told, denied, *_ = map(json.loads, lines_of(LogStyle.JSON))
    assert told["operation"] == "GetCallerIdentity"
    assert told["milliseconds"] >= 0
    assert "error" not in told
    assert denied["error"] == "AccessDenied"
    assert denied["message"].startswith("User: ")


def test_audit_mode_shows_what_would_be_denied() -> None:
    assert "would be denied" in lines_of(LogStyle.TEXT, Manner(audit_only=True))[1]


def test_no_control_characters_reach_the_terminal() -> None:
    out = io.StringIO()
    event = {"eventSource": "s", "eventName": "N", "userIdentity": {"arn": "a\x1b[31mb\n"},
             "eventTime": "2026-01-01T00:00:00.000Z"}  # fmt: skip
    RequestLog(out, LogStyle.TEXT).write(event, 0.1)
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
