"""A call of the trail explained again: as of then, as of now, and after a fix."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.endpoints import ACCOUNT, Site, allow, attempt, site, small_estate

from clearance.decide import authorize
from clearance.model.decision import CheckType
from clearance.model.request import ContextValue, fold
from clearance.server.console.feed import Feed
from clearance.server.console.pages.denials.case import Case, again, find, tell, told_of
from clearance.server.console.view import View
from clearance.store.port import EventQuery

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"


@dataclass
class Stand:
    """An endpoint, a view of it, and the last denial of somebody."""

    site: Site
    view: View

    def last(self) -> Case:
        event = self.view.events(EventQuery(denied=True, limit=1))[0]
        case = find(self.view, str(event["eventID"]))
        assert case is not None
        return case


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with site(small_estate()) as found:
        view = View(found.started.world, Feed(), "us-east-1", found.data)
        yield Stand(found, view)
        view.close()


def test_a_denial_is_explained_as_of_now_until_it_is_settled(stand: Stand) -> None:
    iam = stand.site.client("iam", stand.site.user("one"))
    attempt(iam.get_user, UserName="one")
    case = stand.last()
    assert case.row.denied
    told = tell(stand.view, case)
    assert not told.then
    assert not told.settled
    assert told.estate is stand.view.estate
    assert told.explanation.agrees
    assert told.explanation.fix is not None

    root = stand.site.client("iam")
    root.put_user_policy(UserName="one", PolicyName="p", PolicyDocument=allow("iam:GetUser"))
    assert all(decision.allowed for decision in again(stand.view, case))
    told = tell(stand.view, case)
    assert told.settled
    assert told.then
    [blocker] = told.explanation.blockers
    assert blocker.check.type is CheckType.PRINCIPAL
    now = tell(stand.view, case, then=False)
    assert now.explanation.blockers == ()


def test_time_has_passed_when_it_is_asked_again(stand: Stand) -> None:
    late = {"DateGreaterThan": {"aws:CurrentTime": "2021-01-01T00:00:00Z"}}
    who = stand.site.user("two", allow("iam:GetRole", Condition=late))
    attempt(stand.site.client("iam", who).get_user, UserName="two")
    case = stand.last()
    [before] = case.requests
    assert before.context.get("aws:CurrentTime") is not None
    old = ContextValue("aws:CurrentTime", ("2020-01-01T00:00:00Z",))
    context = replace(before.context, values={**before.context.values, fold(old.key): old})
    early = replace(before, action="iam:GetRole", context=context)
    assert not authorize(stand.view.estate, early, now=stand.view.now).allowed
    [now] = again(stand.view, replace(case, requests=(early,)))
    assert now.allowed


def test_a_link_to_the_simulator_holds_only_what_does_not_follow(stand: Stand) -> None:
    attempt(stand.site.client("iam", stand.site.user("three")).get_user, UserName="three")
    case = stand.last()
    told = tell(stand.view, case)
    asked = told_of(told, case.requests[0], stand.view)
    assert "aws:sourceip" in asked.context.values
    assert "aws:useragent" in asked.context.values
    assert not {"aws:principalarn", "aws:userid", "aws:currenttime"} & set(asked.context.values)


def test_calls_without_requests_and_calls_that_are_not_there(stand: Stand) -> None:
    stand.site.client("iam").list_users()
    event = stand.view.events(EventQuery(name="ListUsers", limit=1))[0]
    case = find(stand.view, str(event["eventID"]))
    assert case is not None
    assert case.requests == ()
    assert case.message == ""
    assert find(stand.view, "nothing") is None


def test_work_that_takes_long_leaves_the_loop_alone(stand: Stand) -> None:
    async def both() -> tuple[int, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        found = await stand.view.aside(sum, range(300_000))
        ticking.cancel()
        return found, ticks

    total, ticks = asyncio.run(both())
    assert total == sum(range(300_000))
    assert ticks > 0
