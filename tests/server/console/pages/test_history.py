"""What history is asked for, and a question put to every moment of a journal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

import pytest
from tests.fakes import NOW

from clearance import wiring
from clearance.model.errors import RequestError, UsageError
from clearance.model.estate import Account, Estate, User
from clearance.server.console.jobs import Job, StoppedError
from clearance.server.console.pages.history.asked import PAGE, Asked
from clearance.server.console.pages.history.changes import what
from clearance.server.console.pages.history.moments import Question, moment_at, moments, turns
from clearance.server.console.parts import code, drawing
from clearance.store.memory import MemoryStore
from clearance.store.port import Entry

ACCOUNT: Final = "123456789012"
ANA: Final = f"arn:aws:iam::{ACCOUNT}:user/ana"
READ: Final = Question(ANA, "s3:GetObject", "arn:aws:s3:::b/k")


def policy(effect: str) -> str:
    statement = {"Effect": effect, "Action": "s3:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def ana(*effects: str) -> Account:
    texts = {effect: policy(effect) for effect in effects}
    return Account(ACCOUNT, users={"ana": User("ana", "AIDAANA", NOW, inline=texts)})


@pytest.fixture
def store() -> MemoryStore:
    """Nobody, then ana: nothing, an Allow, the same again with a key, a Deny, gone."""
    found = MemoryStore()
    history = (Account(ACCOUNT), ana(), ana("Allow"), ana("Allow", "Deny"), Account(ACCOUNT))
    for number, account in enumerate(history):
        entry = Entry(NOW + timedelta(hours=number), ANA, ACCOUNT, "", "iam", "PutUserPolicy")
        before = found.load()
        found.commit(before, Estate({ACCOUNT: account}), entry=entry)
    return found


def test_a_decision_is_told_for_each_moment(store: MemoryStore) -> None:
    found = moments(store.steps(), READ, wiring.catalog(), Job(), most=100)
    assert [each.verdict for each in found] == [
        "NOBODY",
        "IMPLICIT_DENY",
        "ALLOW",
        "EXPLICIT_DENY",
        "NOBODY",
    ]
    assert [after.record.seq for _, after in turns(found)] == [2, 3, 4, 5]
    assert [each.verdict for each in found] == [
        "NOBODY" if decision is None else decision.effect.value
        for decision in (
            READ.decided(store.at(each.record.entry.when), NOW, wiring.catalog()) for each in found
        )
    ]
    assert moment_at(found, NOW + timedelta(hours=2, minutes=59)) == 2
    assert moment_at(found, NOW - timedelta(days=1)) == 0


def test_work_over_moments_can_be_stopped_and_is_bounded(store: MemoryStore) -> None:
    assert len(moments(store.steps(), READ, wiring.catalog(), Job(), most=2)) == 2
    job = Job()
    job.stop()
    with pytest.raises(StoppedError):
        moments(store.steps(), READ, wiring.catalog(), job, most=2)


def test_who_is_no_principal_is_an_error(store: MemoryStore) -> None:
    with pytest.raises(RequestError):
        moments(
            store.steps(), Question("<b>", "s3:GetObject", "*"), wiring.catalog(), Job(), most=9
        )


def test_a_record_is_told_in_a_few_words(store: MemoryStore) -> None:
    assert [what(record) for record in store.history()][:2] == ["user ana", "user ana"]


def test_fields_become_queries() -> None:
    asked = Asked.of(
        {
            "principal": " ana ",
            "operation": "iam:PutUserPolicy",
            "since": "2h",
            "outcome": "refused",
            "page": "2",
        }
    )
    events, changes = asked.events(NOW), asked.changes(NOW)
    assert (events.username, events.principal, events.name) == ("ana", None, "PutUserPolicy")
    assert (events.denied, events.offset, events.limit) == (True, 2 * PAGE, PAGE + 1)
    assert events.since == changes.since == NOW - timedelta(hours=2)
    assert changes.operation == "PutUserPolicy"
    assert Asked.of({"principal": ANA}).events(NOW).principal == ANA
    assert not Asked.of({"page": "7"}).narrowed


@pytest.mark.parametrize("page", ["", "-1", "x", "²", "1e9"])
def test_an_odd_page_is_the_first(page: str) -> None:
    assert Asked.of({"page": page}).page == 0


def test_an_odd_time_is_an_error() -> None:
    with pytest.raises(UsageError, match="is not a moment"):
        Asked.of({"since": "<script>"}).events(NOW)


def test_a_strip_joins_equal_moments() -> None:
    made = drawing.ticks_html(["none", "bad", "bad", "ok"], '"<b>')
    assert made.count("<i ") == 3
    assert "flex-grow:2" in made
    assert "<b>" not in made


def test_a_document_that_came_or_went_differs_in_every_line() -> None:
    text = policy("Allow")
    assert code.is_document(text)
    assert not code.is_document("2026-01-01")
    assert {line.sign for line in code.changes_of(None, text)} == {"+"}
    assert {line.sign for line in code.changes_of(text, None)} == {"-"}
