"""clearance unused: who and what nobody uses, and when it last was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.batch.events import HOME, event, session, user, write
from tests.cli.run import clearance
from tests.estates import estate

from clearance import wiring
from clearance.model.estate import AccessKey, Secret

WIDE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "sqs:*"], "Resource": "*"}
    ],
}
KEY, OLD = "AKIAEXAMPLEEXAMPLE01", "AKIAEXAMPLEEXAMPLE02"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    held = estate(
        {"accounts": {HOME: {
            "users": {"ana": {"inline": {"p": WIDE}}, "gone": {}},
            "roles": {"app": {"inline": {"p": WIDE}}, "idle": {"inline": {"p": WIDE}},
                      "target": {}, "told": {}},
        }}}
    )  # fmt: skip
    born, long_ago = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
    account = held.accounts[HOME]
    keys = {
        KEY: AccessKey(KEY, Secret(""), born),
        OLD: AccessKey(OLD, Secret(""), born, active=False, last_used=long_ago),
    }
    users = {
        name: replace(each, created=born, keys=keys if name == "ana" else {})
        for name, each in account.users.items()
    }
    roles = {name: replace(each, created=born) for name, each in account.roles.items()}
    roles["told"] = replace(roles["told"], last_used=datetime(2026, 2, 1, tzinfo=UTC))
    wiring.save_estate(
        held.with_account(replace(account, users=users, roles=roles)), tmp_path / "estate.json"
    )
    called = {**user(), "accessKeyId": KEY}
    take_up = {"roleArn": f"arn:aws:iam::{HOME}:role/target", "roleSessionName": "x"}
    write(
        tmp_path / "log.json",
        event(session("app"), "s3", "GetObject", {"bucketName": "b", "key": "k"}),
        event(called, "sts", "AssumeRole", take_up, eventTime="2026-02-20T00:00:00Z"),
        event(called, "sqs", "ListQueues", eventTime="2025-11-01T00:00:00Z"),
    )
    return tmp_path


def told(place: Path, *words: str) -> dict[str, Any]:
    ran = clearance("unused", "log.json", "-e", "estate.json", "--json", *words, cwd=place)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_who_is_unused_by_the_logs_and_by_what_aws_told(place: Path) -> None:
    found = told(place)
    last = {p["principal"].rpartition("/")[2]: (p["lastUsed"], p["unused"])
            for p in found["principals"]}  # fmt: skip
    assert found["since"] == "2025-12-01T12:00:00Z"
    assert last == {
        "ana": ("2026-02-20T00:00:00Z", False),
        "gone": (None, True),
        "app": ("2026-03-01T12:00:00Z", False),
        "idle": (None, True),
        "target": ("2026-02-20T00:00:00Z", False),
        "told": ("2026-02-01T00:00:00Z", False),
    }
    keys = {k["id"]: (k["lastUsed"], k["active"], k["unused"]) for k in found["keys"]}
    assert keys == {
        KEY: ("2026-02-20T00:00:00Z", True, False),
        OLD: ("2025-06-01T00:00:00Z", False, True),
    }


def test_services_and_actions(place: Path) -> None:
    (ana,) = told(place, "--principal", "ana")["principals"]
    services = {s["service"]: s for s in ana["services"]}
    assert services["sqs"]["lastUsed"] == "2025-11-01T00:00:00Z"
    assert services["sqs"]["used"] == {"sqs:ListQueues": "2025-11-01T00:00:00Z"}
    assert services["s3"]["lastUsed"] is None
    (app,) = told(place, "--principal", "app")["principals"]
    s3 = next(s for s in app["services"] if s["service"] == "s3")
    assert (s3["allowed"], s3["unused"]) == (2, ["s3:PutObject"])


def test_the_report_on_a_terminal(place: Path) -> None:
    ran = clearance("unused", "log.json", "-e", "estate.json", cwd=place)
    assert ran.code == 0, ran.err
    for text in (
        "ROLES: 1 of 4 unused", f"never seen            arn:aws:iam::{HOME}:role/idle",
        "USERS: 1 of 2 unused", "ACCESS KEYS: 1 of 2 unused",
        f"2025-06-01T00:00:00Z  {OLD} of arn:aws:iam::{HOME}:user/ana, inactive",
        "SERVICES OF THOSE WHO ARE ACTIVE: 3 of 4 unused", "1 of 2 in s3",
    ):  # fmt: skip
        assert text in ran.out, ran.out
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    one = clearance("unused", "log.json", "-e", "estate.json", "-p", "app", cwd=place).out
    assert "s3: 1 of 2 actions used" in one
    assert "unused: PutObject" in one


def test_a_dataset_tells_the_same(place: Path) -> None:
    assert clearance("logs", "ingest", "log.json", "--to", "set", cwd=place).code == 0
    ran = clearance("unused", "set", "-e", "estate.json", "--json", cwd=place)
    assert json.loads(ran.out) == told(place)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-e", "nowhere"), "does not exist"),
        (("-e", "estate.json", "--window", "soon"), "is not a window"),
        (("-e", "estate.json", "-p", "nobody"), "is not in the estate"),
    ],
)
def test_bad_input_says_what_to_do(place: Path, words: tuple[str, ...], says: str) -> None:
    ran = clearance("unused", "log.json", *words, cwd=place)
    assert (ran.code, says in ran.err) == (2, True), ran
