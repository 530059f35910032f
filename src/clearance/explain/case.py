"""Case: one denied check with everything that is needed to say why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from clearance.decide import owner
from clearance.explain.compare import condition_remark, nearest
from clearance.explain.evidence import Evidence
from clearance.explain.findings import (
    Miss,
)
from clearance.explain.nearest import NearMiss, near_misses
from clearance.match.statement import Element
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.decision import Check, CheckType, Decision, Matched
from clearance.model.estate import Estate
from clearance.model.function import Function
from clearance.model.policy import Condition
from clearance.model.principal import PrincipalKind
from clearance.model.request import Request

__all__ = ["Case", "Knowledge", "all_ids", "function_of", "miss_of", "misses_of", "names_nothing"]


def _nothing(_: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of AWS: the service reference, and which actions an API's name means."""

    catalog: Catalog | None = None
    meant: Callable[[str], tuple[str, ...]] = _nothing


@dataclass(frozen=True, slots=True)
class Case:
    """A check that blocks a decision."""

    estate: Estate
    decision: Decision
    check: Check
    knowledge: Knowledge
    evidence: Evidence | None = None
    others: tuple[Decision, ...] = ()  # of the same call

    @property
    def request(self) -> Request:
        """The request as it was decided, derived keys included."""
        return self.decision.request

    @property
    def resource_account(self) -> str | None:
        """Whose the resource is."""
        return owner.account_of(self.estate, self.request) or self.request.principal.account

    @property
    def cross_account(self) -> bool:
        """True when caller and resource are in different accounts."""
        mine = self.request.principal.account
        return mine is not None and mine != self.resource_account

    @property
    def by_service(self) -> bool:
        """True when a service asks in its own name."""
        return self.request.principal.kind is PrincipalKind.SERVICE

    def blocks(self, kind: CheckType) -> bool:
        """True when a layer of this kind denies too."""
        return any(check.type is kind for check in self.decision.blockers)

    @property
    def misses(self) -> tuple[NearMiss, ...]:
        """Every Allow of the layer that could have spoken, nearest first."""
        return near_misses(self.decision, self.check, most=64)

    def with_check(self, check: Check) -> Case:
        """The same for another check."""
        return replace(self, check=check)


def misses_of(miss: NearMiss, request: Request) -> tuple[Miss, ...]:
    """A near miss, field by field."""
    where = (miss.policy.name, miss.policy.uri, miss.trace.statement.label)
    return tuple(_element(where, element, request) for element in miss.failures)


def _element(where: tuple[str, str, str], element: Element, request: Request) -> Miss:
    if element.condition is not None:
        return _condition(where, element.condition, request)
    have, remark = element.wanted, ""
    if element.name == "Resource" and (off := nearest(element.wanted, request.resource)):
        have, remark = (off.pattern,), off.remark
    return Miss(*where, element.name, have, element.actual, remark)


def _condition(where: tuple[str, str, str], condition: Condition, request: Request) -> Miss:
    remark = condition_remark(condition, request.context)
    want = request.context.get(condition.key) or ()
    return Miss(*where, f"{condition.name} {condition.key}", condition.values, want, remark)


def miss_of(matched: Matched, condition: Condition, request: Request) -> Miss:
    """A condition under which a Deny speaks."""
    where = (matched.policy.name, matched.policy.uri, matched.statement.label)
    return _condition(where, condition, request)


def function_of(estate: Estate, resource: str) -> tuple[Function, str, str] | None:
    """A function, the qualifier named with it and its account."""
    arn = Arn.find(resource)
    account = estate.account(arn.account) if arn else None
    if arn is None or account is None or not arn.resource.startswith("function:"):
        return None
    _, name, *rest = arn.resource.split(":")
    function = account.functions.get(f"{arn.region}/{name}")
    return (function, rest[0] if rest else "", account.id) if function else None


def all_ids(estate: Estate) -> Iterator[str]:
    """The unique IDs of all users and roles."""
    for account in estate.accounts.values():
        yield from (user.id for user in account.users.values())
        yield from (role.id for role in account.roles.values())


def names_nothing(estate: Estate, pattern: str) -> bool:
    """True when a pattern without wildcards names a function or role the estate would hold."""
    arn = Arn.find(pattern)
    if arn is None or any(c in pattern for c in "*?$"):
        return False
    account = estate.account(arn.account)
    if arn.service != "lambda" or not arn.resource.startswith("function:"):
        # IAM's own ARNs in an action of another service are of the wrong kind.
        return arn.service == "iam" and account is not None
    if account is None:
        return not arn.account.isdigit()
    found = function_of(estate, pattern)
    if found is None:
        return True
    function, qualifier, _ = found
    return bool(qualifier) and qualifier not in {*function.aliases, *function.versions}
