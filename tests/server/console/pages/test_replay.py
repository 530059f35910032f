"""What the page Replay does in a thread, and what it makes of the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.batch.events import HOME, event, user
from tests.estates import estate

from clearance import wiring
from clearance.batch.replay import Kind
from clearance.model.errors import UsageError
from clearance.model.estate import Estate
from clearance.model.policy import PolicyType
from clearance.server.console.jobs import Job, StoppedError
from clearance.server.console.pages.replay import result, work

ANA: Final = f"arn:aws:iam::{HOME}:user/ana"
MANAGED: Final = f"arn:aws:iam::{HOME}:policy/p"
EVIL: Final = "<img src=x onerror=alert(1)>"


def text(effect: str, action: str = "*", **more: str) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def world() -> Estate:
    own = {
        "users": {"ana": {"inline": {"mine": text("Allow", "sqs:*")}, "attached": [MANAGED]}},
        "groups": {"g": {}},
        "roles": {"r": {"inline": {"mine": text("Allow")}}},
        "functions": {"f": {}},
        "policies": {MANAGED: text("Allow", "sqs:*")},
        "resources": {"arn:aws:s3:::b": {}},
    }
    organization = {
        "management_account": "999999999999",
        "units": {"r-1": None, "ou-1": "r-1"},
        "accounts": {HOME: "ou-1"},
        "policies": {
            "p-1": {"type": "scp", "text": text("Allow")},
            "p-2": {"type": "rcp", "text": text("Allow", Principal="*")},
        },
        "attachments": {"r-1": ["p-1"], "ou-1": ["p-1"], HOME: ["p-1"]},
    }
    return estate({"accounts": {HOME: own}, "organizations": {"o-1": organization}})


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    calls = [event(user(), "sqs", "ListQueues") for _ in range(3)]
    calls.append(event(user(), "sns", "ListTopics", errorCode="AccessDenied"))
    return work.trail(calls, tmp_path, Job())


def run(logs: Path, current: Estate, proposed: Estate, job: Job | None = None) -> work.Done:
    catalog = wiring.catalog()
    return work.replayed([logs], current, proposed, catalog, job or Job(), title=EVIL)


def test_a_scp_breaks_what_was_recorded(world: Estate, logs: Path) -> None:
    done = run(logs, world, work.changed(world, "p-1", text("Deny", "sqs:*"), attach=False))
    assert (done.sights.events, done.replay.broken, done.replay.opened) == (4, 3, 0)
    [change] = done.replay.of(Kind.DENIED)
    assert (change.principal, change.action) == (ANA, "sqs:ListQueues")
    [bar] = result.bars_of(done.replay.changes, (Kind.DENIED,), lambda c: c.action)
    assert (bar.label, bar.parts) == ("sqs:ListQueues", (("bad", 3),))
    assert result.wanted(done.replay.changes, "ANA listqueues", Kind.DENIED.value)
    assert not result.wanted(done.replay.changes, "", Kind.ALLOWED.value)
    assert EVIL not in done.html()
    assert json.loads(done.json())["broken"] == 3
    assert "sqs:ListQueues" in done.csv()


def test_one_policy_more_opens_what_was_refused(world: Estate, logs: Path) -> None:
    done = run(logs, world, work.changed(world, ANA, text("Allow", "sns:*"), attach=True))
    assert (done.replay.broken, done.replay.opened) == (0, 1)


def test_each_target_that_is_offered_is_one(world: Estate) -> None:
    for attach in (False, True):
        found = list(work.targets(world, attach=attach))
        assert found
        for target in found:
            kind = work.kind_for(world, target)
            named = kind in {PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.RCP}
            denied = text("Deny", **({"Principal": "*"} if named else {}))
            if kind is PolicyType.TRUST:
                denied = denied.replace(', "Resource": "*"', "")
            assert work.changed(world, target, denied, attach=attach) != world, target


def test_a_proposal_begins_with_what_is_there(world: Estate) -> None:
    assert work.present_text(world, f"{ANA}#mine") == text("Allow", "sqs:*")
    assert work.present_text(world, MANAGED) == text("Allow", "sqs:*")
    assert work.present_text(world, "p-1") == text("Allow")
    assert "Statement" in json.loads(work.present_text(world, ""))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda w: work.changed(w, "p-none", text("Allow"), attach=False), "no policy or resource"),
        (lambda w: work.changed(w, "p-1", "{", attach=False), "cannot be read"),
        (lambda w: work.changed(w, EVIL, text("Allow"), attach=True), EVIL),
    ],
)
def test_what_cannot_be_proposed_is_said(
    world: Estate, ask: Callable[[Estate], object], says: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        ask(world)


def test_no_records_are_an_error_and_a_stop_is_an_end(world: Estate, tmp_path: Path) -> None:
    empty = tmp_path / "none.json"
    empty.write_text('{"Records": []}')
    with pytest.raises(UsageError, match="no CloudTrail records"):
        run(empty, world, world)
    with pytest.raises(UsageError, match="does not exist"):
        run(tmp_path / "nowhere", world, world)
    job = Job()
    job.stop()
    with pytest.raises(StoppedError):
        run(empty, world, world, job)
    with pytest.raises(StoppedError):
        work.trail([{}], tmp_path, job)
