"""clearance replay: a change against the logs, end to end with an endpoint's own trail."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from tests.batch.events import event, user, write
from tests.cli.run import clearance
from tests.cli.somebody import ACCOUNT, ANA, BOB, DEPLOY, FUNCTION, saved
from tests.endpoints import allow, attempt, document, site, small_estate

DENY = {"Sid": "NoInvoke", "Effect": "Deny", "Action": "lambda:InvokeFunction", "Resource": "*"}


def policy(folder: Path, *statements: dict[str, Any]) -> Path:
    path = folder / "policy.json"
    path.write_text(document(*statements))
    return path


def test_what_was_done_on_an_endpoint_is_replayed_against_a_deny(tmp_path: Path) -> None:
    data, logs = tmp_path / "data", tmp_path / "logs"
    with site(small_estate(), data) as found:
        orders = found.function("orders")
        found.function("bills")
        ana = found.user("ben", allow(["lambda:InvokeFunction", "lambda:ListFunctions"]))
        eve = found.user("eve", allow("lambda:ListFunctions"))
        client = found.client("lambda", ana)
        for _ in range(2):
            client.invoke(FunctionName="orders", Payload=b"{}")
        client.invoke(FunctionName="bills", Payload=b"{}")
        client.list_functions()
        attempt(found.client("lambda", eve).invoke, FunctionName="orders")
    assert clearance("trail", logs, "--data", data).code == 0
    deny = policy(tmp_path, {**DENY, "Resource": orders})
    asked = ("replay", logs, "--estate", data, "--policy", deny, "--attach-to")
    ran = clearance(*asked, f"arn:aws:iam::{ACCOUNT}:user/ben", "--json")
    assert ran.code == 1, ran.err
    said = json.loads(ran.out)
    changes = [(c["kind"], c["principal"], c["action"], c["resource"], c["count"], c["because"])
               for c in said["changes"]]  # fmt: skip
    ben = f"arn:aws:iam::{ACCOUNT}:user/ben"
    because = "identity-based policy: proposed (NoInvoke)"
    assert changes == [("would be denied", ben, "lambda:InvokeFunction", orders, 2, because)]
    assert said["broken"] == 2
    assert said["changes"][0]["certain"]
    # The last state of the estate explains every recorded call, the refused one too.
    assert said["observed"]["mismatches"] == []
    harmless = clearance(*asked, f"arn:aws:iam::{ACCOUNT}:user/eve")
    assert harmless.code == 0, harmless.err
    assert "0 calls would be denied, 0 newly allowed" in harmless.out


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    who = {**user("ana", ACCOUNT), "principalId": "AIDAANA"}
    call = event(who, "lambda", "Invoke", {"functionName": FUNCTION}, recipientAccountId=ACCOUNT)
    later = {**call, "eventTime": "2026-03-02T12:00:00Z"}
    (folder / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [call]}).encode()))
    write(folder / "b.json", later, event(who, "signin", "ConsoleLogin", eventType="AwsConsoleX"))
    (folder / "c.json").write_text("{")
    return folder


def test_the_summary_is_made_for_a_terminal(tmp_path: Path, logs: Path) -> None:
    ran = clearance("replay", logs, "-e", saved(tmp_path), "--policy", policy(tmp_path, DENY),
                    "--attach-to", ANA)  # fmt: skip
    assert ran.code == 1
    assert max(map(len, ran.out.splitlines())) <= 100
    assert "c.json` is not CloudTrail's JSON" in ran.err
    assert "3 events in 3 files, 1 broken; 2 decided as 1 kinds of calls" in ran.out
    assert f"        2  lambda:InvokeFunction  by {ANA}" in ran.out
    assert "2026-03-01T12:00:00Z to 2026-03-02T12:00:00Z" in ran.out
    assert "proposed (NoInvoke)" in ran.out
    assert "AwsConsoleX events are not authorized calls" in ran.out


def test_csv_and_html(tmp_path: Path, logs: Path) -> None:
    table, page, columns = (tmp_path / f"out.{kind}" for kind in ("csv", "html", "parquet"))
    ran = clearance("replay", logs, "-e", saved(tmp_path), "--policy", policy(tmp_path, DENY),
                    "--attach-to", ANA, "--csv", table, "--html", page,
                    "--parquet", columns)  # fmt: skip
    assert ran.code == 1
    with table.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["principal"], row["count"], row["certain"]) == (ANA, "2", "true")
    (same,) = parquet.read_table(columns).to_pylist()
    assert (same["principal"], same["count"], same["gaps"]) == (ANA, 2, [])
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert "http" not in text.replace("https://", "")
    assert FUNCTION in text


def test_a_whole_estate_may_be_proposed(tmp_path: Path, logs: Path) -> None:
    before = saved(tmp_path)
    ran = clearance("replay", logs / "*.gz", "-e", before, "--proposed", before)
    assert ran.code == 0, ran.err
    assert "agree on 1 events, disagree on 0" in ran.out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-p", "E", "--policy", "P", "--attach-to", BOB], "whole estate"),
        (["--policy", "P"], "either --replaces or --attach-to"),
        (["--policy", "P", "--attach-to", BOB, "--replaces", BOB], "either --replaces"),
        ([], "give --proposed"),
        (["--policy", "P", "--attach-to", f"{DEPLOY}x"], "is not in the estate"),
        (["--policy", "E", "--attach-to", BOB], "estate.json: "),
        (["-p", "none"], "does not exist"),
        (["-p", "E", "--csv", "no/such/folder"], "cannot be written"),
        (["-p", "E", "--parquet", "no/such/folder"], "cannot be written"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, logs: Path, words: list[str], problem: str) -> None:
    (logs / "c.json").unlink()
    places = {"E": saved(tmp_path), "P": policy(tmp_path, DENY)}
    asked = [places.get(word, word) for word in words]
    ran = clearance("replay", logs, "-e", places["E"], *asked)
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err


def test_logs_without_records(tmp_path: Path) -> None:
    place = saved(tmp_path)
    (tmp_path / "x.json").write_text("{}")
    ran = clearance("replay", tmp_path / "x.json", "-e", place, "-p", place)
    assert ran.code == 2
    assert "hold no CloudTrail records" in ran.err
