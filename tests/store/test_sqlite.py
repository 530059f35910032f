import json
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from tests.store.estates import ACCOUNT, T0, entry, small, with_user

from clearance.model.errors import StoreError
from clearance.model.estate import Estate
from clearance.store import database
from clearance.store import sqlite as subject
from clearance.store.contents import Piece
from clearance.store.events import Retention
from clearance.store.journal import Damaged
from clearance.store.lock import Held
from clearance.store.port import EventQuery, ReadOnly
from clearance.store.sqlite import DATABASE_FILE, SqliteStore

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def fill(folder: Path, count: int) -> Estate:
    with SqliteStore.open(folder) as store:
        for n in range(1, count + 1):
            before = store.load()
            store.commit(before, with_user(before, f"user{n}"), entry=entry(n))
        store.record({"eventTime": "2026-03-01T12:00:00Z", "eventName": "GetUser"})
        return store.load()


def tamper(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()


# --- starting again -------------------------------------------------------------------------------


def test_the_estate_survives_a_restart(folder: Path) -> None:
    estate = fill(folder, 5)
    with SqliteStore.open(folder) as store:
        assert store.load() == estate
        assert store.verify() == 5


@pytest.mark.parametrize("first", [1, 3, 5, 6])
def test_steps_show_the_estate_before_and_after_each_record(folder: Path, first: int) -> None:
    estate = fill(folder, 5)
    with SqliteStore.open(folder) as store:  # a checkpoint was written at the end
        found = list(store.steps(first))
    assert [record.seq for record, _, _ in found] == list(range(first, 6))
    for record, before, after in found:
        (account,) = after.accounts.values()
        assert f"user{record.seq}" in account.users
        assert all(f"user{record.seq}" not in a.users for a in before.accounts.values())
    if found:
        assert found[-1][2] == estate


def test_checkpoints_are_written_and_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_CHECKPOINT_BYTES", 1)
    monkeypatch.setattr(subject, "_CHECKPOINT_ON_CLOSE_BYTES", 1)
    estate = fill(folder, 20)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as opened:
        (last,) = opened.execute("SELECT max(seq) FROM checkpoints").fetchone()
        assert last == 20
        (state,) = opened.execute("SELECT state FROM checkpoints WHERE seq = 20").fetchone()
        assert b"secret of" not in state
    with SqliteStore.open(folder, read_only=True) as store:
        assert store.load() == estate


def test_a_damaged_checkpoint_is_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subject, "_CHECKPOINT_ON_CLOSE_BYTES", 1)
    estate = fill(folder, 3)
    tamper(folder, "UPDATE checkpoints SET state = replace(state, 'user1', 'user9')")
    with SqliteStore.open(folder) as store:
        assert store.load() == estate
    assert "is damaged; it is passed over" in caplog.text


def test_secrets_are_not_in_the_file_in_clear(folder: Path) -> None:
    fill(folder, 3)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert not any(b"secret of" in path.read_bytes() for path in files)


