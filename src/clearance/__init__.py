"""AWS authorization you can run, explain and prove.

Load an estate and ask:

>>> import clearance
>>> estate = clearance.Estate()  # or clearance.load_estate("snapshot/")
>>> ana = clearance.identify("arn:aws:iam::123456789012:user/ana", estate)
>>> request = clearance.Request(ana, "s3:GetObject", "arn:aws:s3:::photos/cat.jpg")
>>> decision = clearance.authorize(estate, request)
>>> decision.allowed
False
>>> [check.type.name for check in decision.blockers]
['PRINCIPAL']

Or decide by bare policies:

>>> policy = clearance.policy('''{
...   "Version": "2012-10-17",
...   "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::photos/*"}
... }''', name="photos")
>>> decision = clearance.evaluate(request, clearance.PolicySet(identity=(policy,)))
>>> print(decision.why())
allow: arn:aws:iam::123456789012:user/ana can s3:GetObject on arn:aws:s3:::photos/cat.jpg
  identity-based policy: allow, photos (statement 1)

For many requests, make an engine once; it answers alike and explains on demand:

>>> engine = clearance.PolicyEngine(clearance.PolicySet(identity=(policy,)))
>>> engine.decide(request)
<DecisionEffect.ALLOW: 'ALLOW'>

``Estate`` is a plain value and does no I/O, so reading one is a function of its own:
``load_estate``. Names are imported when they are first used: ``import clearance`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from clearance.decide import Options, PolicySet, authorize, evaluate, identify
    from clearance.decide.compile import Engine, PolicyEngine
    from clearance.decide.what import what_can
    from clearance.decide.who import AccessIndex, who_can
    from clearance.model.decision import (
        Check,
        CheckEffect,
        CheckType,
        Decision,
        DecisionEffect,
    )
    from clearance.model.errors import ClearanceError, PolicyError
    from clearance.model.estate import Estate
    from clearance.model.policy import AttachedPolicy, PolicyType
    from clearance.model.principal import Principal, PrincipalKind, Session
    from clearance.model.request import Context, Request

__all__ = [
    "AccessIndex",
    "AttachedPolicy",
    "Check",
    "CheckEffect",
    "CheckType",
    "ClearanceError",
    "Context",
    "Decision",
    "DecisionEffect",
    "Engine",
    "Estate",
    "Options",
    "PolicyEngine",
    "PolicyError",
    "PolicySet",
    "PolicyType",
    "Principal",
    "PrincipalKind",
    "Request",
    "Session",
    "authorize",
    "evaluate",
    "identify",
    "load_estate",
    "policy",
    "what_can",
    "who_can",
]

_HOMES: Final = {
    "clearance.decide": ("Options", "PolicySet", "authorize", "evaluate", "identify"),
    "clearance.decide.compile": ("Engine", "PolicyEngine"),
    "clearance.decide.what": ("what_can",),
    "clearance.decide.who": ("AccessIndex", "who_can"),
    "clearance.model.decision": (
        "Check",
        "CheckEffect",
        "CheckType",
        "Decision",
        "DecisionEffect",
    ),
    "clearance.model.errors": ("ClearanceError", "PolicyError"),
    "clearance.model.estate": ("Estate",),
    "clearance.model.policy": ("AttachedPolicy", "PolicyType"),
    "clearance.model.principal": ("Principal", "PrincipalKind", "Session"),
    "clearance.model.request": ("Context", "Request"),
}
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'clearance' has no attribute {name!r}")
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_estate(path: str | Path) -> Estate:
    """The estate in a file, a snapshot folder or the data folder of an endpoint.

    Raises:
        EstateError: says which file, and where in it.
    """
    from pathlib import Path  # noqa: PLC0415 - `import clearance` must be quick

    # By name, since this package is no layer: it stands above wiring and below nothing.
    found: Estate = import_module("clearance.wiring").load_estate(Path(path))
    return found


def policy(
    text: str, kind: PolicyType | None = None, *, name: str = "policy", strict: bool = True
) -> AttachedPolicy:
    """A policy document ready for a ``PolicySet``; without ``kind`` an identity policy.

    >>> policy('{"Statement": []}')
    Traceback (most recent call last):
        ...
    clearance.model.errors.PolicyError: `Statement` is empty; write at least one statement (line \
1, column 15, Statement)

    Raises:
        PolicyError: with line, column and JSON path.
    """
    from clearance.decide.attach import attach  # noqa: PLC0415
    from clearance.model.policy import PolicyType  # noqa: PLC0415
    from clearance.parse.document import parse_policy  # noqa: PLC0415

    of_kind = kind or PolicyType.IDENTITY
    parse_policy(text, of_kind, strict=strict)
    return attach(text, of_kind, name)
