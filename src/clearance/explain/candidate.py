"""Candidate: a change that may help; whether it does is decided, not believed."""

from __future__ import annotations

from dataclasses import dataclass

from clearance.explain.edits import Edit
from clearance.explain.findings import (
    FixKind,
)
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Request

__all__ = ["Candidate", "named", "sid_of"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """``edits`` of the estate, or the request to make ``instead``, or both."""

    kind: FixKind
    title: str
    edits: tuple[Edit, ...] = ()
    instead: Request | None = None
    intent: str | None = None
    cli: tuple[str, ...] = ()


def sid_of(action: str) -> str:
    """A Sid of letters that says what is allowed: ``AllowLambdaInvokeFunction``."""
    words = "".join(c if c.isalnum() else " " for c in action).split()
    return "Allow" + "".join(word[0].upper() + word[1:] for word in words)


def named(principal: Principal) -> dict[str, str] | None:
    """The Principal element that means this caller and nobody else; None for everybody."""
    match principal.kind:
        case PrincipalKind.SERVICE:
            return {"Service": principal.arn}
        case PrincipalKind.WEB_IDENTITY | PrincipalKind.SAML_IDENTITY:
            return {"Federated": principal.arn}
        case PrincipalKind.ANONYMOUS:
            return None
        case PrincipalKind.ROLE | PrincipalKind.ROLE_SESSION:
            return {"AWS": principal.role_arn or principal.arn}
    return {"AWS": principal.arn}