CHILD = """
import sys
from pathlib import Path
from clearance.store.sqlite import SqliteStore
from tests.store.estates import entry, with_user

store = SqliteStore.open(Path(sys.argv[1]))
while True:
    before = store.load()
    number = len(list(before.accounts.values())[0].users) + 1 if before.accounts else 1
    event = {"eventTime": "2026-03-01T12:00:00Z", "eventID": str(number)}
    store.commit(before, with_user(before, f"user{number}"), entry=entry(number), event=event)
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_kill_9_loses_nothing_that_was_acknowledged(folder: Path) -> None:
    chance = random.Random(20260301)  # noqa: S311 (no secret)
    answered = 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            text=True,
        ) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            time.sleep(chance.uniform(0, 0.15))
            child.send_signal(signal.SIGKILL)
            numbers = [int(line) for line in [first, *child.stdout] if line.endswith("\n")]
        answered = max([answered, *numbers])
        with SqliteStore.open(folder) as store:
            users = store.load().accounts[ACCOUNT].users
            assert {f"user{n}" for n in range(1, answered + 1)} <= set(users)
            assert len(users) <= answered + 1  # the one whose answer was cut off
            assert store.verify() == len(users)
            assert {e["eventID"] for e in store.events()} == {
                str(n) for n in range(1, len(users) + 1)
            }
    assert answered > 4


# --- damage ---------------------------------------------------------------------------------------

DAMAGES = {
    "an edited row": ("UPDATE journal SET who = 'nobody' WHERE seq = 3", 3),
    "an edited change": (
        "UPDATE journal SET changes = replace(changes, 'user3', 'user9') WHERE seq = 3",
        3,
    ),
    "a row taken out": ("DELETE FROM journal WHERE seq = 3", 3),
    "a tail cut off": ("DELETE FROM journal WHERE seq >= 3", 3),
    "a row put in": (
        """INSERT INTO journal SELECT 6, time, who, account, service, operation, places, entry,
           changes, hash FROM journal WHERE seq = 5""",
        6,
    ),
    "a row of another type": ("UPDATE journal SET changes = 1.5 WHERE seq = 4", 4),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_named_and_mended_by_choice(
    folder: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    statement, row = DAMAGES[damage]
    fill(folder, 5)
    tamper(folder, statement)
    before = (folder / DATABASE_FILE).read_bytes()
    with pytest.raises(Damaged, match=f"row {row} of the journal"):
        SqliteStore.open(folder)
    assert (folder / DATABASE_FILE).read_bytes() == before
    with SqliteStore.open(folder, recover=True) as store:
        users = store.load().accounts[ACCOUNT].users
        assert set(users) == {f"user{n}" for n in range(1, row)}
        assert len(list(store.events())) == 1
        store.commit(store.load(), with_user(store.load(), "new"), entry=entry(9))
    assert "carried over" in caplog.text
    assert (folder / f"{DATABASE_FILE}.damaged-1").read_bytes() == before
    with SqliteStore.open(folder) as store:
        assert store.verify() == row


def test_damage_before_a_checkpoint_is_found_by_verify(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "_CHECKPOINT_ON_CLOSE_BYTES", 1)
    estate = fill(folder, 5)
    tamper(folder, "UPDATE journal SET who = 'nobody' WHERE seq = 2")
    with SqliteStore.open(folder) as store:
        assert store.load() == estate
        with pytest.raises(Damaged, match="row 2 of the journal"):
            store.verify()


def test_torn_pages_are_reported_in_plain_words_and_mended_by_choice(folder: Path) -> None:
    fill(folder, 200)
    path = folder / DATABASE_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|is missing"):
        SqliteStore.open(folder)
    assert path.read_bytes() == bytes(content)
    with SqliteStore.open(folder, recover=True) as store:
        assert store.verify() == len(store.load().accounts[ACCOUNT].users) > 0


FOREIGN = {
    "a text": b"hello, I am somebody's shopping list\n" * 10,
    "a torn header": b"SQLite format 3\0" + b"\xff" * 200,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_no_database_is_left_alone(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "key").write_bytes(bytes(32))
    (folder / "key").chmod(0o600)
    (folder / DATABASE_FILE).write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"is not a database of Clearance|is damaged"):
            SqliteStore.open(folder, read_only=read_only)
    assert (folder / DATABASE_FILE).read_bytes() == content


@pytest.mark.parametrize("recover", [False, True])
def test_another_programs_database_is_left_alone(folder: Path, recover: bool) -> None:  # noqa: FBT001
    folder.mkdir()
    (folder / "key").write_bytes(bytes(32))
    (folder / "key").chmod(0o600)
    tamper(folder, "CREATE TABLE recipes (name)", "INSERT INTO recipes VALUES ('soup')")
    content = (folder / DATABASE_FILE).read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        SqliteStore.open(folder, recover=recover)
    assert (folder / DATABASE_FILE).read_bytes() == content


def test_a_newer_schema_is_refused(folder: Path) -> None:
    fill(folder, 1)
    tamper(folder, "PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="written by a newer Clearance"):
        SqliteStore.open(folder, recover=True)


def test_an_older_schema_is_brought_up_to_date(folder: Path) -> None:
    fill(folder, 2)
    tamper(folder, "DROP TABLE contents", "PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="written by an older Clearance"):
        SqliteStore.open(folder, read_only=True)
    with SqliteStore.open(folder) as store:
        assert len(store.load().accounts[ACCOUNT].users) == 2
        store.keep([Piece(("s3",), b"x")])()
        assert [kept.value for kept in store.contents()] == [b"x"]
    with SqliteStore.open(folder, read_only=True) as store:
        assert store.verify() == 2


def test_unknown_fields_of_another_version_are_not_dropped(folder: Path) -> None:
    with SqliteStore.open(folder) as store:
        start = store.load()
        store.commit(start, small(), entry=entry(1))
    with SqliteStore.open(folder) as store:
        seen = store.load()
    tamper(
        folder,
        "DELETE FROM head",
        "UPDATE meta SET value = 'another shape' WHERE key = 'shape'",
        "DELETE FROM journal",
        "DELETE FROM checkpoints",
    )
    _insert_with_unknown_field(folder, seen)
    with pytest.raises(StoreError, match="unknown field `colour`"):
        SqliteStore.open(folder)


def _insert_with_unknown_field(folder: Path, estate: Estate) -> None:
    from dataclasses import replace

    from clearance.store import journal
    from clearance.store.changes import diff
    from clearance.store.codec import Codec
    from clearance.store.seal import Sealer

    row = journal.make_row(
        journal.START, entry(1), diff(Estate(), estate), Codec(Sealer.from_folder(folder))
    )
    value = json.loads(row.changes)
    value[0]["after"]["colour"] = "red"
    row = replace(row, changes=json.dumps(value).encode())
    row = replace(row, hash=journal._hash(b"", row.values))  # noqa: SLF001
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as opened:
        journal.insert(opened, row)
        opened.commit()


def test_a_lost_or_wrong_key_is_reported(folder: Path) -> None:
    fill(folder, 1)
    key = folder / "key"
    right = key.read_bytes()
    key.unlink()
    with pytest.raises(StoreError, match=r"key .* is missing"):
        SqliteStore.open(folder)
    assert not key.exists()
    key.write_bytes(bytes(32))
    key.chmod(0o600)
    with pytest.raises(StoreError, match="is not the key this store was written with"):
        SqliteStore.open(folder)
    key.write_bytes(right)
    SqliteStore.open(folder).close()


# --- who may write --------------------------------------------------------------------------------


def test_a_second_writer_is_told_who_holds_the_folder(folder: Path) -> None:
    with SqliteStore.open(folder):
        with pytest.raises(Held, match=f"is in use by process {os.getpid()} on"):
            SqliteStore.open(folder)
        with SqliteStore.open(folder, read_only=True) as reader:
            assert reader.read_only == "it was opened for reading"
    SqliteStore.open(folder).close()


def test_a_reader_sees_what_a_writer_has_written(folder: Path) -> None:
    with SqliteStore.open(folder) as store:
        store.commit(store.load(), small(), entry=entry(1))
        with SqliteStore.open(folder, read_only=True) as reader:
            assert reader.load() == small()
            assert len(list(reader.history())) == 1
            assert reader.at(T0 - timedelta(days=1)) == Estate()
            with pytest.raises(ReadOnly, match="it was opened for reading"):
                reader.commit(reader.load(), Estate(), entry=entry(2))
            with pytest.raises(ReadOnly):
                reader.put_blob(b"x")


def test_reading_needs_something_to_read(folder: Path) -> None:
    with pytest.raises(StoreError, match="no data of Clearance"):
        SqliteStore.open(folder, read_only=True)
    assert not folder.exists()


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(StoreError, match="data"):
        SqliteStore.open(tmp_path / "data")


# --- contents of other services -------------------------------------------------------------------


def test_contents_are_sealed_to_their_place(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with SqliteStore.open(folder) as store:
        store.keep([Piece(("kms", "a"), b"secret of ana"), Piece(("kms", "b"), b"secret of ben")])()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not any(b"secret of" in path.read_bytes() for path in files)
    tamper(
        folder,
        "UPDATE contents SET value = (SELECT value FROM contents WHERE place LIKE '%a') "
        "WHERE place LIKE '%b'",
    )
    with SqliteStore.open(folder) as store:
        assert [kept.value for kept in store.contents()] == [b"secret of ana"]
    assert "`kms/b` is damaged and left out" in caplog.text


def test_bodies_without_a_row_are_removed_at_the_start(folder: Path) -> None:
    with SqliteStore.open(folder) as store:
        store.keep([Piece(("s3", "a"), b"", b"one"), Piece(("s3", "b"), b"", b"two")])()
        store.keep([Piece(("s3", "a"), b"new", same_body=True), Piece(("s3", "b"))])()
        assert len(list((folder / "bodies").glob("*/*"))) == 2
    with SqliteStore.open(folder) as store:
        (kept,) = store.contents()
        assert kept.body is not None
        assert (kept.value, kept.body.read_bytes()) == (b"new", b"one")
        assert list((folder / "bodies").glob("*/*")) == [kept.body]


def test_contents_are_carried_over_from_a_damaged_store(folder: Path) -> None:
    fill(folder, 3)
    with SqliteStore.open(folder) as store:
        store.keep([Piece(("s3", "a"), b"x", b"body")])()
    tamper(folder, "UPDATE journal SET who = 'somebody else' WHERE seq = 2")
    with SqliteStore.open(folder, recover=True) as store:
        (kept,) = store.contents()
        assert kept.body is not None
        assert (kept.value, kept.body.read_bytes()) == (b"x", b"body")


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_keeps_the_old_contents(folder: Path) -> None:
    with SqliteStore.open(folder) as store:
        store.keep([Piece(("s3", "a"), b"x")])()
        with pytest.raises(StoreError, match="the disk is full"):
            store.keep([Piece(("s3", "a"), b"y" * 50_000)])()
        assert [kept.value for kept in store.contents()] == [b"x"]
        store.keep([Piece(("s3", "a"), b"z")])()
        assert [kept.value for kept in store.contents()] == [b"z"]


# --- a disk that takes no writes ------------------------------------------------------------------


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new connection for writing finds that its file may not grow by a page."""
    open_database = database.connect

    def connect(path: Path) -> sqlite3.Connection:
        opened = open_database(path)
        (pages,) = opened.execute("PRAGMA page_count").fetchone()
        opened.execute(f"PRAGMA max_page_count = {pages}")
        return opened

    monkeypatch.setattr(subject, "connect", connect)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_refuses_the_change_and_keeps_the_estate(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with SqliteStore.open(folder) as store:
        start = store.load()
        grown = with_user(start, "ana", "x" * 20_000)
        with pytest.raises(StoreError, match="the disk is full"):
            store.commit(start, grown, entry=entry(1))
        assert store.load() is start
        store.record({"eventTime": "2026-03-01T12:00:00Z", "x": "y" * 20_000})
        assert list(store.events()) == []
        assert "audit events cannot be written and wait in memory" in caplog.text
        assert store._database is not None  # noqa: SLF001
        store._database.execute("PRAGMA max_page_count = 10000")  # noqa: SLF001 (room again)
        assert len(list(store.events())) == 1
        store.commit(start, grown, entry=entry(1))
    with SqliteStore.open(folder, read_only=True) as store:
        assert store.load() == grown


STARTS_READ_ONLY = """
import resource, sys
from clearance.store.sqlite import SqliteStore

resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))  # no file may grow beyond 64 bytes
with SqliteStore.open(sys.argv[1]) as store:
    print(sorted(store.load().accounts["123456789012"].users))
    print(store.read_only)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs resource limits")
def test_a_disk_that_takes_no_writes_is_opened_for_reading_with_a_warning(folder: Path) -> None:
    fill(folder, 2)
    found = subprocess.run(
        [sys.executable, "-c", STARTS_READ_ONLY, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    users, why = found.stdout.splitlines()
    assert users == "['user1', 'user2']", found.stderr
    assert DATABASE_FILE in why
    assert "open for reading only, changes are refused" in found.stderr


def test_an_unwritable_new_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        SqliteStore.open(tmp_path / "file" / "data")


# --- the audit trail ------------------------------------------------------------------------------


def test_audit_events_are_on_the_disk_soon(folder: Path) -> None:
    with SqliteStore.open(folder) as store:
        store.record({"eventTime": "2026-03-01T12:00:00Z", "eventID": "e"})
        deadline = time.monotonic() + 10
        found = 0
        while not found and time.monotonic() < deadline:
            with closing(sqlite3.connect(folder / DATABASE_FILE)) as opened:
                (found,) = opened.execute("SELECT count(*) FROM events").fetchone()
            time.sleep(0.005)
        assert found == 1


def told(store: SqliteStore) -> list[int]:
    found = store.events(EventQuery(newest_first=False))
    return [event["n"] for event in found if "n" in event]


def happened(n: int, days: float = 0) -> dict[str, object]:
    return {"eventTime": (T0 + timedelta(days=days, seconds=n)).isoformat(), "n": n}


def test_old_events_go_and_the_journal_stays(folder: Path) -> None:
    fill(folder, 3)
    kept = Retention(timedelta(days=10), None)
    with SqliteStore.open(folder, retention=kept) as store:
        for n in range(5_000):  # more than one transaction takes
            store.record(happened(n))
        store.record(happened(5_000, days=9))
        store.record(happened(5_001, days=10.5))
        store.events()
    with SqliteStore.open(folder, retention=kept) as store:
        store.record(happened(5_002, days=11))
        wait_for(lambda: told(store) == [5_000, 5_001, 5_002])
        assert store.verify() == 3
        assert len(store.load().accounts[ACCOUNT].users) == 3
        assert len(list(store.history())) == 3


def test_only_so_many_events_are_kept(folder: Path) -> None:
    with SqliteStore.open(folder, retention=Retention(None, 10)) as store:
        for n in range(4_321):
            store.record(happened(n))
    with SqliteStore.open(folder, retention=Retention(None, 10)) as store:
        store.record(happened(9_999))
        wait_for(lambda: told(store) == [*range(4_312, 4_321), 9_999])
    with SqliteStore.open(folder, retention=Retention(None, None)) as store:
        store.record(happened(10_000))
        time.sleep(0.2)
        assert len(told(store)) == 11


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    assert holds()


def test_a_reader_drops_audit_events(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    fill(folder, 1)
    with SqliteStore.open(folder, read_only=True) as store:
        store.record({"eventTime": "2026-03-01T12:00:00Z"})
        assert len(list(store.events())) == 1


def test_a_damaged_blob_is_noticed(folder: Path) -> None:
    with SqliteStore.open(folder) as store:
        name = store.put_blob(b"content")
        (folder / "blobs" / name[:2] / name).write_bytes(b"changed")
        with pytest.raises(StoreError, match="is damaged"):
            store.get_blob(name)
