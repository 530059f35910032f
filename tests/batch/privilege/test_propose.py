"""The least policies: what they hold, what they keep, and that every used request is allowed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.batch.events import HOME, event, session, user
from tests.batch.privilege.learned import APP, ROLE, observed, proposed, statements
from tests.estates import estate

from clearance import wiring
from clearance.batch.privilege.bounds import bounds
from clearance.batch.privilege.export import files
from clearance.batch.privilege.generalize import Level
from clearance.batch.privilege.propose import Conditions, Options, Proposer
from clearance.batch.privilege.shape import Form
from clearance.cli.prove import world_of
from clearance.model.catalog import Catalog, ServiceFacts
from clearance.model.estate import Estate
from clearance.prove import size_of

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def get(key: str, bucket: str = "photos", **more: Any) -> dict[str, Any]:
    return event(APP, "s3", "GetObject", {"bucketName": bucket, "key": key}, **more)


def world(*given: dict[str, Any]) -> Estate:
    document = {"Version": "2012-10-17", "Statement": [*given]}
    return estate({"accounts": {HOME: {"roles": {"app": {"inline": {"own": document}}}}}})


def test_each_resource_prefixes_or_types(tmp_path: Path) -> None:
    """Three of a kind make a prefix; an object's type is its bucket, a table's all tables."""
    events = [get(f"raw/2026-{n}.csv") for n in range(3)] + [get("one/x")]
    events += [
        event(APP, "dynamodb", "GetItem", {"tableName": name})
        for name in ("orders-1", "orders-2", "orders-3", "users")
    ]
    by: dict[Level, set[str]] = {}
    for level in Level:
        found = proposed(tmp_path, *events, options=Options(level))
        assert (found.verified, found.failed) == (8, ())
        by[level] = {
            text
            for s in statements(found)
            for text in ([s["Resource"]] if isinstance(s["Resource"], str) else s["Resource"])
        }
    tables = f"arn:aws:dynamodb:us-east-1:{HOME}:table"
    assert by[Level.RESOURCE] == {
        *(f"arn:aws:s3:::photos/raw/2026-{n}.csv" for n in range(3)),
        "arn:aws:s3:::photos/one/x",
        *(f"{tables}/{name}" for name in ("orders-1", "orders-2", "orders-3", "users")),
    }
    assert by[Level.PREFIX] == {
        "arn:aws:s3:::photos/raw/2026-*", "arn:aws:s3:::photos/one/x",
        f"{tables}/orders-*", f"{tables}/users",
    }  # fmt: skip
    assert by[Level.TYPE] == {"arn:aws:s3:::photos/*", f"{tables}/*"}


def test_stars_and_dollars_of_names_stay_text(tmp_path: Path) -> None:
    found = proposed(tmp_path, get("a*b"), get("${aws:username}"))
    told = json.dumps(statements(found))
    assert "a${*}b" in told
    assert "${$}{aws:username}" in told
    assert (found.verified, found.failed) == (2, ())


def test_never_more_than_now(tmp_path: Path) -> None:
    """A prefix that would open more than is allowed today gives way to single resources."""
    now = world(
        {"Effect": "Allow", "Action": "s3:GetObject",
         "Resource": [f"arn:aws:s3:::photos/raw/{n}" for n in range(4)]},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"},
    )  # fmt: skip
    puts = [
        event(APP, "s3", "PutObject", {"bucketName": "photos", "key": f"raw/{n}"}) for n in range(3)
    ]
    found = proposed(tmp_path, *(get(f"raw/{n}") for n in range(3)), *puts, held=now)
    by_action = {s["Action"]: s["Resource"] for s in statements(found)}
    assert by_action["s3:PutObject"] == "arn:aws:s3:::photos/raw/*"
    assert by_action["s3:GetObject"] == [f"arn:aws:s3:::photos/raw/{n}" for n in range(3)]
    bound = bounds(found, world_of(open_world=False), wiring.catalog())
    assert bound.gained is not None
    assert bound.gained.answer.proven
    assert bound.removed is not None
    assert not bound.removed.answer.proven
    assert bound.excess is not None
    assert [row.actions for row in bound.excess.rows] == [("s3:PutObject",)]


def test_conditions_and_denies_in_force_are_kept(tmp_path: Path) -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/secret/*"}
    there = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    now = world({**ALL, "Condition": there}, deny)
    found = proposed(tmp_path, get("a"), held=now)
    allow, kept = statements(found)
    assert allow["Condition"] == there
    assert (allow["Action"], allow["Resource"]) == ("s3:GetObject", "arn:aws:s3:::photos/a")
    assert kept == deny
    assert (found.verified, found.failed) == (1, ())
    free = proposed(tmp_path, get("a"), held=now, options=Options(conditions=Conditions.NONE))
    assert "Condition" not in statements(free)[0]
    wider = proposed(tmp_path, get("a"), held=world({**ALL, "Condition": there}, ALL))
    assert "Condition" not in statements(wider)[0]


def test_what_never_varied_becomes_a_condition_when_asked(tmp_path: Path) -> None:
    options = Options(conditions=Conditions.OBSERVED)
    often = [get("a", vpcEndpointId="vpce-1", sourceIPAddress="10.0.0.1")] * 12
    found = proposed(tmp_path, *often, options=options)
    (only,) = statements(found)
    assert only["Condition"] == {
        "StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:SourceVpce": "vpce-1"}
    }
    assert (found.verified, found.failed) == (1, ())
    once = proposed(tmp_path, *often[:3], options=options)
    assert "Condition" not in statements(once)[0]
    moved = proposed(tmp_path, *often, get("a"), options=options)
    assert statements(moved)[0]["Condition"] == {
        "StringEquals": {"aws:RequestedRegion": "us-east-1"}
    }


def test_passing_a_role_is_kept_with_the_service_it_is_passed_to(tmp_path: Path) -> None:
    role = f"arn:aws:iam::{HOME}:role/runs"
    made = event(
        APP, "lambda", "CreateFunction20150331", {"functionName": "f", "role": role}
    )  # fmt: skip
    found = proposed(tmp_path, made, options=Options(conditions=Conditions.OBSERVED))
    told = {s["Action"]: s for s in statements(found)}
    assert told["iam:PassRole"]["Resource"] == role
    assert told["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}
    }
    assert found.failed == ()


def with_dependents(action: str, *dependents: str) -> Catalog:
    """AWS's reference no longer lists dependent actions; for this test it does again."""
    real = wiring.catalog()

    def load(prefix: str) -> ServiceFacts | None:
        service = real.service(prefix)
        if service is None or prefix != action.partition(":")[0]:
            return service
        name = action.partition(":")[2].lower()
        facts = replace(service.actions[name], dependent_actions=dependents)
        return replace(service, actions={**service.actions, name: facts})

    return replace(real, load=load)


