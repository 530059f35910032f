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
from clearance.prove.estates import EstateDiff, PrincipalChange, ResourceChange, estate_diff
from clearance.prove.granted import access_not_granted
from clearance.prove.grants import Grant, Limits, grant_for, size_of
from clearance.prove.pack import Split, split
from clearance.prove.public import RESOURCE_TYPES, no_public_access, policy_type_of
from clearance.prove.rows import Change, Row, request_json
from clearance.prove.shrink import Shrunk, shrink
from clearance.prove.standing import newly_granted, within_granted
from clearance.prove.unreachable import Unreachable, Why, unreachable

__all__ = [
    "RESOURCE_TYPES",
    "Answer",
    "Change",
    "Comparison",
    "EstateDiff",
    "Grant",
    "Limits",
    "PrincipalChange",
    "ResourceChange",
    "Row",
    "Shrunk",
    "Split",
    "Unreachable",
    "Verdict",
    "Why",
    "Witness",
    "World",
    "access_not_granted",
    "diff",
    "equivalent",
    "estate_diff",
    "grant_for",
    "newly_allowed",
    "newly_granted",
    "no_public_access",
    "policy_type_of",
    "request_json",
    "shrink",
    "size_of",
    "split",
    "unreachable",
    "within",
    "within_granted",
    "witness",
]
