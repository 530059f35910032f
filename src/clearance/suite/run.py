"""Suites decided: tests request by request, invariants for all requests at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from clearance.decide import PolicySet, authorize, evaluate, identify
from clearance.model.catalog import Catalog
from clearance.model.decision import Decision
from clearance.model.errors import RequestError
from clearance.model.estate import Estate
from clearance.model.principal import Principal
from clearance.model.request import Request
from clearance.suite.invariants import Asking, hold
from clearance.suite.outcome import Outcome, Standing
from clearance.suite.reading import Case, Suite

__all__ = ["Ground", "run_suite"]


@dataclass(frozen=True, slots=True)
class Ground:
    """What tests are decided in: an estate, or bare policies."""

    estate: Estate | None = None
    policies: PolicySet | None = None
    catalog: Catalog | None = None
    now: datetime | None = None

    def principal(self, text: str) -> Principal:
        """Who a text names; ``user/ana`` and ``role/app`` are looked for in the estate.

        Raises:
            RequestError: when it names nobody, or somebody of several accounts.
        """
        kind, slash, name = text.partition("/")
        if self.estate is None or kind not in {"user", "role"} or not slash:
            found = identify(text, self.estate)
            _known(self.estate, found)
            return found
        arns = [
            account.user_arn(account.users[name])
            if kind == "user"
            else account.role_arn(account.roles[name])
            for account in self.estate.accounts.values()
            if name in (account.users if kind == "user" else account.roles)
        ]
        if len(arns) != 1:
            problem = f"is in {len(arns)} accounts; write its ARN" if arns else "does not exist"
            raise RequestError(f"`{text}` {problem}")
        return identify(arns[0], self.estate)

    def decide(self, request: Request) -> Decision:
        """One request."""
        if self.estate is not None:
            return authorize(self.estate, request, now=self.now, catalog=self.catalog)
        return evaluate(request, self.policies or PolicySet(), now=self.now, catalog=self.catalog)


def _known(estate: Estate | None, who: Principal) -> None:
    """A misspelt name would be denied everything, and its `cannot` would hold."""
    account = estate.account(who.account) if estate is not None else None
    if account is None or who.unique_id is not None:
        return
    kind, _, name = who.policy_subject.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    held = {"user": account.users, "role": account.roles}.get(kind)
    if held is not None and name not in held:
        raise RequestError(f"`{who.policy_subject}` does not exist in the estate")


def run_suite(suite: Suite, ground: Ground) -> Iterator[Outcome]:
    """The outcome of every test, in the order of the file."""
    for case in suite.cases:
        yield _case(case, ground)
    asking = Asking(ground.estate, ground.policies, ground.catalog, ground.now)
    for invariant in suite.invariants:
        try:
            who = tuple(map(ground.principal, invariant.who))
            but = tuple(map(ground.principal, invariant.but))
        except RequestError as error:
            yield Outcome(invariant.name, invariant.line, Standing.ERROR, lines=(str(error),))
            continue
        yield hold(invariant, asking, who, but)


def _case(case: Case, ground: Ground) -> Outcome:
    try:
        who = ground.principal(case.who)
    except RequestError as error:
        return Outcome(case.name, case.line, Standing.ERROR, lines=(str(error),))
    request = Request(who, case.action, case.resource, case.context, case.owner)
    decision = ground.decide(request)
    lines = tuple(_missing(ground, [case.action]))
    if decision.allowed == case.allowed:
        return Outcome(case.name, case.line, Standing.PASSED, decision=decision)
    word = "can" if case.allowed else "cannot"
    said = f"expected: {who.display} {word} {case.action} on {case.resource}"
    return Outcome(case.name, case.line, Standing.FAILED, lines=(said, *lines), decision=decision)


def _missing(ground: Ground, actions: Iterable[str]) -> Iterator[str]:
    for action in actions:
        if ground.catalog is not None and ground.catalog.action(action) is None:
            yield f"AWS has no action `{action}`"
