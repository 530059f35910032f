"""An explanation for a pull-request comment."""

from __future__ import annotations

import json
from collections.abc import Iterator

from clearance.explain.explanation import Explanation
from clearance.explain.findings import (
    Fix,
)
from clearance.explain.prose import text

__all__ = ["markdown"]


def markdown(explanation: Explanation, *, verbose: bool = False) -> str:
    """The verdict in a line, the text as a block, each proven fix folded away under it."""
    return "\n".join(_parts(explanation, verbose=verbose))


def _parts(explanation: Explanation, *, verbose: bool) -> Iterator[str]:
    cause = explanation.cause
    yield f"### {_headline(explanation)}"
    yield ""
    if cause is not None:
        yield f"**{cause.id}** ({cause.confidence}): {_plain(cause.because)}"
        yield ""
    yield _fenced("text", text(explanation, verbose=verbose))
    for place, fix in enumerate(explanation.fixes[: None if verbose else 3], 1):
        yield ""
        yield from _fix(place, fix)
    for unknown in explanation.unknowns:
        yield f"- unknown: {_plain(unknown.what)} ({_plain(unknown.how_to_get)})"


def _headline(explanation: Explanation) -> str:
    decision, stated = explanation.decision, explanation.stated
    if decision is not None:
        word = "Allowed" if decision.allowed else "Denied"
        return f"{word}: `{decision.request.action}` on `{decision.request.resource}`"
    return f"Denied: `{stated.action if stated and stated.action else 'a call'}`"


def _fix(place: int, fix: Fix) -> Iterator[str]:
    proof = "proven" if fix.works else "not proven"
    owners = ", ".join(str(owner) for owner in fix.owners)
    yield f"<details><summary>Fix {place} ({proof}; {owners}): {_escaped(fix.title)}</summary>"
    yield ""
    for edit in fix.edits:
        yield _fenced("json", json.dumps(json.loads(edit.after), indent=2, ensure_ascii=False))
    if fix.cli:
        yield _fenced("sh", "\n".join(fix.cli))
    if fix.terraform:
        yield _fenced("hcl", fix.terraform)
    yield "</details>"


def _fenced(language: str, content: str) -> str:
    """A block whose fence is longer than any in the content, so that nothing breaks out."""
    fence = "```"
    while fence in content:
        fence += "`"
    return f"{fence}{language}\n{content}\n{fence}"


def _escaped(text_: str) -> str:
    return text_.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text_: str) -> str:
    return _escaped(text_).replace("|", "\\|").replace("\n", " ")
