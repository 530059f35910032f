"""A place where something is worked out: how far it is, a way to stop it, then what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from clearance.model.errors import ClearanceError
from clearance.server.console.jobs import Job, StoppedError
from clearance.server.console.parts import states
from clearance.server.console.parts.text import tag
from clearance.server.console.view import View

__all__ = ["Working"]

R = TypeVar("R")
LOG: Final = logging.getLogger("clearance.console")
EVERY: Final = 0.2


class Working:
    """A place for one answer at a time: what is asked later takes the place of what was before."""

    def __init__(self, view: View) -> None:
        self.place: Element = tag("div", classes="stack")
        self._view = view
        self._job: Job | None = None
        ui.context.client.on_delete(self.stop)

    def stop(self) -> None:
        """End what is being worked out."""
        if self._job is not None:
            self._job.stop()

    def say(self, show: Callable[[], object]) -> None:
        """Show something without work, in place of what was there."""
        self.stop()
        self._job = None
        self.place.clear()
        with self.place:
            show()

    def soon(self, says: str, work: Callable[[Job], R], show: Callable[[R], object]) -> None:
        """Work something out once the page stands."""
        ui.timer(0, lambda: self.run(says, work, show), once=True)

    async def run(self, says: str, work: Callable[[Job], R], show: Callable[[R], object]) -> None:
        """Work something out in a thread and show it, unless it was stopped meanwhile."""
        self.stop()
        job = self._job = Job(says)
        self.place.clear()
        with self.place:
            watch = asyncio.create_task(_watch(job, *_waiting(job)))
        try:
            found = await self._view.at_length(work, job)
        except StoppedError:
            self._ended(job, lambda: states.banner("note", "Stopped."))
        except ClearanceError as error:
            said = str(error)
            self._ended(job, lambda: states.failure("That did not work", said))
        except Exception:  # a bug of ours: said where it is seen
            LOG.exception("%s failed", says)
            text = "The endpoint's log says more; calls are not affected."
            self._ended(job, lambda: states.failure("That failed", text))
        else:
            self._ended(job, lambda: show(found))
        finally:
            watch.cancel()

    def _ended(self, job: Job, show: Callable[[], object]) -> None:
        if self._job is not job or self.place.is_deleted:
            return  # something else is asked by now
        self.place.clear()
        with self.place:
            show()


def _waiting(job: Job) -> tuple[TextElement, Element]:
    with tag("div", classes="working") as line:
        line.props["role"] = "status"
        ui.spinner(size="sm")
        says = tag("span", f"{job.says} …")
        bar = tag("progress")
        bar.props["aria-label"] = job.says
        with tag("button", "Stop", "button quiet") as button:
            button.props["type"] = "button"
            button.on("click", job.stop)
    return says, bar


async def _watch(job: Job, says: TextElement, bar: Element) -> None:
    """Keep the line true while the work goes on."""
    while not says.is_deleted:
        await asyncio.sleep(EVERY)
        counted = f" ({job.done:,} of {job.total:,})" if job.total else ""
        counted = f" ({job.done:,})" if job.done and not job.total else counted
        says.text = f"{job.says} …{counted}"
        if job.total:
            bar.props["max"] = job.total
            bar.props["value"] = job.done
