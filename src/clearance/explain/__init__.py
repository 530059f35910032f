"""Why a request was denied, and the smallest change that is proven to let it through.

``explain`` takes a request, ``explain_evidence`` what AWS said about one (``inputs`` reads that);
``prose.text`` writes the answer for people, ``Explanation.to_json`` for machines.
Names are imported when they are first used: the endpoint needs its sentences only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from clearance.explain.edits import Edit, Place, Target, apply, apply_all
    from clearance.explain.explainer import explain
    from clearance.explain.explanation import Explanation
    from clearance.explain.findings import (
        Access,
        Blocker,
        Cause,
        Confidence,
        Fix,
        FixKind,
        Gain,
        Miss,
        Owner,
        RuledOut,
        Step,
        Unknown,
        Verified,
    )
    from clearance.explain.from_evidence import explain_evidence
    from clearance.explain.sample import Change, Prover

__all__ = [
    "Access",
    "Blocker",
    "Cause",
    "Change",
    "Confidence",
    "Edit",
    "Explanation",
    "Fix",
    "FixKind",
    "Gain",
    "Miss",
    "Owner",
    "Place",
    "Prover",
    "RuledOut",
    "Step",
    "Target",
    "Unknown",
    "Verified",
    "apply",
    "apply_all",
    "explain",
    "explain_evidence",
]

_HOMES: Final = {
    "edits": ("Edit", "Place", "Target", "apply", "apply_all"),
    "explainer": ("explain",),
    "explanation": ("Explanation",),
    "findings": (
        "Access",
        "Blocker",
        "Cause",
        "Confidence",
        "Fix",
        "FixKind",
        "Gain",
        "Miss",
        "Owner",
        "RuledOut",
        "Step",
        "Unknown",
        "Verified",
    ),
    "from_evidence": ("explain_evidence",),
    "sample": ("Change", "Prover"),
}
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'clearance.explain' has no attribute {name!r}")
    found: object = getattr(import_module(f"clearance.explain.{home}"), name)
    globals()[name] = found
    return found
