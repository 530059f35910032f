"""clearance trail: log files as CloudTrail delivers them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.cli.run import clearance
from tests.endpoints import ACCOUNT, Credentials, attempt, site, small_estate


def test_the_trail_in_cloudtrails_layout(tmp_path: Path) -> None:
    data, logs = tmp_path / "data", tmp_path / "logs"
    with site(small_estate(), data) as found:
        found.client("iam").create_user(UserName="ben")
        found.client("lambda", region="eu-west-1").list_functions()
        attempt(found.client("sts", Credentials("AKIANOBODY", "x")).get_caller_identity)
        events = found.events()
    for _ in range(2):  # a second export writes the same files
        ran = clearance("trail", logs, "--data", data)
        assert ran.code == 0, ran.err
        assert ran.out.startswith("2 records in 2 files")
    files = sorted(logs.rglob("*.json.gz"))
    assert len(files) == 2
    first = files[0].relative_to(logs).parts
    assert first[:4] == ("AWSLogs", ACCOUNT, "CloudTrail", "eu-west-1")
    assert len(first) == 8
    assert first[7].startswith(f"{ACCOUNT}_CloudTrail_eu-west-1_{'/'.join(first[4:7])}".replace(
        "/", ""))  # fmt: skip
    records = [r for f in files for r in json.loads(gzip.decompress(f.read_bytes()))["Records"]]
    assert {r["eventID"] for r in records} == {
        e["eventID"] for e in events if e["recipientAccountId"]
    }


def test_nothing_to_export(tmp_path: Path) -> None:
    assert "holds no store" in clearance("trail", tmp_path, "--data", tmp_path / "no").err
