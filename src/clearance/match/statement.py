"""One statement against one request, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clearance.match import action, conditions, principal, resource
from clearance.match.truth import Truth, all_of
from clearance.model.decision import Naming
from clearance.model.policy import Condition, Effect, Policy, Statement
from clearance.model.request import Request

__all__ = ["Element", "StatementTrace", "examine"]


@dataclass(frozen=True, slots=True)
class Element:
    """What one element of a statement said.

    ``wanted`` is what the policy writes, ``actual`` what the request brought.
    """

    name: str
    truth: Truth
    wanted: tuple[str, ...]
    actual: tuple[str, ...]
    condition: Condition | None = None
    unknown: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StatementTrace:
    """Everything one statement said about one request."""

    statement: Statement
    elements: tuple[Element, ...]
    namings: frozenset[Naming] = frozenset()

    @property
    def truth(self) -> Truth:
        """Whether the statement speaks about the request."""
        return all_of(element.truth for element in self.elements)

    @property
    def applies(self) -> bool:
        """The outcome when the statement must be acted upon: errors fail closed (R55)."""
        if self.truth is Truth.ERROR:
            return self.statement.effect is Effect.DENY
        return self.truth is Truth.TRUE

    @property
    def failures(self) -> tuple[Element, ...]:
        """The elements that kept the statement from speaking."""
        return tuple(e for e in self.elements if e.truth is not Truth.TRUE)

    @property
    def error(self) -> str | None:
        """Why the statement could not be tested."""
        if self.truth is not Truth.ERROR:
            return None
        return next((e.error for e in self.elements if e.error), "values cannot be compared")


def examine(
    policy: Policy,
    statement: Statement,
    request: Request,
    *,
    bounded: bool = False,
    strict: bool = False,
) -> StatementTrace:
    """Ask every element of a statement.

    ``bounded``: the caller has a permissions boundary. ``strict``: NotPrincipal leaves a caller
    out only when its account is listed, too (R28).
    """
    namings: frozenset[Naming] = frozenset()
    if statement.principals is not None:
        namings = _namings(statement, request, bounded=bounded, strict=strict)
    elements = _elements(policy, statement, request, namings)
    return StatementTrace(statement, tuple(elements), namings)


def _namings(
    statement: Statement, request: Request, *, bounded: bool, strict: bool
) -> frozenset[Naming]:
    assert statement.principals is not None  # noqa: S101
    if not statement.not_principals:
        return principal.namings(statement.principals, request.principal)
    left_out = principal.exempt(
        statement.principals, request.principal, bounded=bounded, strict=strict
    )
    return frozenset() if left_out else frozenset({Naming.NOT_LISTED})


def _elements(
    policy: Policy, statement: Statement, request: Request, namings: frozenset[Naming]
) -> Iterator[Element]:
    if statement.principals is not None:
        who = statement.principals
        names = (*(("*",) if who.everyone else ()), *who.aws, *who.service, *who.federated)
        yield Element(
            "NotPrincipal" if statement.not_principals else "Principal",
            Truth.of(bool(namings)),
            names,
            (request.principal.display,),
        )
    yield Element(
        "NotAction" if statement.not_actions else "Action",
        Truth.of(action.covers(statement, request.action)),
        statement.actions,
        (request.action,),
    )
    variables = policy.has_variables
    truth, unknown = resource.covers(
        statement, request.resource, request.context, variables=variables
    )
    yield Element(
        "NotResource" if statement.not_resources else "Resource",
        truth,
        statement.resources or (),
        (request.resource,),
        unknown=unknown,
    )
    for condition in statement.conditions:
        outcome = conditions.holds(condition, request.context, variables=variables)
        yield Element(
            "Condition",
            outcome.truth,
            condition.values,
            request.context.get(condition.key) or (),
            condition,
            outcome.unknown,
            outcome.error,
        )
