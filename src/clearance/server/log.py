"""One line a request: for people with colours, for machines as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TextIO

__all__ = ["LogStyle", "RequestLog"]


class LogStyle(Enum):
    """How requests are logged."""

    NONE = "none"
    TEXT = "text"
    COLOUR = "colour"
    JSON = "json"


_GREEN: Final = "\033[32m"
_RED: Final = "\033[31m"
_YELLOW: Final = "\033[33m"
_DIM: Final = "\033[2m"
_PLAIN: Final = "\033[0m"
_DENIALS: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
)


@dataclass(frozen=True, slots=True)
class RequestLog:
    """Writes a line for each audit event."""

    out: TextIO
    style: LogStyle = LogStyle.TEXT

    def write(self, event: Mapping[str, Any], seconds: float) -> None:
        """Write one line."""
        if self.style is LogStyle.NONE:
            return
        if self.style is LogStyle.JSON:
            line = json.dumps({**_facts(event), "milliseconds": round(seconds * 1000, 1)})
        else:
            line = _line(_facts(event), seconds, colour=self.style is LogStyle.COLOUR)
        self.out.write(line + "\n")
        self.out.flush()


def _facts(event: Mapping[str, Any]) -> dict[str, Any]:
    who: Mapping[str, Any] = event.get("userIdentity") or {}
    extra: Mapping[str, Any] = event.get("additionalEventData") or {}
    facts = {
        "time": extra.get("requestTime") or event.get("eventTime"),
        "service": str(event.get("eventSource", "")).partition(".")[0],
        "operation": event.get("eventName"),
        "region": event.get("awsRegion"),
        "principal": who.get("arn") or "-",
        "error": event.get("errorCode"),
        "message": event.get("errorMessage"),
        "wouldBeDenied": extra.get("wouldBeDenied"),
        "requestId": event.get("requestID"),
        "resources": [r["ARN"] for r in event.get("resources") or ()],
    }
    return {name: value for name, value in facts.items() if value not in (None, [])}


def _line(facts: Mapping[str, Any], seconds: float, *, colour: bool) -> str:
    error = facts.get("error")
    mark, style = "ok", _GREEN
    if error in _DENIALS:
        mark, style = "DENIED", _RED
    elif error:
        mark, style = str(error), _YELLOW
    elif "wouldBeDenied" in facts:
        mark, style = "ok (would be denied)", _YELLOW
    who = facts["principal"]
    short = who.split(":", 4)[-1] if who.startswith("arn:") else who
    call = f"{facts['service']}:{facts['operation']}"
    head = f"{facts['time'][11:23]} {call:<34} {mark:<8} {seconds * 1000:6.1f} ms  "
    if colour:
        head = (
            f"{_DIM}{facts['time'][11:23]}{_PLAIN} {call:<34} {style}{mark:<8}{_PLAIN} "
            f"{_DIM}{seconds * 1000:6.1f} ms{_PLAIN}  "
        )
    return head + _clean(short)


def _clean(text: str) -> str:
    """No control characters from callers in a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in text)
