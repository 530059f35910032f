"""A policy being written: an editor that says what is wrong while one types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from clearance.model.policy import PolicyType
from clearance.server.console.parts import badge
from clearance.server.console.parts.text import tag
from clearance.server.console.view import View
from clearance.validate import Finding, FindingType, validate

__all__ = ["Editor", "decorations"]

_KINDS: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "warn",
    FindingType.WARNING: "warn",
    FindingType.SUGGESTION: "note",
}
_TONES: Final = {"error": "bad", "warn": "warn", "note": "note"}
_WORDS: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "security",
    FindingType.WARNING: "warning",
    FindingType.SUGGESTION: "suggestion",
}
_LISTED: Final = 8


class Editor:
    """A document and its findings; ``on_change`` is awaited after it was read anew."""

    def __init__(
        self,
        view: View,
        text: str,
        kind: PolicyType,
        *,
        label: str,
        on_change: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.findings: tuple[Finding, ...] = ()
        self._view = view
        self._kind = kind
        self.on_change = on_change
        with tag("div", classes="editor") as around:
            around.props["aria-label"] = label
            around.props["role"] = "group"
            self._code = ui.codemirror(
                text, language="JSON", theme="githubLight", indent="  ", line_wrapping=True
            )
            self._code.on_value_change(self._changed)
            self._found = tag("ul", classes="findings")
            self._found.props["aria-live"] = "polite"
        # The theme follows the page's, which the browser knows.
        ui.on("clearance_dark", lambda event: self._dress(dark=bool(event.args)))
        ui.timer(0, self.check, once=True)

    @property
    def text(self) -> str:
        """The document as it stands."""
        return self._code.value or ""

    @text.setter
    def text(self, text: str) -> None:
        self._code.set_value(text)

    async def judge_as(self, kind: PolicyType) -> None:
        """Say what is wrong with it as a policy of another kind."""
        if kind is not self._kind:
            self._kind = kind
            await self.check()

    @property
    def broken(self) -> bool:
        """True when the document has an error, so that nothing can be decided by it."""
        return any(finding.type is FindingType.ERROR for finding in self.findings)

    def _dress(self, *, dark: bool) -> None:
        if not self._code.is_deleted:  # the page may have put another editor in its place
            self._code.set_theme("githubDark" if dark else "githubLight")

    async def _changed(self) -> None:
        await self.check()
        if self.on_change is not None:
            await self.on_change()

    async def check(self) -> None:
        """Read the document again and show what was found."""
        text = self.text
        findings = await self._view.aside(validate, text, self._kind, catalog=self._view.catalog)
        if text != self.text:
            return  # it was typed on; the next reading shows more
        self.findings = findings
        self._code.decorations = decorations(text, findings)
        self._found.clear()
        with self._found:
            for finding in findings[:_LISTED]:
                _finding(text, finding)
            if len(findings) > _LISTED:
                tag("li", f"and {len(findings) - _LISTED} more", "soft")
            if not findings:
                tag("li", "Nothing to say about this document.", "soft")


def decorations(text: str, findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    """What the editor underlines: each finding's place, with its sentence as a tooltip."""
    found: list[dict[str, object]] = []
    for finding in findings:
        start = min(finding.place.start, max(len(text) - 1, 0))
        end = min(max(finding.place.end, start + 1), len(text))
        if end > start:
            found.append(
                {
                    "kind": "mark",
                    "from": start,
                    "to": end,
                    "class": f"finding {_KINDS[finding.type]}",
                    "attributes": {"title": finding.details},
                }
            )
    return found


def _finding(text: str, finding: Finding) -> None:
    line = text.count("\n", 0, finding.place.start) + 1
    with tag("li"):
        badge.badge(_WORDS[finding.type], _TONES[_KINDS[finding.type]])
        tag("span", f"line {line}", "soft mono")
        tag("span", finding.details)
