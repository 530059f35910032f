"""What every store promises, run against each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.estates import ACCOUNT, T0, entry, estates, small, with_user

from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.store.changes import ABSENT
from clearance.store.contents import Piece, Place
from clearance.store.memory import MemoryStore
from clearance.store.port import Conflict, EventQuery, HistoryQuery, ReadOnly, Store
from clearance.store.sqlite import SqliteStore

Maker: TypeAlias = Callable[[Path], Store]
MAKERS: dict[str, Maker] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore.open(folder / "data"),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MAKERS[request.param](tmp_path)
    yield made
    made.close()


def event(number: int, name: str = "GetUser", **fields: object) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "eventTime": (T0 + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
        "eventID": f"e-{number}",
        "eventName": name,
        "eventSource": "iam.amazonaws.com",
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "readOnly": name.startswith("Get"),
        "userIdentity": {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/team/ana",
            "userName": "ana",
            "accessKeyId": "AKIA1",
        },
        "resources": [{"ARN": f"arn:aws:iam::{ACCOUNT}:user/ben", "type": "AWS::IAM::User"}],
        **fields,
    }


def test_a_new_store_holds_an_empty_estate(store: Store) -> None:
    assert store.load() == Estate()
    assert store.read_only is None
    assert list(store.history()) == []
    assert list(store.events()) == []


def test_a_committed_change_is_the_estate_and_a_record(store: Store) -> None:
    before = store.load()
    after = small()
    assert store.commit(before, after, entry=entry(1)) == 1
    assert store.load() == after
    (record,) = store.history()
    assert (record.seq, record.entry) == (1, entry(1))
    (change,) = record.changes
    assert change.path == ("accounts", ACCOUNT)
    assert change.before == ABSENT
    assert change.after == after.accounts[ACCOUNT]


def test_records_show_what_stood_there_before_and_after(store: Store) -> None:
    first = small()
    second = with_user(first, "ana", '{"Version":"2012-10-17"}')
    store.commit(store.load(), first, entry=entry(1))
    store.commit(first, second, entry=entry(2))
    (change,) = next(store.history()).changes
    assert change.path == ("accounts", ACCOUNT, "users", "ana")
    assert change.before == first.accounts[ACCOUNT].users["ana"]
    assert change.after == second.accounts[ACCOUNT].users["ana"]


def test_a_change_from_an_old_estate_is_refused(store: Store) -> None:
    start = store.load()
    store.commit(start, with_user(start, "ana"), entry=entry(1))
    with pytest.raises(Conflict):
        store.commit(start, with_user(start, "ben"), entry=entry(2), event=event(2))
    assert set(store.load().accounts[ACCOUNT].users) == {"ana"}
    assert list(store.events()) == []


def test_a_change_of_nothing_makes_no_row_and_keeps_its_event(store: Store) -> None:
    start = store.load()
    store.commit(start, small(), entry=entry(1))
    same = replace(store.load())
    assert store.commit(store.load(), same, entry=entry(2), event=event(2)) == 1
    assert [e["eventID"] for e in store.events()] == ["e-2"]
    assert store.commit(same, with_user(same, "ben"), entry=entry(3)) == 2


def test_an_accepted_change_and_its_event_are_kept_together(store: Store) -> None:
    store.commit(store.load(), small(), entry=entry(1), event=event(1, "CreateUser"))
    assert [e["eventName"] for e in store.events()] == ["CreateUser"]


def test_a_store_without_a_time_zone_in_the_entry_refuses(store: Store) -> None:
    naive = entry(1, when=datetime(2026, 1, 1))  # noqa: DTZ001 (the point)
    with pytest.raises(StoreError, match="without a time zone"):
        store.commit(store.load(), small(), entry=naive)
    assert store.load() == Estate()


HISTORY_CASES: list[tuple[HistoryQuery, list[int]]] = [
    (HistoryQuery(), [4, 3, 2, 1]),
    (HistoryQuery(newest_first=False), [1, 2, 3, 4]),
    (HistoryQuery(limit=2), [4, 3]),
    (HistoryQuery(limit=0), []),
    (HistoryQuery(since=T0 + timedelta(seconds=2)), [4, 3, 2]),
    (HistoryQuery(until=T0 + timedelta(seconds=2)), [1]),
    (HistoryQuery(operation="op3"), [3]),
    (HistoryQuery(service="iam", account=ACCOUNT), [4, 3, 2, 1]),
    (HistoryQuery(account="000000000000"), []),
    (HistoryQuery(principal="who2"), [2]),
    (HistoryQuery(resource="user2"), [2]),
    (HistoryQuery(resource=f"accounts/{ACCOUNT}/users/user2"), [2]),
    (HistoryQuery(resource=f"arn:aws:iam::{ACCOUNT}:user/user3"), [3]),
    (HistoryQuery(resource="user"), []),
    (HistoryQuery(resource="' OR 1 --"), []),
]


@pytest.mark.parametrize(("query", "expected"), HISTORY_CASES, ids=str)
def test_history_finds_what_was_asked_for(
    store: Store, query: HistoryQuery, expected: list[int]
) -> None:
    for n in range(1, 5):
        before = store.load()
        fields = {"who": f"who{n}", "resources": (f"arn:aws:iam::{ACCOUNT}:user/user{n}",)}
        store.commit(
            before, with_user(before, f"user{n}"), entry=entry(n, operation=f"op{n}", **fields)
        )
    assert [record.seq for record in store.history(query)] == expected


EVENT_CASES: list[tuple[EventQuery, list[int]]] = [
    (EventQuery(), [4, 3, 2, 1]),
    (EventQuery(newest_first=False), [1, 2, 3, 4]),
    (EventQuery(limit=2), [4, 3]),
    (EventQuery(limit=2, offset=1), [3, 2]),
    (EventQuery(offset=3), [1]),
    (EventQuery(since=T0 + timedelta(seconds=3)), [4, 3]),
    (EventQuery(until=T0 + timedelta(seconds=2)), [2, 1]),
    (EventQuery(name="PutUserPolicy"), [2]),
    (EventQuery(read_only=False), [2]),
    (EventQuery(read_only=True), [4, 3, 1]),
    (EventQuery(denied=True), [3]),
    (EventQuery(denied=False), [4, 2, 1]),
    (EventQuery(event_id="e-1"), [1]),
    (EventQuery(username="ana"), [3, 2, 1]),
    (EventQuery(username="session"), [4]),
    (EventQuery(principal=f"arn:aws:iam::{ACCOUNT}:user/team/ana"), [3, 2, 1]),
    (EventQuery(access_key="AKIA1"), [3, 2, 1]),
    (EventQuery(source="iam.amazonaws.com", account=ACCOUNT, region="us-east-1"), [4, 3, 2, 1]),
    (EventQuery(region="eu-west-1"), []),
    (EventQuery(resource="ben"), [4, 3, 2, 1]),
    (EventQuery(resource=f"arn:aws:iam::{ACCOUNT}:user/ben"), [4, 3, 2, 1]),
    (EventQuery(resource="be"), []),
    (EventQuery(resource_type="AWS::IAM::User"), [4, 3, 2, 1]),
    (EventQuery(resource_type="AWS::IAM::Role"), []),
]


@pytest.mark.parametrize(("query", "expected"), EVENT_CASES, ids=str)
def test_the_trail_finds_what_was_asked_for(
    store: Store, query: EventQuery, expected: list[int]
) -> None:
    session = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"}
    for made in (
        event(1),
        event(2, "PutUserPolicy"),
        event(3, errorCode="AccessDenied"),
        event(4, userIdentity=session),
    ):
        store.record(made)
    assert [int(e["eventID"][2:]) for e in store.events(query)] == expected


def test_an_event_comes_back_as_it_was(store: Store) -> None:
    made = event(1, requestParameters={"é": [1, None, {"x": "☃"}]}, decision={"effect": "ALLOW"})
    store.record(made)
    assert list(store.events()) == [made]


@pytest.mark.parametrize(
    "bad", [{}, {"eventTime": "yesterday"}, {"eventTime": "2026-01-01T00:00:00Z", "x": object()}]
)
def test_an_event_that_makes_no_sense_is_refused(store: Store, bad: dict[str, Any]) -> None:
    with pytest.raises(StoreError):
        store.record(bad)
    assert list(store.events()) == []


def test_the_estate_can_be_seen_as_it_was(store: Store) -> None:
    seen = [store.load()]
    for n in range(1, 5):
        after = with_user(seen[-1], f"user{n}")
        store.commit(seen[-1], after, entry=entry(n))
        seen.append(after)
    for n, estate in enumerate(seen):
        assert store.at(T0 + timedelta(seconds=n)) == estate
        assert store.at(T0 + timedelta(seconds=n, milliseconds=999)) == estate


def test_each_record_comes_with_the_estates_around_it(store: Store) -> None:
    seen = [store.load()]
    for n in range(1, 5):
        after = with_user(seen[-1], f"user{n}")
        store.commit(seen[-1], after, entry=entry(n))
        seen.append(after)
    found = list(store.steps(2))
    assert [record.seq for record, _, _ in found] == [2, 3, 4]
    assert [(before, after) for _, before, after in found] == list(pairwise(seen))[1:]
    assert list(store.steps(5)) == []


def test_blobs_come_back_by_their_hash(store: Store) -> None:
    content = bytes(range(256)) * 10
    name = store.put_blob(content)
    assert name == store.put_blob(content)
    assert len(name) == 64
    assert store.get_blob(name) == content
    for wrong in ("0" * 64, "../../etc/passwd", ""):
        with pytest.raises(StoreError):
            store.get_blob(wrong)


def held(store: Store) -> dict[Place, bytes]:
    return {kept.place: kept.value for kept in store.contents()}


def test_contents_hold_what_was_written_last(store: Store) -> None:
    store.keep([Piece(("sqs", "1"), b"a"), Piece(("sqs", "1", "m"), b"b")])()
    store.keep([Piece(("s3", "\x1f\x1e"), b"c"), Piece(("sqs", "10"), b"d")])()
    store.keep([Piece(("sqs", "1"), b"e")])()
    names = [kept.place for kept in store.contents()]
    assert names == [("sqs", "1"), ("sqs", "1", "m"), ("s3", "\x1f\x1e"), ("sqs", "10")]
    assert held(store)[("sqs", "1")] == b"e"
    assert [kept.value for kept in store.contents(("sqs", "1"))] == [b"e", b"b"]
    store.keep([Piece(("sqs", "1"))])()  # with all that lies under it, but not its neighbour
    assert held(store) == {("s3", "\x1f\x1e"): b"c", ("sqs", "10"): b"d"}
    store.keep([Piece(("sqs", "1", "m")), Piece(("sqs", "1", "m"), b"f")])()
    assert held(store)[("sqs", "1", "m")] == b"f"


def test_contents_are_kept_with_a_change_or_not_at_all(store: Store) -> None:
    before = store.load()
    piece = Piece(("s3", "1"), b"a")
    with pytest.raises(Conflict):
        store.commit(Estate(), small(), entry=entry(1), contents=[piece])
    assert held(store) == {}
    store.commit(before, small(), entry=entry(1), contents=[piece])
    assert held(store) == {piece.place: b"a"}
    store.commit(store.load(), store.load(), entry=entry(2), contents=[Piece(piece.place, b"b")])
    assert held(store) == {piece.place: b"b"}


def test_contents_of_many_threads_are_all_kept(store: Store) -> None:
    def work(thread: int) -> None:
        for number in range(20):
            store.keep([Piece(("t", str(thread)), b"%d" % number)])()
            store.keep([Piece(("t", str(thread), str(number)), b"x")])()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {held(store)["t", str(n)] for n in range(4)} == {b"19"}
    assert len(held(store)) == 4 * 21


places = st.lists(st.text(max_size=3), min_size=1, max_size=3).map(tuple)
pieces = st.builds(Piece, places, st.none() | st.binary(max_size=9))


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=st.lists(st.lists(pieces, max_size=4), max_size=6))
def test_stores_agree_on_contents(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[Piece]]
) -> None:
    folder = tmp_path_factory.mktemp("contents")
    memory, sqlite = MemoryStore(), SqliteStore.open(folder)
    for step in steps:
        memory.keep(step)()
        sqlite.keep(step)()
    here = [(kept.place, kept.value) for kept in sqlite.contents()]
    sqlite.close()
    with SqliteStore.open(folder) as again:
        assert [(kept.place, kept.value) for kept in again.contents()] == here
    assert dict(here) == held(memory)


def test_a_closed_store_takes_no_changes(store: Store) -> None:
    start = store.load()
    store.close()
    store.close()
    assert store.read_only
    with pytest.raises(ReadOnly):
        store.commit(start, small(), entry=entry(1))


def test_parallel_writers_lose_no_update(store: Store) -> None:
    guard = threading.Lock()

    def work(worker: int) -> None:
        for n in range(10):
            with guard:
                before = store.load()
                after = with_user(before, f"w{worker}-{n}")
                store.commit(before, after, entry=entry(n), event=event(n, "CreateUser"))
            store.record(event(n))

    workers = [threading.Thread(target=work, args=(w,)) for w in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(store.load().accounts[ACCOUNT].users) == 40
    assert len(list(store.events())) == 80
    assert [r.seq for r in store.history(HistoryQuery(newest_first=False))] == list(range(1, 41))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(estates, min_size=1, max_size=4))
def test_any_history_of_estates_is_kept(
    tmp_path_factory: pytest.TempPathFactory, states: list[Estate]
) -> None:
    for make in MAKERS.values():
        store = make(tmp_path_factory.mktemp("s"))
        try:
            for n, state in enumerate(states):
                store.commit(store.load(), state, entry=entry(n))
            for n, state in enumerate(states):
                assert store.at(T0 + timedelta(seconds=n)) == state
        finally:
            store.close()
