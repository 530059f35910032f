"""Exports of tables: names in lower case, structures as JSON or as Presto prints them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.batch.events import HOME, read, rows_of

from clearance.batch.exports import spelled

ARN = f"arn:aws:sts::{HOME}:assumed-role/app/a,b=c"
ROW = {
    "eventversion": "1.08",
    "useridentity": (
        f"{{type=AssumedRole, principalid=AROAX:a,b=c, arn={ARN}, accountid={HOME}, "
        "invokedby=null, accesskeyid=ASIAX, username=null, sessioncontext={attributes="
        "{mfaauthenticated=false, creationdate=2026-03-01T11:00:00Z}, sessionissuer={type=Role, "
        f"principalid=AROAX, arn=arn:aws:iam::{HOME}:role/team/app, accountid={HOME}, "
        "username=app}}}"
    ),
    "eventtime": "2026-03-01T12:00:00Z",
    "eventsource": "s3.amazonaws.com",
    "eventname": "GetObject",
    "awsregion": "us-east-1",
    "requestparameters": '{"bucketName":"photos","key":"a.jpg"}',
    "resources": "[{arn=arn:aws:s3:::photos, accountid=222222222222, type=AWS::S3::Bucket}]",
    "errorcode": "",
    "tlsdetails": "{tlsversion=TLSv1.3, ciphersuite=X, clientprovidedhostheader=null}",
}


def test_athena_s_csv(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerow(ROW)
        writer.writerow({**ROW, "useridentity": "{what"})
    records, found = read(path)
    assert (found.events, found.broken, found.malformed) == (2, 0, 0)
    row, other = rows_of(records)
    assert (row.action, row.resource, row.owner) == (
        "s3:GetObject", "arn:aws:s3:::photos/a.jpg", "222222222222",
    )  # fmt: skip
    assert (row.session, row.tls, row.error, other.caller) == ("a,b=c", "TLSv1.3", None, None)
    caller = json.loads(row.caller or "")
    assert caller["sessionContext"]["sessionIssuer"]["arn"] == f"arn:aws:iam::{HOME}:role/team/app"


def test_a_table_without_events_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    assert "no columns eventName" in read(tmp_path)[1].problems[0]


def test_lake_s_parquet_with_structures(tmp_path: Path) -> None:
    row = {
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "eventTime": "2026-03-01 12:00:00.000",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{HOME}:user/ana"},
        "requestParameters": {"bucketName": "photos", "key": "a"},
        "tlsDetails": {"tlsVersion": "TLSv1.2"},
    }  # fmt: skip
    parquet.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    (made,) = rows_of(read(tmp_path)[0])
    assert (made.resource, made.tls, made.time) == (
        "arn:aws:s3:::photos/a",
        "TLSv1.2",
        1772366400000,
    )


@pytest.mark.parametrize(
    "text", ["{", "}", "{}", "{=}", "{type=", "[{]", "{a=b}", "{" * 50 + "}" * 50]
)
def test_what_cannot_be_read_is_nothing(text: str) -> None:
    found: Any = spelled("userIdentity", text)
    assert not found