def test_dependent_actions_are_kept_as_they_are(tmp_path: Path) -> None:
    """What AWS says a used action may need besides stays, on what it is allowed on now."""
    catalog = with_dependents("cloudformation:CreateStackSet", "iam:PassRole", "sns:Publish")
    pass_on = {"Effect": "Allow", "Action": "iam:*", "Resource": f"arn:aws:iam::{HOME}:role/cfn"}
    now = world(pass_on, {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"})
    made = event(APP, "cloudformation", "CreateStackSet", {"stackSetName": "s"})
    used = observed(tmp_path, made, held=now)[ROLE]
    found = Proposer(now, catalog).propose(used)
    told = {s["Action"]: s["Resource"] for s in statements(found)}
    assert told["iam:PassRole"] == f"arn:aws:iam::{HOME}:role/cfn"
    assert "sns:Publish" not in told
    assert any("iam:PassRole" in note for note in found.notes)
    assert found.failed == ()
    alone = Proposer(None, catalog).propose(used)
    assert "iam:PassRole" not in json.dumps(statements(alone))
    assert any("may also need" in note for note in alone.notes)


def test_all_that_one_call_asks_for_is_kept(tmp_path: Path) -> None:
    copy = {"bucketName": "b", "key": "to", "x-amz-copy-source": "a/from"}
    found = proposed(tmp_path, event(APP, "s3", "CopyObject", copy), held=world(ALL))
    told = {s["Action"]: s["Resource"] for s in statements(found)}
    assert told == {"s3:GetObject": "arn:aws:s3:::a/from", "s3:PutObject": "arn:aws:s3:::b/to"}


def test_where_the_log_does_not_tell_on_what_the_resources_stay(tmp_path: Path) -> None:
    mine = {"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:us-east-1:{HOME}:mine"}
    blind = event(APP, "sqs", "ReceiveMessage", None)
    found = proposed(tmp_path, blind, held=world(mine))
    (only,) = statements(found)
    assert (only["Action"], only["Resource"]) == ("sqs:ReceiveMessage", mine["Resource"])
    assert len(found.open) == 1
    assert found.failed == ()
    assert "does not tell on what" in found.notes[0]
    alone = proposed(tmp_path, blind)
    assert statements(alone)[0]["Resource"] == "*"


def test_unused_actions_can_be_kept(tmp_path: Path) -> None:
    options = Options(keep=("s3:Restore*", "s3:PutBucketPolicy"))
    found = proposed(tmp_path, get("a"), held=world(ALL), options=options)
    kept = next(s for s in statements(found) if s["Resource"] == "*")
    assert kept["Action"] == ["s3:PutBucketPolicy", "s3:RestoreObject"]


def test_what_needs_no_policy_of_its_own_is_left_out(tmp_path: Path) -> None:
    whoami = event(APP, "sts", "GetCallerIdentity")
    found = proposed(tmp_path, whoami, get("a"))
    assert found.unneeded == 1
    assert [s["Action"] for s in statements(found)] == ["s3:GetObject"]


def test_what_aws_allowed_and_the_estate_does_not_is_granted(tmp_path: Path) -> None:
    found = proposed(tmp_path, get("a"), held=world())
    assert statements(found)[0]["Resource"] == "arn:aws:s3:::photos/a"
    assert (found.verified, found.failed) == (1, ())


def test_the_window_and_denied_calls(tmp_path: Path) -> None:
    events = (
        get("old", eventTime="2025-01-01T00:00:00Z"), get("new"),
        get("denied", errorCode="AccessDenied"), get("missing", errorCode="NoSuchKey"),
    )  # fmt: skip
    one = observed(tmp_path, *events, since="2026-01-01T00:00:00Z")[ROLE]
    assert {use.request.resource.rpartition("/")[2] for use in one.uses} == {"new", "missing"}
    assert [use.request.resource for use in one.former] == ["arn:aws:s3:::photos/old"]
    assert list(one.denied) == [("s3:GetObject", "arn:aws:s3:::photos/denied")]


def test_what_groups_give_is_replaced_and_said(tmp_path: Path) -> None:
    document = {"Version": "2012-10-17", "Statement": [ALL]}
    held = estate(
        {"accounts": {HOME: {"groups": {"staff": {"inline": {"g": document}}},
                             "users": {"ana": {"groups": ["staff"]}}}}}
    )  # fmt: skip
    ana = f"arn:aws:iam::{HOME}:user/ana"
    found = proposed(tmp_path, event(user(), "sqs", "ListQueues"), held=held, who=ana)
    assert found.notes == ("what groups give is replaced, too: staff",)
    assert (found.verified, found.failed) == (1, ())
    script = files([found], Form.MANAGED)[f"{HOME}/apply.sh"]
    assert "remove-user-from-group --user-name ana --group-name staff" in script


def test_who_is_newer_than_the_window_may_do_more_yet(tmp_path: Path) -> None:
    options = Options(since="2020-01-01T00:00:00Z")
    found = proposed(tmp_path, get("a"), held=world(ALL), options=options)
    assert any("within the window" in note for note in found.notes)
    assert not proposed(tmp_path, get("a"), held=world(ALL)).notes


def test_a_call_of_unknown_time_counts_as_recent(tmp_path: Path) -> None:
    one = observed(tmp_path, get("a", eventTime="soon"), since="2026-01-01T00:00:00Z")[ROLE]
    assert (len(one.uses), one.former) == (1, [])


def test_every_resource_makes_single_ones_needless(tmp_path: Path) -> None:
    found = proposed(tmp_path, get("a"), event(APP, "s3", "GetObject", None))
    assert [s["Resource"] for s in statements(found)] == ["*"]
    assert found.failed == ()


def test_callers_without_policies_of_their_own_get_none(tmp_path: Path) -> None:
    root = {"type": "Root", "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}
    service = {"type": "AWSService", "invokedBy": "events.amazonaws.com"}
    odd = session("app")
    odd["sessionContext"]["sessionIssuer"]["arn"] = "arn:aws:iam::x:role/../../etc"
    linked = session("Linked", path="/aws-service-role/x.amazonaws.com/")
    target = ("sts", "AssumeRole", {"roleArn": ROLE, "roleSessionName": "x"})
    events = [event(who, *target) for who in (root, service, odd, linked, user())]
    assert list(observed(tmp_path, *events)) == [f"arn:aws:iam::{HOME}:user/ana"]


@pytest.mark.parametrize(("form", "limit"), [(Form.MANAGED, 6144), (Form.INLINE, 10240)])
def test_many_resources_are_split_or_generalized_to_fit(
    tmp_path: Path, form: Form, limit: int
) -> None:
    many = [
        event(APP, "dynamodb", "GetItem", {"tableName": f"{n:x}{'t' * 60}"}) for n in range(260)
    ]
    found = proposed(tmp_path, *many, options=Options(Level.RESOURCE, form))
    assert found.fits
    assert all(size_of(policy) <= limit for policy in found.policies)
    assert (found.verified, found.failed) == (260, ())
    if form is Form.MANAGED:
        assert (found.level, 1 < len(found.policies) <= 10) == (Level.RESOURCE, True)
    else:
        assert (found.level, len(found.policies)) == (Level.TYPE, 1)
        assert any("would not fit" in note for note in found.notes)


def test_what_is_still_used_from_another_address_is_in_use(
    tmp_path: Path,
) -> None:
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    events = [
        get("k", sourceIPAddress=f"203.0.113.{n}", eventTime=f"2026-0{n}-01T00:00:00Z")
        for n in (1, 3)
    ]
    held = world({**ALL, "Condition": office})
    made = proposed(tmp_path, *events, held=held, since="2026-02-01T00:00:00Z")
    assert [use.tally.count for use in made.uses] == [2]
    assert (made.former, made.verified) == ((), 1)
