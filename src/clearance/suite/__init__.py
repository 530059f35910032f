"""Policy tests: who can do what, who cannot, and what must never be possible.

``read_suite`` makes a suite of a document, ``run_suite`` decides it; invariants are proven for
all requests at once where ``prove`` can, and say so.
"""

from clearance.suite.outcome import Outcome, Standing
from clearance.suite.reading import Case, Invariant, Suite, read_suite
from clearance.suite.run import Ground, run_suite

__all__ = [
    "Case",
    "Ground",
    "Invariant",
    "Outcome",
    "Standing",
    "Suite",
    "read_suite",
    "run_suite",
]
