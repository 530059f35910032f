"""Replay: what a proposed change would have done to calls that were recorded."""

from __future__ import annotations

from clearance.model.errors import UsageError
from clearance.server.console.page import Desk, Page
from clearance.server.console.pages.replay.question import Question
from clearance.server.console.parts import states
from clearance.server.console.parts.text import tag
from clearance.server.console.parts.working import Working

__all__ = ["PAGE"]


async def _build(desk: Desk) -> None:
    try:
        from clearance.server.console.pages.replay import result  # noqa: PLC0415 - see below
    except ImportError as error:
        text = f"It needs {error.name}, which is not installed: pip install 'clearance[logs]'."
        states.failure("Replay reads logs with packages of its own", text)
        return
    question = Question(desk)
    question.draw()
    with tag("div", classes="bar"), tag("button", "Replay", "button") as button:
        button.props["type"] = "button"
    working = Working(desk.view)

    async def run() -> None:
        try:
            work = question.asked()
        except UsageError as error:
            said = str(error)
            working.say(lambda: states.failure("Something is missing", said))
            return
        await working.run("Replaying", work, result.show)

    button.on("click", run)


PAGE = Page(
    "replay",
    "Replay",
    "replay",
    "What a proposed change would have done to recorded calls: what breaks, what opens, for whom.",
    _build,
)
