"""CloudTrail as it lies: every layout is read, what is broken is counted."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.events import event, read, user, write

from clearance.batch import read as reading
from clearance.batch.places import Place
from clearance.batch.read import Found, files_in, records
from clearance.model.errors import UsageError

ONE = event(user(), "sts", "GetCallerIdentity")
TWO = event(user("ben"), "s3", "GetObject", {"bucketName": "photos", "key": "a"})


def names(path: Path) -> list[str]:
    return [record.event_name for record in read(path)[0]]


def test_the_layout_of_s3_without_digests(tmp_path: Path) -> None:
    place = tmp_path / "AWSLogs/111111111111/CloudTrail/us-east-1/2026/03/01"
    digest = tmp_path / "AWSLogs/111111111111/CloudTrail-Digest/us-east-1/2026/03/01"
    place.mkdir(parents=True)
    digest.mkdir(parents=True)
    (place / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [ONE, TWO]}).encode()))
    (digest / "d.json.gz").write_bytes(gzip.compress(b'{"digestS3Bucket": "b"}'))
    found, counts = read(tmp_path)
    assert [r.event_name for r in found] == ["GetCallerIdentity", "GetObject"]
    assert (counts.files, counts.events, counts.broken, counts.malformed) == (1, 2, 0, 0)
    told = json.loads(bytes(found[1].request_parameters))
    assert told == {"bucketName": "photos", "key": "a"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(ONE)),
        ("a.json", json.dumps([ONE])),
        ("a.json", json.dumps({"Events": [{"CloudTrailEvent": json.dumps(ONE)}]})),
        ("a.json", json.dumps({"detail-type": "AWS API Call via CloudTrail", "detail": ONE})),
        ("a.jsonl", json.dumps(ONE) + "\n\n"),
        ("a.jsonl", json.dumps({"message": json.dumps(ONE)})),
        ("a.json", json.dumps(ONE) + "\n"),
        ("a.json", "\ufeff" + json.dumps({"Records": [ONE]})),
    ],
)
def test_the_shapes_that_events_travel_in(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert names(tmp_path / name) == ["GetCallerIdentity"]


def test_json_with_one_record_a_line_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n")
    assert names(tmp_path) == ["GetCallerIdentity", "GetObject"]


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(gzip.compress(json.dumps({"Records": [ONE]}).encode()))
    assert names(tmp_path) == ["GetCallerIdentity"]


@pytest.mark.parametrize("way", ["isal", "zlib"])
@given(data=st.data())
def test_gzip_is_unpacked_alike_with_and_without_isal(data: st.DataObject, way: str) -> None:
    """Parts, zeros behind them, and whatever is broken, by what Python's gzip makes of it."""
    if way == "isal":
        pytest.importorskip("isal")
    parts = data.draw(st.lists(st.binary(max_size=300).map(gzip.compress), min_size=1, max_size=3))
    packed = b"".join(parts) + bytes(data.draw(st.integers(0, 3)))
    harm = data.draw(st.sampled_from(["none", "cut", "changed", "junk"]))
    place = data.draw(st.integers(0, len(packed) - 1))
    if harm == "cut":
        packed = packed[:place]
    elif harm == "changed":
        packed = packed[:place] + bytes([packed[place] ^ 4]) + packed[place + 1 :]
    elif harm == "junk":
        packed += data.draw(st.binary(min_size=1, max_size=20))
    with pytest.MonkeyPatch.context() as patch:
        if way == "zlib":
            patch.setattr(reading, "_ISAL", None)
        unpacked: object
        try:
            unpacked = reading._unpacked(packed)  # noqa: SLF001
        except (EOFError, zlib.error) as error:
            unpacked = type(error)
    expected: object
    try:
        expected = gzip.decompress(packed)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        expected = type(error)
    if isinstance(expected, bytes):
        assert unpacked == expected
    else:
        assert unpacked in {EOFError, zlib.error}


@pytest.mark.parametrize("way", ["isal", "zlib"])
def test_no_more_is_unpacked_than_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1000)
    if way == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setattr(reading, "_ISAL", None)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(bytes(600)) + gzip.compress(bytes(10**6)))
    assert len(reading._unpacked((tmp_path / "a.json.gz").read_bytes())) == 1001  # noqa: SLF001
    found, counts = read(tmp_path)
    assert (found, counts.broken) == ([], 1)
    assert "larger than 1000 bytes" in counts.problems[0]


def test_broken_files_are_skipped_with_a_count(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"Records": [ONE] * 99}).encode())
    (tmp_path / "a.json.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "b.json").write_text('{"Records": [')
    (tmp_path / "c.json").write_text("[" * 100_000)
    (tmp_path / "d.jsonl").write_text("nothing\n")
    (tmp_path / "e.jsonl").write_text(f"{json.dumps(ONE)}\n{{\n")
    (tmp_path / "f.json").write_text('{"Records": [{"eventName": 3}, 7]}')
    (tmp_path / "g.json").write_bytes(b"\xff\xfe")
    write(tmp_path / "h.json", TWO)
    found, counts = read(tmp_path)
    assert [r.event_name for r in found] == ["GetCallerIdentity", "GetObject"]
    assert counts.files == 8
    assert counts.broken == 5
    assert counts.malformed == 1  # the line of e
    assert any("a.json.gz` is cut off" in problem for problem in counts.problems)


def test_a_record_without_a_name_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"Records": [{"eventName": "X"}, {}]}')
    assert read(tmp_path)[1].malformed == 2


def test_globs_and_double_mention(tmp_path: Path) -> None:
    write(tmp_path / "a.json", ONE)
    write(tmp_path / "b.json", ONE)
    (tmp_path / "c.txt").write_text("no log")
    every = files_in([str(tmp_path / "*.json"), tmp_path, tmp_path / "a.json"])
    assert [file.name for file in every] == ["a.json", "b.json"]


@pytest.mark.parametrize("place", ["no-such", "empty", "*.none"])
def test_places_without_logs(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"log files|does not exist"):
        files_in([str(tmp_path / place)])


def test_parquet_with_columns_in_lower_case(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    row = {
        "eventname": "GetObject",
        "eventsource": "s3.amazonaws.com",
        "useridentity": {"type": "IAMUser", "arn": "arn:aws:iam::111111111111:user/ana"},
        "requestparameters": '{"bucketName": "photos"}',
        "unread": 1,
    }
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("no parquet")
    found, counts = read(tmp_path)
    assert json.loads(bytes(found[0].request_parameters)) == {"bucketName": "photos"}
    assert json.loads(bytes(found[0].user_identity))["type"] == "IAMUser"
    assert counts.broken == 1


def test_each_file_is_told_when_done(tmp_path: Path) -> None:
    write(tmp_path / "a.json", ONE)
    seen: list[Place] = []
    assert len(list(records(files_in([tmp_path]), Found(), done=seen.append))) == 1
    assert [path.name for path in seen] == ["a.json"]
