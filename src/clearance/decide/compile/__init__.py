"""The fast engine: policies compiled once, equal to the plain interpreter on every request.

``patterns``, ``conditions`` and ``statements`` make closures of what a policy says; ``cell`` puts
together what can matter for one caller, action and resource, by the tables of ``combine`` and
``special_cases``; ``engine`` keeps cells; ``crowd`` asks for all callers at once.
"""

from clearance.decide.compile.engine import Engine, PolicyEngine
from clearance.decide.compile.prepare import PreparedContext

__all__ = ["Engine", "PolicyEngine", "PreparedContext"]
