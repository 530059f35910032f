"""clearance least-privilege: the files it writes, what it says, and bad input."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.batch.events import HOME, event, session, user, write
from tests.cli.run import clearance

APP = f"arn:aws:iam::{HOME}:role/app"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    get = [
        event(session("app"), "s3", "GetObject", {"bucketName": "b", "key": f"k/{n}"},
              eventTime=f"2026-03-0{n + 1}T00:00:00Z")
        for n in range(4)
    ]  # fmt: skip
    denied = event(
        session("app"), "s3", "DeleteObject", {"bucketName": "b", "key": "k"},
        errorCode="AccessDenied",
    )  # fmt: skip
    write(tmp_path / "log.json", *get, denied, event(user(), "sqs", "ListQueues"))
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}  # fmt: skip
    details = {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": [
            {"RoleName": "app", "RoleId": "AROAAPP", "Arn": APP, "Path": "/",
             "CreateDate": "2026-01-01T00:00:00Z", "AssumeRolePolicyDocument": policy,
             "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy}],
             "AttachedManagedPolicies": [], "InstanceProfileList": [], "Tags": []}
        ],
        "Policies": [],
    }  # fmt: skip
    (tmp_path / "estate.json").write_text(json.dumps(details))
    return tmp_path


def test_one_principal_in_full(place: Path) -> None:
    ran = clearance("least-privilege", "log.json", "-p", "app", "-e", "estate.json", cwd=place)
    assert ran.code == 0, ran.err
    for text in (
        "4 kinds of requests in 4 calls",
        '"arn:aws:s3:::b/k/*"',
        "s3:Get* but s3:GetObject on *",
        "s3:GetObject on arn:aws:s3:::b/k/* but 4 resources that were used",
        "1  s3:DeleteObject on arn:aws:s3:::b/k",
        "nothing newly allowed (proven)",
        "4 of 4 used requests are allowed as before",
        "the logs begin at 2026-03-01",
    ):
        assert text in ran.out, text
    assert all(len(line) <= 100 for line in ran.out.splitlines())


def test_everybody_and_the_files(place: Path) -> None:
    ran = clearance("least-privilege", "log.json", "--all", "-o", "made", "--json", cwd=place)
    assert ran.code == 0, ran.err
    app, ana = json.loads(ran.out)["principals"]
    assert (app["principal"], app["failed"], app["removed"]) == (APP, [], None)
    assert ana["policies"][0]["document"]["Statement"][0]["Action"] == "sqs:ListQueues"
    folder = place / "made" / HOME
    written = json.loads((folder / "role-app" / "app-used-1.json").read_text())
    assert written == app["policies"][0]["document"]
    script = (folder / "apply.sh").read_text()
    assert "attach-role-policy --role-name app" in script
    assert "attach-user-policy --user-name ana" in script
    subprocess.run(["sh", "-n", folder / "apply.sh"], check=True)
    assert 'resource "aws_iam_user_policy_attachment"' in (folder / "main.tf").read_text()


def test_what_is_proven_to_be_nothing_is_told_as_well(place: Path) -> None:
    words = ("least-privilege", "log.json", "-p", "app", "-e", "estate.json", "--json")
    (app,) = json.loads(clearance(*words, "--resources", "resource", cwd=place).out)["principals"]
    assert (app["gained"]["nothing"], app["excess"]["nothing"]) == ("proven", "proven")
    assert app["removed"]["nothing"] == "refuted"
    assert app["removed"]["rows"]


def test_old_policies_are_taken_away_after_the_new_ones_are_there(place: Path) -> None:
    clearance("least-privilege", "log.json", "-p", "app", "-e", "estate.json", "-o", "made",
              "--as", "inline", cwd=place)  # fmt: skip
    script = (place / "made" / HOME / "apply.sh").read_text()
    assert script.index("put-role-policy") < script.index("delete-role-policy")
    assert "--policy-name own" in script


def test_unused_before_the_window(place: Path) -> None:
    ran = clearance(
        "least-privilege", "log.json", "-p", "app", "--window", "1d", "--resources", "resource",
        "--json", cwd=place,
    )  # fmt: skip
    (app,) = json.loads(ran.out)["principals"]
    assert app["usedRequests"] == 2
    assert [each["resource"] for each in app["usedBeforeWindow"]] == [
        "arn:aws:s3:::b/k/0", "arn:aws:s3:::b/k/1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--all"),
        (("--all", "-p", "app"), "--all"),
        (("-p", "nobody"), "called nothing"),
        (("-p", "app", "--window", "soon"), "is not a window"),
        (("-p", "app", "--keep", "everything"), "is not an action"),
        (("-p", "app", "-o", "."), "is not an empty folder"),
        (("-p", "app", "-e", "nowhere"), "does not exist"),
    ],
)
def test_bad_input_says_what_to_do(place: Path, words: tuple[str, ...], told: str) -> None:
    ran = clearance("least-privilege", "log.json", *words, cwd=place)
    assert (ran.code, told in ran.err) == (2, True), ran
