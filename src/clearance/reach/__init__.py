"""Who can become whom, and who can come by permissions it was not given.

``edges`` asks the engine, for every known way of escalating, who has all it needs; ``paths``
goes from there to a goal; ``verify`` decides every request of a path once more, by the plain
interpreter.
"""

from clearance.reach.edges import edges
from clearance.reach.graph import dot, mermaid
from clearance.reach.methods import ADMIN, Ask, Edge, Method, methods_of
from clearance.reach.paths import Goal, Path, admins, goal_of, paths
from clearance.reach.verify import Step, verify

__all__ = [
    "ADMIN",
    "Ask",
    "Edge",
    "Goal",
    "Method",
    "Path",
    "Step",
    "admins",
    "dot",
    "edges",
    "goal_of",
    "mermaid",
    "methods_of",
    "paths",
    "verify",
]
