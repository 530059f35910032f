"""The access map: who can do what, who can become whom, and the drawing of it."""

from __future__ import annotations

import json
import re
from typing import Final

import pytest
from tests.estates import estate
from tests.fakes import NOW

from clearance import wiring
from clearance.decide.who import AccessIndex
from clearance.reach.crowd import Everybody
from clearance.server.console.jobs import Job, StoppedError
from clearance.server.console.pages.access import matrix, trust
from clearance.server.console.parts import drawing

HERE: Final = "123456789012"
ANA: Final = f"arn:aws:iam::{HERE}:user/ana"
THERE: Final = "210987654321"
EVIL: Final = "<img src=x onerror=alert(1)>\"'"


def allow(action: object, resource: str, **more: object) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trusts(principal: object, action: str = "sts:AssumeRole", **more: object) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": action, "Principal": principal, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def role_of(name: str, account: str = HERE) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


@pytest.fixture(scope="module")
def index() -> AccessIndex:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    office = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    up = allow("sts:AssumeRole", "*")
    here = {
        "users": {
            "ana": {"inline": {"up": up, "read": allow("s3:GetObject", "arn:aws:s3:::b/*")}},
            "bob": {"inline": {"o": allow("s3:Get*", "*", Condition=office)}},
        },
        "roles": {
            "first": {
                "trust": trusts({"AWS": f"arn:aws:iam::{HERE}:user/ana"}),
                "inline": {"up": up},
            },
            "second": {"trust": trusts({"AWS": role_of("first")}, Condition=mfa)},
            "lambda": {"trust": trusts({"Service": "lambda.amazonaws.com"})},
            "web": {
                "trust": trusts(
                    {"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity"
                )
            },
            "open": {"trust": trusts({"AWS": [THERE, "arn:aws:iam::555555555555:role/ci"]})},
            "any": {"trust": trusts("*")},
        },
        "resources": {"arn:aws:s3:::b": {"policy": trusts({"AWS": THERE}, "s3:GetObject")}},
    }
    there = {"users": {"eve": {"inline": {"up": up}}}, "roles": {"idle": {}}}
    world = estate({"accounts": {HERE: here, THERE: there}})
    return AccessIndex(world, catalog=wiring.catalog())


@pytest.fixture(scope="module")
def steps(index: AccessIndex) -> trust.Steps:
    return trust.steps_of(index, NOW, Job())


def test_steps_are_those_of_asking_for_everybody(index: AccessIndex, steps: trust.Steps) -> None:
    everybody = Everybody(index, NOW)
    people = {(s.source, s.target) for s in steps.all if s.kind in {"user", "role"}}
    wanted = {
        (who, account.role_arn(role))
        for account in index.estate.accounts.values()
        for role in account.roles.values()
        for who in everybody.who("sts:AssumeRole", account.role_arn(role))
        if who != account.role_arn(role)
    }
    assert people == wanted
    assert (f"arn:aws:iam::{THERE}:user/eve", role_of("open")) in people


def test_steps_tell_services_providers_and_other_accounts(steps: trust.Steps) -> None:
    kinds = {(s.source, s.target): s for s in steps.all}
    assert kinds["lambda.amazonaws.com", role_of("lambda")].kind == "service"
    assert kinds["accounts.google.com", role_of("web")].kind == "provider"
    outside = kinds["arn:aws:iam::555555555555:role/ci", role_of("open")]
    assert outside.kind == "outside"
    assert outside.keys
    assert kinds[role_of("first"), role_of("second")].keys == ("aws:MultiFactorAuthPresent",)


def test_around_goes_up_and_down(steps: trust.Steps) -> None:
    places, kept = trust.around(steps, role_of("first"), 3, 60)
    assert places[f"arn:aws:iam::{HERE}:user/ana"] == -1
    assert places[role_of("second")] == 1
    assert all(step.source in places and step.target in places for step in kept)
    assert len(trust.around(steps, role_of("first"), 3, 2)[0]) == 2


def test_accounts_that_trust_each_other_are_counted(steps: trust.Steps) -> None:
    found = {(a, b): (count, doubt) for a, b, count, doubt in trust.between_accounts(steps)}
    crossing = [s for s in steps.all if s.crosses and trust.account_of(s.source) == THERE]
    assert found[THERE, HERE] == (len(crossing), sum(bool(s.keys) for s in crossing))
    assert found["555555555555", HERE] == (1, 1)
    assert all(s.crosses for s in trust.wanted(steps.all, "", crossing=True))
    assert [s.target for s in trust.wanted(steps.all, "MULTIfactor first", crossing=False)] == [
        role_of("second")
    ]


def test_work_stops_when_nobody_waits(index: AccessIndex) -> None:
    job = Job()
    job.stop()
    with pytest.raises(StoppedError):
        trust.steps_of(index, NOW, job)


def test_the_matrix_says_what_one_by_one_would(index: AccessIndex) -> None:
    catalog = wiring.catalog()
    asks = matrix.asks_of("GetObject, ListBucket s3:GetObject", "arn:aws:s3:::b", catalog)
    assert [(a.action, a.resource) for a in asks] == [
        ("s3:GetObject", "arn:aws:s3:::b/*"),
        ("s3:ListBucket", "arn:aws:s3:::b"),
    ]
    found = matrix.matrix(index, asks, NOW, through=False, job=Job())
    for place, ask in enumerate(asks):
        alone = index.who_can(ask.action, ask.resource, now=NOW).accesses
        cells = {row.name: row.cells[place] for row in found.rows if row.cells[place] is not None}
        assert cells == {access.principal.display: access for access in alone}
    doubtful = [row.name for row in found.rows if not row.certain]
    assert f"arn:aws:iam::{HERE}:user/bob" in doubtful
    assert [row.name for row in found.wanted("sourceip bob", certain=False)] == doubtful
    assert found.wanted("bob", certain=True) == []
    [(ask, tests, number)] = [each for each in found.conditions if each[1]]
    assert (ask.action, number) == ("s3:GetObject", 1)
    assert tests[0].startswith("aws:SourceIp: ")
    assert "203.0.113.0/24" in tests[0]


@pytest.mark.parametrize(
    ("resource", "first"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "lambda:InvokeFunction"),
        ("arn:aws:iam::123456789012:role/r", "sts:AssumeRole"),
        ("arn:aws:s3:::b", "s3:GetObject"),
        ("arn:aws:logs:us-east-1:123456789012:log-group:g", "logs:"),
        ("no arn", ""),
    ],
)
def test_each_resource_has_actions_to_begin_with(resource: str, first: str) -> None:
    catalog = wiring.catalog()
    usual = matrix.usual(resource, catalog)
    assert usual.startswith(first)
    for action in usual.split():
        assert catalog.action(action) is not None, action
    levels = matrix.offered(resource, catalog)
    assert bool(levels) == bool(first)


