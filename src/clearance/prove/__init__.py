"""All requests at once: what policies allow, compared as sets, with a request for every answer.

``within(a, b)`` says whether everything that policy ``a`` allows is allowed by ``b``; an answer is
proven, refuted by a request that was replayed through the engine, or unknown with the reason.
"""

from clearance.prove.answer import Answer, Verdict, Witness
from clearance.prove.compare import (
    Comparison,
    World,
    diff,
    equivalent,
    newly_allowed,
    within,
    witness,
)
from clearance.prove.rows import Change, Row

__all__ = [
    "Answer",
    "Change",
    "Comparison",
    "Row",
    "Verdict",
    "Witness",
    "World",
    "diff",
    "equivalent",
    "newly_allowed",
    "within",
    "witness",
]
