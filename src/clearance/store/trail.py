"""Audit events on their way to the disk: gathered for a moment, written together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Final

from clearance.model.errors import StoreError
from clearance.store.audit import EventKeys

__all__ = ["GATHER_SECONDS", "Trail"]

GATHER_SECONDS: Final = 0.04
_FULL: Final = 5_000  # events that may wait before a caller writes them itself
_LIMIT: Final = 50_000  # events that may wait while the disk refuses them

log: Final = logging.getLogger("clearance.store")


class Trail:
    """A queue of events with a thread that writes them; the thread also tends checkpoints."""

    def __init__(self, write: Callable[[list[EventKeys]], None], tend: Callable[[], None]) -> None:
        self._write = write
        self._tend = tend
        self._waiting: list[EventKeys] = []
        self._guard = Lock()
        self._flushing = Lock()
        self._something = Event()
        self._stop = Event()
        self._failing = False
        self.lost = 0
        self._thread = Thread(target=self._run, name="clearance-audit", daemon=True)
        self._thread.start()

    def add(self, keys: EventKeys) -> None:
        """Queue an event."""
        with self._guard:
            self._waiting.append(keys)
            count = len(self._waiting)
        if not self._something.is_set():
            self._something.set()
        if count >= _FULL and not self._failing:
            self.flush()

    def wake(self) -> None:
        """Let the thread look whether a checkpoint is due."""
        self._something.set()

    def flush(self) -> None:
        """Write what waits. On failure it waits on, and what exceeds the limit is lost."""
        with self._flushing:
            with self._guard:
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                self._write(batch)
            except StoreError as error:
                self._keep(batch, error)
            else:
                if self._failing:
                    log.warning("audit events can be written again; %d were lost", self.lost)
                self._failing = False

    def close(self) -> None:
        """Write what waits and end the thread."""
        self._stop.set()
        self._something.set()
        self._thread.join()
        self.flush()

    def _keep(self, batch: list[EventKeys], error: StoreError) -> None:
        with self._guard:
            waiting = batch + self._waiting
            self.lost += max(0, len(waiting) - _LIMIT)
            self._waiting = waiting[-_LIMIT:]
        if not self._failing:
            log.error("audit events cannot be written and wait in memory: %s", error)
        self._failing = True

    def _run(self) -> None:
        while not self._stop.is_set():
            self._something.wait()
            self._stop.wait(1.0 if self._failing else GATHER_SECONDS)
            self._something.clear()
            self.flush()
            if self._failing:
                self._something.set()
            try:
                self._tend()
            except StoreError as error:
                log.warning("a checkpoint could not be written, starting will be slower: %s", error)