def test_a_graph_is_text_only_and_stands_in_columns() -> None:
    nodes = [
        drawing.Node(EVIL, EVIL, "x", -1, "user", f"access?focus={EVIL}"),
        drawing.Node("b", "b", "y", 0),
    ]
    made = drawing.graph_html(nodes, [drawing.Arrow(EVIL, "b", EVIL, doubtful=True)], EVIL)
    assert "<img" not in made
    xs = [int(x) for x in re.findall(r'<rect x="(\d+)"', made)]
    assert xs == sorted(set(xs))
    assert "doubtful" in made
    bars = drawing.bars_html([drawing.Bar(EVIL, (("bad", 3), ("ok", 1)))], EVIL)
    assert "<img" not in bars
    assert "75.00%" in bars


def test_a_graph_may_have_circles_and_lonely_boxes() -> None:
    nodes = [drawing.Node(name, name, "", 0) for name in "abc"]
    arrows = [drawing.Arrow("a", "b"), drawing.Arrow("b", "a")]
    assert drawing.graph_html(nodes, arrows, "").count("<rect") == 3
    assert json.dumps(drawing.graph_html([], [], ""))


def test_many_alike_are_one_source_and_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "CROWD", 3)
    up = allow("sts:AssumeRole", "*")
    people = {f"u{n}": {"inline": {"up": up}} for n in range(5)}
    roles = {name: {"trust": trusts({"AWS": [HERE, THERE]})} for name in ("r", "s")}
    other = {"users": {"far": {"inline": {"up": up}}}}
    world = estate({"accounts": {HERE: {"users": people, "roles": roles}, THERE: other}})
    steps = trust.steps_of(AccessIndex(world, catalog=wiring.catalog()), NOW, Job())
    crowd = next(step.source for step in steps.all if step.kind == "crowd")
    assert len(steps.crowds) == 1
    assert steps.crowds[crowd] == {f"arn:aws:iam::{HERE}:user/{name}" for name in people}
    assert sum(not step.crosses for step in steps.all) == 2
    who = f"arn:aws:iam::{HERE}:user/u3"
    assert {step.target for step in steps.from_(who)} == {role_of("r"), role_of("s")}
    assert set(trust.around(steps, role_of("r"), 1, 9)[0].values()) == {0, -1}
    assert trust.between_accounts(steps) == ((THERE, HERE, 2, 0),)
