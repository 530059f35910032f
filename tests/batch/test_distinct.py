"""Calls counted by kind: the same as record by record, however they lie in files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.batch.events import HOME, event, rows_of, session, table_of, user
from tests.batch.test_replay import (
    ALL,
    CALLERS,
    CONDITIONS,
    READ,
    VALUES,
    decoded,
    logs,
    varied,
    world,
)
from tests.batch.test_requests import Everything
from tests.laws import strategies as some

from clearance import wiring
from clearance.batch.distinct import Counted, Tally, count, count_units
from clearance.batch.keys import Spoken
from clearance.batch.read import Record
from clearance.batch.requests import Call, Mapper, Outcome, moment
from clearance.batch.source import Logs
from clearance.batch.units import InMemory
from clearance.batch.written import Writer
from clearance.decide import authorize
from clearance.model.estate import Estate
from clearance.model.request import Request

ANA, APP = f"arn:aws:iam::{HOME}:user/ana", f"arn:aws:iam::{HOME}:role/app"


def mapper_of(estate: Estate) -> Mapper:
    return Mapper(estate, wiring.catalog(), Spoken(estate))


def told(estate: Estate, request: Request, outcome: int) -> tuple[Any, ...]:
    """What must be counted alike: what was asked, what AWS did and what the estate says."""
    allowed = authorize(estate, request, catalog=wiring.catalog()).allowed
    who = request.principal.policy_subject
    return (who, request.action, request.resource, request.resource_account, allowed, outcome)


def one_by_one(records: Iterable[Record], estate: Estate) -> dict[Any, Tally]:
    """Every record by itself, with everything that it tells."""
    mapper = Mapper(estate, wiring.catalog(), Everything())
    found: dict[Any, Tally] = {}
    for row in rows_of(records):
        call = mapper.call(row)
        for request in call.requests if isinstance(call, Call) else ():
            key = told(estate, request, Outcome.of(row.error))
            found.setdefault(key, Tally()).see(moment(row.time))
    return found


def summed(counted: Counted, estate: Estate) -> dict[Any, Tally]:
    found: dict[Any, Tally] = {}
    for call, tallies in counted.calls:
        for outcome, tally in enumerate(tallies):
            for request in call.requests if tally.count else ():
                found.setdefault(told(estate, request, outcome), Tally()).add(tally)
    return found


def in_parts(records: Sequence[Record], estate: Estate, parts: int = 3) -> Counted:
    """Counted unit by unit, of which each has some of the calls of the others."""
    units = (InMemory(table_of(records[part::parts])) for part in range(parts))
    return count_units(units, mapper_of(estate))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(some.estates(), logs())
def test_counting_kinds_is_counting_records(estate: Estate, records: list[Record]) -> None:
    assert summed(in_parts(records, estate), estate) == one_by_one(records, estate)


@pytest.mark.parametrize("condition", CONDITIONS, ids=json.dumps)
def test_whatever_a_policy_tests_tells_kinds_apart(condition: dict[str, Any]) -> None:
    errors = (("errorCode", "AccessDenied"), ("errorCode", "NoSuchKey"))
    made = varied(CALLERS, (*VALUES, *errors))
    records, estate = decoded(*made, *made[::3]), world({**ALL, "Condition": condition})
    counted = in_parts(records, estate)
    expected = one_by_one(records, estate)
    assert summed(counted, estate) == expected
    assert {key[4] for key in expected} == {True, False}
    assert len(counted) < len(records)


def test_addresses_that_no_policy_tells_apart_are_one() -> None:
    made = [
        event(user(), *READ, sourceIPAddress=address)
        for address in ("203.0.113.7", "203.0.113.8", "192.0.2.1", "192.0.2.2", "AWS Internal")
    ]
    block = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    for condition, kinds in ((block, [2, 2, 1]), ({}, [5])):
        counted = count(decoded(*made), mapper_of(world({**ALL, "Condition": condition})))
        assert [kind.tallies[0].count for kind in counted.of(ANA)] == kinds


def test_a_dataset_tells_the_same_as_its_records(tmp_path: Path) -> None:
    made = [
        event(who, "s3", "GetObject", {"bucketName": "photos", "key": f"{n % 4}"},
              eventTime=f"2026-03-0{n % 7 + 1}T00:00:00Z")
        for n in range(12) for who in (user(), session("app", f"s{n}"))
    ]  # fmt: skip
    records, estate = decoded(*made), world(ALL)
    with Writer(tmp_path / "part.parquet") as file:
        file.write(table_of(records), 5)
    stored = Counted(mapper_of(estate))
    for unit in Logs.at([tmp_path]).columns(wiring.catalog(), stored.needed):
        stored.add(unit)
    assert stored.events == len(records)
    assert len(stored) == 8  # a caller and a key each: nobody speaks of sessions
    assert summed(stored, estate) == one_by_one(records, estate)
    assert list(stored.callers) == [APP, ANA]
    assert stored.span == ("2026-03-01T00:00:00Z", "2026-03-07T00:00:00Z")


def test_what_was_done_on_one_resource_for_all() -> None:
    gets = [
        event(user(), "s3", "GetObject", {"bucketName": "b", "key": f"{n}"},
              eventTime=f"2026-03-0{n + 1}T00:00:00Z") for n in range(4)
    ]  # fmt: skip
    takes = [
        event(user(), "sts", "AssumeRole",
              {"roleArn": f"arn:aws:iam::{HOME}:role/{n}", "roleSessionName": "x"})
        for n in range(3)
    ]  # fmt: skip
    counted = count(decoded(*gets, *takes), mapper_of(Estate()))
    done = [
        (call.requests[0].action, allowed.count, allowed.last)
        for call, (allowed, _, _) in counted.done(ANA, "sts:AssumeRole")
    ]
    assert done == [
        ("s3:GetObject", 4, "2026-03-04T00:00:00Z"),
        *[("sts:AssumeRole", 1, "2026-03-01T12:00:00Z")] * 3,
    ]
    assert len(list(counted.of(ANA))) == 7


def test_events_that_are_no_calls_are_seen_and_not_counted_among_the_kinds() -> None:
    sign_in = event(
        user(), "signin", "ConsoleLogin", eventType="AwsConsoleSignIn",
        eventTime="2026-04-01T00:00:00Z",
    )  # fmt: skip
    nobody = event({"type": "Directory"}, *READ, eventTime="2026-05-01T00:00:00Z")
    counted = count(decoded(sign_in, event(session("app"), *READ), nobody), mapper_of(Estate()))
    assert counted.events == 3
    assert list(counted.callers) == [APP]
    assert counted.span == ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z")
    assert counted.seen() == {APP: "2026-03-01T12:00:00Z", ANA: "2026-04-01T00:00:00Z"}
    assert list(counted.of(ANA)) == []


def test_no_logs_have_no_kinds() -> None:
    counted = count([], mapper_of(Estate()))
    assert (list(counted.calls), counted.span, counted.events) == ([], ("", ""), 0)
