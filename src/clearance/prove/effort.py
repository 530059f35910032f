"""How hard to try before the answer is "unknown"."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAX_STATES", "Effort", "ProofError", "TooHardError"]

MAX_STATES = 40_000


class ProofError(AssertionError):
    """A witness did not replay: a bug of the prover. Raised where an Effort is ``strict``."""


class TooHardError(Exception):
    """The search gave up; whoever asked answers "unknown"."""


@dataclass(slots=True)
class Effort:
    """A budget of search steps, shared by everything one question does.

    ``strict``: raise ProofError where the answer would be "unknown" because of a bug.
    """

    steps: int = 200_000
    strict: bool = False

    def spend(self, steps: int = 1) -> None:
        """Some steps; raises TooHardError when none is left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooHardError("the search was given up: too many overlapping patterns")
