"""Every policy layer of one request, to a Decision with its checks. Start at ``combine``."""

from clearance.decide.authorize import authorize, authorize_all, evaluate
from clearance.decide.identify import identify
from clearance.decide.situation import Options, PolicySet

__all__ = ["Options", "PolicySet", "authorize", "authorize_all", "evaluate", "identify"]
