"""Permission: one action on one resource that must be allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Permission", "Value"]

Value: TypeAlias = "str | bool | int | float | tuple[str, ...]"


@dataclass(frozen=True, slots=True)
class Permission:
    """One action/resource pair of a call; every pair must be allowed (R43).

    ``context`` holds the condition keys this pair adds to those of the caller and the HTTP
    request, and wins over them (a call a service makes for the caller is ``aws:ViaAWSService``).
    ``resource_account`` is the owner of the resource where it is known. ``shown_action`` and
    ``shown_resource`` are what AWS prints in a denial, where that differs. ``dependent`` marks
    what is asked beside the operation's own action. ``derived`` is False when the resource could
    not be told from the request: ``resource`` is then ``*``, which only a policy for every
    resource allows, and ``warning`` says why.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, Value] = field(default_factory=dict)
    resource_account: str | None = None
    dependent: bool = False
    derived: bool = True
    warning: str | None = None
    shown_action: str | None = None
    shown_resource: str | None = None
