"""Keys that AWS sets together, where a proof takes each for itself.

What is proven holds all the more. A counterexample may be one that AWS never sees, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from clearance.model.policy import Statement
from clearance.prove.cubes import Box
from clearance.prove.space import Space

__all__ = ["assumptions"]

# Keys that follow from one thing (reference_policies_condition-keys); a trailing slash stands for
# all keys with that beginning.
_CALLER: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:principaltype",
        "aws:userid",
        "aws:username",
    }
)
_RESOURCE: Final = frozenset(
    {"aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"}
)
_LINKED: Final = (
    _CALLER,
    _RESOURCE,
    frozenset({"aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:viaawsservice"}),
    frozenset({"aws:currenttime", "aws:epochtime", "aws:tokenissuetime"}),
    frozenset({"aws:multifactorauthage", "aws:multifactorauthpresent"}),
    frozenset({"aws:requesttag/", "aws:tagkeys"}),
    frozenset({"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip",
               "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"}),
    frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}),
)  # fmt: skip


def assumptions(space: Space, box: Box, source: Statement | None) -> tuple[str, ...]:
    """What a counterexample out of the box, from a statement, takes for granted."""
    names_callers = source is not None and source.principals is not None
    return tuple(_told(space, box, names_callers=names_callers))


def _told(space: Space, box: Box, *, names_callers: bool) -> Iterator[str]:
    asked = sorted(key for key in box.keys if not _is_known(space, key))
    for group in _LINKED:
        together = [key for key in asked if key in group or f"{key.partition('/')[0]}/" in group]
        if len(together) > 1:
            yield f"{_and(space.names.get(k, k) for k in together)} do not depend on each other"
    if box.resource != ("*",):
        for key in asked:
            if key in _RESOURCE:
                yield f"{space.names.get(key, key)} does not depend on the resource"
    if names_callers:
        for key in asked:
            if key in _CALLER:
                yield f"{space.names.get(key, key)} does not depend on who asks"


def _is_known(space: Space, key: str) -> bool:
    return space.facts is not None and space.facts.state(key).value != "unknown"


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}"
