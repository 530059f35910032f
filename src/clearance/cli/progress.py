"""How far reading is: a bar with rate and time left, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar", "bar"]


class Bar:
    """Hears how much there is to do and what has been done."""

    def __init__(self, shown: Progress | None) -> None:
        self._shown = shown
        self._task: TaskID | None = None

    def begun(self, size: int, files: int) -> None:
        """There is so much to do: bytes in files, or units where there are no files."""
        if self._shown is not None and size:
            what = f"reading {files:,} files" if files else "deciding"
            if self._task is not None:
                self._shown.remove_task(self._task)
            self._task = self._shown.add_task(what, total=size, unit="B" if files else "")

    def told(self, size: int, files: int) -> None:
        """So much more is done."""
        del files
        if self._shown is not None and self._task is not None:
            self._shown.advance(self._task, size)


@contextmanager
def bar() -> Iterator[Bar]:
    """A bar on standard error while something is read; nothing where nobody looks on."""
    if not sys.stderr.isatty():
        yield Bar(None)
        return
    from rich.filesize import decimal
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft
    from rich.text import Text

    from clearance.cli import output

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            if not task.fields["unit"]:
                return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f}")
            speed = f"{decimal(int(task.speed))}/s" if task.speed else ""
            return Text(f"{decimal(int(task.completed))} {speed}")

    columns = (TextColumn("{task.description}"), BarColumn(24), Rate(), TimeLeft())
    with Progress(*columns, console=output.console(stderr=True), transient=True) as shown:
        yield Bar(shown)
