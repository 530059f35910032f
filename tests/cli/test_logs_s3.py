"""Logs that lie in S3: read with the caller's own rights, from an endpoint that enforces them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from tests.batch.events import event, user
from tests.cli.run import clearance
from tests.endpoints import Credentials, allow, site, small_estate

from clearance.batch.places import s3

pytest.importorskip("moto")
PLACE = "AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/01"


def variables(url: str, who: Credentials) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": who.key,
        "AWS_SECRET_ACCESS_KEY": who.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_logs_are_ingested_from_s3_and_only_with_the_right_to(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"Records": [event(user(), "s3", "ListBuckets")]}).encode())
    with site(small_estate()) as found:
        root = found.client("s3")
        root.create_bucket(Bucket="trail")
        for key in (f"{PLACE}/a.json.gz", f"{PLACE}/b.json.gz", f"{PLACE}/notes.txt"):
            root.put_object(Bucket="trail", Key=key, Body=packed)
        digest = PLACE.replace("CloudTrail", "CloudTrail-Digest")
        root.put_object(Bucket="trail", Key=f"{digest}/d.json.gz", Body=b"{}")
        reader = found.user("reader", allow(["s3:GetObject", "s3:ListBucket"]))
        nobody = found.user("nobody", allow("s3:ListAllMyBuckets"))
        made = tmp_path / "made"
        asked = ("logs", "ingest", "s3://trail/AWSLogs", "--to", made, "--json")
        s3.cache_clear()
        ran = clearance(*asked, aws=variables(found.url, reader))
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["events"]["read"] == 2
        glob = ("logs", "coverage", "s3://trail/AWSLogs/*/CloudTrail/*/a.json.gz", "--json")
        ran = clearance("logs", "coverage", f"s3://trail/{PLACE}/a.json.gz", "--json",
                        aws=variables(found.url, reader))  # fmt: skip
        assert (ran.code, json.loads(ran.out)["events"]) == (0, 1)
        ran = clearance(*glob, aws=variables(found.url, reader))
        assert (ran.code, json.loads(ran.out)["events"]) == (0, 1)
        root.upload_file(str(next(made.glob("*.parquet"))), "trail", "dataset/part.parquet")
        ran = clearance("logs", "coverage", "s3://trail/dataset", "--json",
                        aws=variables(found.url, reader))  # fmt: skip
        assert (ran.code, json.loads(ran.out)["events"]) == (0, 2)
        # With the calls beside it the same; they are no logs of their own.
        (calls,) = made.glob("_calls/*.parquet")
        root.upload_file(str(calls), "trail", "dataset/_calls/part.parquet")
        ran = clearance("logs", "coverage", "s3://trail/dataset", "--json",
                        aws=variables(found.url, reader))  # fmt: skip
        assert (ran.code, json.loads(ran.out)["events"]) == (0, 2)
        ran = clearance("logs", "ingest", "s3://trail/none", "--to", made,
                        aws=variables(found.url, reader))  # fmt: skip
        assert ran.code == 2
        s3.cache_clear()
        ran = clearance(*asked, aws=variables(found.url, nobody))
        assert ran.code == 2
        assert "`s3://trail/AWSLogs` cannot be listed" in ran.err
        assert "s3:ListBucket" in ran.err
        assert len(ran.err.splitlines()) == 1
    s3.cache_clear()


def test_what_names_no_bucket_is_said_to(tmp_path: Path) -> None:
    ran = clearance("logs", "ingest", "s3:///x", "--to", tmp_path / "made")
    assert (ran.code, "names no bucket" in ran.err) == (2, True)
