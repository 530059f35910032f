"""Why a request was denied, and the smallest change that is proven to let it through.

``explain`` takes a request, ``explain_evidence`` what AWS said about one (``inputs`` reads that);
``prose.text`` writes the answer for people, ``Explanation.to_json`` for machines.
"""

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
