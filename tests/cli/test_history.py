"""clearance history, at and env against the data folder of an endpoint."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.endpoints import (
    ACCOUNT,
    Credentials,
    Site,
    allow,
    attempt,
    client,
    site,
    small_estate,
    trust,
)

from clearance.server import listen

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"


@dataclass
class Past:
    """A data folder in which something has happened."""

    data: Path
    before: datetime
    running: Site


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    data = tmp_path_factory.mktemp("past") / "data"
    with site(small_estate(), data) as found:
        iam = found.client("iam")
        first, second = allow("s3:GetObject"), allow(["s3:GetObject", "s3:PutObject"])
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=first)
        before = datetime.now(UTC)
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=second)
        iam.create_access_key(UserName="ana")
        iam.tag_role(RoleName="app", Tags=[{"Key": "team", "Value": "red"}])
        iam.get_access_key_last_used(AccessKeyId=next(iter(iam.list_access_keys(
            UserName="ana")["AccessKeyMetadata"]))["AccessKeyId"])  # fmt: skip
        yield Past(data, before, found)


def test_who_changed_what(past: Past) -> None:
    ran = clearance("history", "--data", past.data, "--resource", "ana")
    assert ran.code == 0, ran.err
    assert ran.out.count("iam:PutUserPolicy") == 2
    assert f"by arn:aws:iam::{ACCOUNT}:root" in ran.out
    assert re.search(r'\+ +"s3:PutObject"', ran.out)
    assert re.search(r'- +"Action": "s3:GetObject"', ran.out)
    assert "iam:TagRole" not in ran.out
    assert "KeepUsage" not in ran.out
    assert all(len(line) <= 100 for line in ran.out.splitlines())


def test_history_as_json_without_secrets(past: Past) -> None:
    ran = clearance("history", "--data", past.data, "--json")
    found = json.loads(ran.out)
    operations = [r["operation"] for r in found]
    assert operations == ["Seed", "PutUserPolicy", "PutUserPolicy", "CreateAccessKey", "TagRole"]
    tag = found[-1]
    assert tag["changes"][0]["differences"] == [
        {"field": "tags.team", "before": None, "after": "red"}
    ]
    keys = past.running.started.world.estate.accounts[ACCOUNT].users["ana"].keys.values()
    assert not [key for key in keys if key.secret.value in ran.out]
    more = clearance("history", "--data", past.data, "--json", "--all").out
    assert "KeepUsage" in more


def test_history_of_a_time_and_of_somebody(past: Past) -> None:
    since = past.before.isoformat()
    later = json.loads(clearance("history", "--data", past.data, "--since", since, "--json").out)
    assert [r["operation"] for r in later] == ["PutUserPolicy", "CreateAccessKey", "TagRole"]
    early = json.loads(clearance("history", "--data", past.data, "--until", since, "--json").out)
    assert [r["operation"] for r in early] == ["Seed", "PutUserPolicy"]
    assert (
        "nothing was changed" in clearance("history", "--data", past.data, "--principal", ANA).out
    )
    assert len(json.loads(clearance(
        "history", "--data", past.data, "--limit", "1", "--json").out)) == 1  # fmt: skip


def test_the_effect_of_each_change_on_access(past: Past) -> None:
    ran = clearance("history", "--data", past.data, "--effect", "--json")
    assert ran.code == 0, ran.err
    seed, first, second, key, tag = json.loads(ran.out)
    assert "effect" not in seed
    for record, action in ((first, "s3:GetObject"), (second, "s3:PutObject")):
        (ana,) = record["effect"]["principals"]
        assert ana["principal"] == ANA
        (row,) = ana["gains"]["rows"]
        assert row["actions"] == [action]
        assert ana["losses"]["nothing"] == "proven"
        assert record["effect"]["resources"] == []
    for record in (key, tag):
        assert record["effect"] == {"nothing": "proven", "principals": [], "resources": []}


def test_what_is_lost_and_whom_a_role_lets_in(tmp_path: Path) -> None:
    with site(small_estate(), tmp_path / "data") as found:
        iam = found.client("iam")
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=allow("s3:GetObject"))
        iam.delete_user_policy(UserName="ana", PolicyName="p")
        iam.update_assume_role_policy(RoleName="app", PolicyDocument=trust(AWS=ANA))
        iam.delete_role(RoleName="app")
    ran = clearance("history", "--data", tmp_path / "data", "--effect", "--limit", "3")
    assert ran.code == 0, ran.err
    lost, narrowed, gone = ran.out.split("effect on access:\n")[1:]
    assert lost.startswith(f"    {ANA}\n      gains: nothing (proven)\n      loses:\n")
    assert "s3:GetObject" in lost
    # Named itself, ana needs no policy of her own any more; the rest of the account is out.
    assert narrowed.startswith(f"    arn:aws:iam::{ACCOUNT}:role/app\n      lets in:\n")
    opened, closed = narrowed.split("keeps out:")
    assert f"by {ANA} (by this policy alone)" in opened
    assert f"by arn:aws:iam::{ACCOUNT}:root" in closed
    assert "role/app\n      lets in: nothing (proven)\n      keeps out:\n" in gone
    begun = clearance("history", "--data", tmp_path / "data", "--effect", "--operation", "Seed")
    assert "the estate begins here" in begun.out


def test_a_decision_in_the_past(past: Past) -> None:
    asked = ("check", ANA, "s3:PutObject", "arn:aws:s3:::b/k")
    then = clearance("at", "--data", past.data, past.before.isoformat(), *asked)
    assert then.code == 1, then
    assert "DENIED" in then.out
    now = clearance("at", "--data", past.data, "0s", *asked)
    assert now.code == 0, now
    assert "ALLOWED" in now.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("history", "--data", "nowhere"), "holds no store"),
        (("history", "--data", "{data}", "--since", "soon"), "is not a moment"),
        (("at", "--data", "nowhere", "2h", "check", "a", "b"), "holds no store"),
        (("at", "--data", "{data}", "soon", "check", "a", "b"), "is not a moment"),
        (("at", "--data", "{data}", "2h", "serve"), "`serve` has no estate"),
        (("at", "--data", "{data}", "2001-01-01", "check", "a", "b"), "held nothing yet"),
        (("env", "--data", "nowhere"), "no endpoint runs"),
    ],
)
def test_what_cannot_be_is_one_line(past: Past, words: tuple[str, ...], told: str) -> None:
    ran = clearance(*(w.format(data=past.data) for w in words))
    assert ran.code == 2
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_env_leads_a_client_to_the_endpoint(past: Past) -> None:
    listen.announce(past.data, past.running.url, "eu-west-1")
    try:
        ran = clearance("env", "--data", past.data)
        assert ran.code == 0, ran.err
        pairs = (line.removeprefix("export ").split("=", 1) for line in ran.out.splitlines()[:4])
        found = {name: shlex.split(value)[0] for name, value in pairs}
        assert found["AWS_DEFAULT_REGION"] == "eu-west-1"
        who = Credentials(found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"])
        sts = client("sts", found["AWS_ENDPOINT_URL"], who)
        assert sts.get_caller_identity()["Arn"].endswith(":root")
        as_json = json.loads(
            clearance("env", "--data", past.data, "--user", "ana", "--shell", "json").out
        )
        ana = Credentials(as_json["AWS_ACCESS_KEY_ID"], as_json["AWS_SECRET_ACCESS_KEY"])
        told = attempt(client("sts", past.running.url, ana).get_caller_identity)
        assert told["Arn"] == ANA
        for more, words in (
            (("--user", "nobody"), "no user `nobody`"),
            (("--account", "000000000000"), "no account"),
        ):
            assert words in clearance("env", "--data", past.data, *more).err
    finally:
        listen.withdraw(past.data)
    assert clearance("env", "--data", past.data).code == 2
