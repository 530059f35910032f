"""Replaying: equal to deciding every record by itself, and what is said of what changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.batch.events import event, rows_of, session, table_of, user
from tests.batch.test_requests import Everything
from tests.estates import estate
from tests.laws import strategies as some

from clearance import wiring
from clearance.batch import report
from clearance.batch.decider import Decider
from clearance.batch.read import Found, Record
from clearance.batch.replay import Kind, Replay, explained
from clearance.batch.requests import Call, Mapper, Outcome
from clearance.batch.sights import Sights, Tally
from clearance.batch.units import InMemory
from clearance.decide import authorize
from clearance.model.estate import Estate

HOME, AWAY = some.HOME, some.AWAY
WHO = st.sampled_from(
    [
        {"type": "Root", "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME},
        user(account=HOME),
        user(account=AWAY),
        {**user(account=HOME), "invokedBy": "cloudformation.amazonaws.com"},
        session("app", account=HOME, path="/team/"),
        session("app", "s2", account=HOME, path="/team/", creationDate="2025-01-01T00:00:00Z"),
        session("app", account=AWAY, path="/team/", mfaAuthenticated="true"),
        session("Linked", account=HOME, path="/aws-service-role/x.amazonaws.com/"),
        {"type": "AWSService", "invokedBy": "events.amazonaws.com"},
        {"type": "AWSAccount", "accountId": "anonymous"},
        {"type": "Directory"},
    ]
)
WHAT = st.sampled_from(
    [
        ("s3", "GetObject", {"bucketName": "photos", "key": "ana/cat.jpg"}, []),
        ("s3", "ListBuckets", None, []),
        ("s3", "ListObjects", {"bucketName": "photos", "prefix": "ana"}, []),
        ("s3", "CopyObject", {"bucketName": "photos", "key": "x", "x-amz-copy-source": "a/b"}, []),
        ("sns", "Publish", {"topicArn": some.TOPIC}, []),
        ("kms", "Decrypt", {"encryptionContext": {"a": "b"}}, [{"ARN": some.KEY}]),
        ("sts", "AssumeRole", {"roleArn": some.ROLE_ARNS[0], "roleSessionName": "x"}, []),
        ("sts", "GetCallerIdentity", None, []),
        ("iam", "GetUser", {"userName": "ana"}, []),
        ("lambda", "Invoke", {"functionName": f"arn:aws:lambda:us-east-1:{AWAY}:function:f"}, []),
        ("none", "Such", {"a": "b"}, []),
    ]
)
OPTIONS: dict[str, Any] = {
    "sourceIPAddress": st.sampled_from(["203.0.113.7", "2001:db8::1", "192.0.2.1", "AWS Internal"]),
    "eventTime": st.sampled_from(["2026-03-01T12:00:00Z", "2025-01-01T00:00:00Z", "2020-02-02T"]),
    "vpcEndpointId": st.sampled_from([None, None, "vpce-1", "vpce-2"]),
    "userAgent": st.sampled_from(["ana", "[true]", None]),
    "awsRegion": st.sampled_from(["us-east-1", "eu-west-1"]),
    "errorCode": st.sampled_from([None, None, "AccessDenied", "NoSuchKey"]),
    "tlsDetails": st.sampled_from([None, {"tlsVersion": "TLSv1.3"}]),
}
DECODER = msgspec.json.Decoder(list[Record])


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    made = []
    for _ in range(draw(st.integers(1, 6))):
        source, name, parameters, resources = draw(WHAT)
        more = {key: draw(values) for key, values in OPTIONS.items()}
        made.append(event(draw(WHO), source, name, parameters, resources=resources, **more))
    made += draw(st.lists(st.sampled_from(made), max_size=4))
    return DECODER.decode(json.dumps(made))


def one_by_one(records: Sequence[Record], before: Estate, after: Estate) -> Counter[Any]:
    """Every record by itself, with everything it tells, by the plain interpreter."""
    catalog = wiring.catalog()
    totals: Counter[Any] = Counter()
    mapper = Mapper(before, catalog, Everything())
    for row in rows_of(records):
        call = mapper.call(row)
        if not isinstance(call, Call):
            continue
        pairs = [
            (
                authorize(before, r, catalog=catalog).allowed,
                authorize(after, r, catalog=catalog).allowed,
            )
            for r in call.requests
        ]
        was, will = (all(each) for each in zip(*pairs, strict=True))
        outcome = Outcome.of(row.error)
        totals["broken"] += was and not will and outcome != Outcome.DENIED
        totals["opened"] += will and not was and outcome != Outcome.ALLOWED
        totals["agreed"] += outcome == (Outcome.ALLOWED if was else Outcome.DENIED)
        totals["disagreed"] += outcome == (Outcome.DENIED if was else Outcome.ALLOWED)
        for request, (allowed, then) in zip(call.requests, pairs, strict=True):
            who = request.principal.policy_subject or request.principal.display
            what = (who, request.action, request.resource)
            if allowed and not then and outcome != Outcome.DENIED:
                totals[Kind.DENIED, *what] += 1
            if then and not allowed and outcome != Outcome.ALLOWED:
                totals[Kind.ALLOWED, *what] += 1
    return +totals


def replayed(records: Sequence[Record], before: Estate, after: Estate) -> tuple[Sights, Replay]:
    decider, sights = Decider(before, after, wiring.catalog()), Sights()
    sights.add(decider, decider.decide(InMemory(table_of(records))))
    return sights, explained(sights, decider)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(some.estates(), some.estates(), logs())
def test_replaying_kinds_of_calls_is_deciding_every_record(
    before: Estate, after: Estate, records: list[Record]
) -> None:
    _, found = replayed(records, before, after)
    totals: Counter[Any] = Counter()
    totals["broken"], totals["opened"] = found.broken, found.opened
    totals["agreed"], totals["disagreed"] = found.agreed, found.disagreed
    for each in found.of(Kind.DENIED, Kind.ALLOWED):
        totals[each.kind, each.principal, each.action, each.resource] += each.tally.count
    assert +totals == one_by_one(records, before, after)


def world(*statements: dict[str, Any]) -> Estate:
    document = {"Version": "2012-10-17", "Statement": [*statements]}
    own = {"inline": {"own": document}}
    return estate({"accounts": {HOME: {"users": {"ana": own}, "roles": {"app": own}}}})


CONDITIONS: tuple[dict[str, Any], ...] = (
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:VpcSourceIp": "203.0.113.7"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"Null": {"aws:SourceVpce": "true"}},
    {"StringEquals": {"aws:UserAgent": "true"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    {"NumericLessThan": {"aws:EpochTime": "1767225600"}},
    {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringLike": {"aws:userid": "*:s1"}},
    {"DateLessThan": {"aws:TokenIssueTime": "2025-06-01T00:00:00Z"}},
    {"Bool": {"aws:ViaAWSService": "true"}},
    {"StringEquals": {"s3:prefix": "ana"}},
)


CALLERS: tuple[dict[str, Any], ...] = (
    {**user(account=HOME), "invokedBy": "athena.amazonaws.com"},
    session("app", "s1", account=HOME, creationDate="2025-01-01T00:00:00Z"),
    session(
        "app", "s2", account=HOME, mfaAuthenticated="true", creationDate="2026-01-01T00:00:00Z"
    ),
)
VALUES: tuple[tuple[str, Any], ...] = (
    ("eventTime", "2020-03-01T12:00:00Z"), ("vpcEndpointId", "vpce-1"),
    ("vpcEndpointId", "vpce-2"), ("userAgent", "[true]"), ("awsRegion", "eu-west-1"),
    ("tlsDetails", {"tlsVersion": "TLSv1.3"}), ("sourceIPAddress", "192.0.2.1"),
)  # fmt: skip


def varied(
    callers: Sequence[dict[str, Any]], values: Sequence[tuple[str, Any]]
) -> list[dict[str, Any]]:
    """Two calls by each caller, under each of some values of one member."""
    return [
        {**event(who, *what), key: value}
        for who in callers
        for what in (READ, ("s3", "ListObjects", {"bucketName": "photos", "prefix": "ana"}))
        for key, value in values
    ]


@pytest.mark.parametrize("condition", CONDITIONS, ids=json.dumps)
def test_whatever_a_policy_tests_tells_calls_apart(condition: dict[str, Any]) -> None:
    """Each condition alone, on logs in which everything it may test takes two values."""
    made = varied((user(account=HOME), *CALLERS), (*VALUES, ("sourceIPAddress", "203.0.113.8")))
    records = decoded(*made, *reversed(made))
    before, after = world(ALL), world({**ALL, "Condition": condition})
    _, found = replayed(records, before, after)
    expected = one_by_one(records, before, after)
    assert (found.broken, found.agreed) == (expected["broken"], expected["agreed"])
    assert 0 < found.broken < len(records)


ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NO_READS = {"Sid": "NoReads", "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
READ = ("s3", "GetObject", {"bucketName": "photos", "key": "a"})


def decoded(*events: dict[str, Any]) -> list[Record]:
    return DECODER.decode(json.dumps(events))


def test_a_denial_names_caller_action_resource_times_and_statement() -> None:
    who = user(account=HOME)
    records = decoded(
        event(who, *READ, eventTime="2026-03-02T00:00:00Z"),
        event(who, *READ, eventTime="2026-03-01T00:00:00Z"),
        event(who, *READ, eventTime="2026-03-03T00:00:00Z", errorCode="NoSuchKey"),
        event(who, *READ, eventTime="2026-03-04T00:00:00Z", errorCode="AccessDenied"),
        event(who, "s3", "ListBuckets"),
    )
    _, found = replayed(records, world(ALL), world(ALL, NO_READS))
    (change,) = found.changes
    assert (change.kind, change.principal) == (Kind.DENIED, f"arn:aws:iam::{HOME}:user/ana")
    assert (change.action, change.resource) == ("s3:GetObject", "arn:aws:s3:::photos/a")
    assert change.tally == Tally(3, "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z")
    assert change.because == "identity-based policy: own (NoReads)"
    assert change.certain
    assert (found.broken, found.opened) == (3, 0)
    (mismatch,) = found.mismatches  # AWS denied what the estate allows
    assert (mismatch.observed, mismatch.tally.count, found.agreed) == ("denied", 1, 3)


def test_what_was_denied_may_be_opened() -> None:
    records = decoded(event(user(account=HOME), *READ, errorCode="AccessDenied"))
    _, found = replayed(records, world(ALL, NO_READS), world(ALL))
    assert [change.kind for change in found.changes] == [Kind.ALLOWED]
    assert (found.broken, found.opened, found.disagreed) == (0, 1, 0)


def test_a_key_that_is_not_told_makes_it_perhaps() -> None:
    condition = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    records = decoded(event(user(account=HOME), *READ))
    _, found = replayed(records, world(ALL), world(ALL, {**NO_READS, **condition}))
    (change,) = found.changes
    assert (change.kind, change.keys) == (Kind.PERHAPS_DENIED, ("aws:SecureTransport",))
    assert change.because.startswith("Deny in own, NoReads: ")
    assert not change.certain
    assert found.broken == 0
    told = decoded(event(user(account=HOME), *READ, tlsDetails={"tlsVersion": "TLSv1.3"}))
    assert not replayed(told, world(ALL), world(ALL, {**NO_READS, **condition}))[1].changes


def test_a_resource_that_is_not_told_shows() -> None:
    records = decoded(event(user(account=HOME), "kms", "Decrypt", {}))
    deny = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    counted, found = replayed(records, world(ALL), world(ALL, deny))
    (change,) = found.changes
    assert change.gaps == ("the resource of kms:Decrypt cannot be told from the record",)
    assert not change.certain
    assert counted.incomplete == 1


def test_callers_outside_the_estate_are_said_to_be() -> None:
    records = decoded(event(user(account=AWAY), *READ))
    _, found = replayed(records, world(ALL), world(ALL))
    (mismatch,) = found.mismatches
    assert mismatch.because == f"account {AWAY} of the caller is not in the estate"


def test_reports_hold_what_was_found_and_nothing_that_runs(tmp_path: Path) -> None:
    del tmp_path
    name = "=<script>alert(1)</script>"
    records = decoded(
        event(user(account=HOME), "s3", "GetObject", {"bucketName": "photos", "key": name}),
        event({"type": "Directory"}, "s3", "ListBuckets"),
    )
    counted, found = replayed(records, world(ALL), world(ALL, NO_READS))
    page = report.as_html("A <title>", Found(events=2, problems=["`x` is cut off"]), counted, found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "would be denied" in page
    assert "is cut off" in page
    made = report.as_json(Found(events=2), counted, found)
    assert json.loads(json.dumps(made))["changes"][0]["count"] == 1
    assert made["events"]["decided"] == 1
    lines = report.as_csv(found).splitlines()
    assert lines[0].startswith("kind,principal,action")
    assert len(lines) == 2
