"""How an endpoint behaves where AWS, or whoever runs it, has a choice."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Manner"]


@dataclass(frozen=True, slots=True)
class Manner:
    """The switches of ``clearance serve``.

    ``policy_arns``: a denial names the policy that denied, as AWS began to do in January 2026.
    ``console_hints``: a denial ends with the link to its authorization details and their id.
    ``audit_only``: what would be denied is let through, and recorded as such.
    """

    policy_arns: bool = True
    console_hints: bool = False
    audit_only: bool = False
