"""How long a start takes with a large journal, and with much in the other services.

    python bench/restart.py [--changes 100000] [--objects 20000]

The store is filled by the store's own code, without waiting for the disk. Measured are opening it
(processor and wall time) and a whole `clearance serve` until it listens. With checkpoints, as the
server writes them, and without, when every row is read.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clearance.model.estate import Account, Estate, User
from clearance.store import sqlite
from clearance.store.contents import Piece
from clearance.store.port import Entry
from clearance.store.sqlite import SqliteStore

ACCOUNT = "123456789012"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
USERS = 500
TEXT = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject",'
    '"lambda:InvokeFunction"],"Resource":"arn:aws:s3:::bucket-%d/*"}]}'
)
OPEN = """
import sys, time
from clearance.store.sqlite import SqliteStore
wall, cpu = time.perf_counter(), time.process_time()
with SqliteStore.open(sys.argv[1]) as store:
    if "contents" in sys.argv:
        len(list(store.contents()))
    print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def fill(folder: Path, changes: int, objects: int, *, checkpoints: bool) -> None:
    if not checkpoints:
        sqlite._CHECKPOINT_BYTES = sqlite._CHECKPOINT_ON_CLOSE_BYTES = 1 << 40  # noqa: SLF001
    with SqliteStore.open(folder) as store:
        store._open_database().execute("PRAGMA synchronous = OFF")  # noqa: SLF001
        users = {f"u{n}": User(f"u{n}", f"AIDA{n:017d}", NOW) for n in range(USERS)}
        estate = Estate({ACCOUNT: Account(ACCOUNT, users=users)})
        store.commit(store.load(), estate, entry=entry(0))
        for n in range(1, changes):
            account = estate.accounts[ACCOUNT]
            name = f"u{n % USERS}"
            user = replace(account.users[name], inline={"p": TEXT % n})
            after = estate.with_account(replace(account, users={**account.users, name: user}))
            store.commit(estate, after, entry=entry(n))
            estate = after
        for n in range(objects):
            place = ("sqs", ACCOUNT, "us-east-1", "queues", "q", "messages", str(n))
            store.keep([Piece(place, TEXT.encode() * 3)])()


def entry(n: int) -> Entry:
    when = NOW + timedelta(seconds=n)
    return Entry(when, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "us-east-1", "iam", "PutUserPolicy")


def opened(folder: Path, *more: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder), *more], capture_output=True, text=True, check=True
    )
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def served(folder: Path) -> tuple[float, float]:
    """Wall and processor time of a server until it listens."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = subprocess.Popen(
        [sys.executable, "-m", "clearance", "serve", "--port", "0", "--data", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdout is not None  # noqa: S101
    for line in running.stdout:
        if "Ctrl-C" in line:
            break
    wall = time.perf_counter() - began
    running.kill()
    running.wait()
    running.stdout.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--objects", type=int, default=20_000)
    given = parser.parse_args()
    for checkpoints in (True, False):
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made) / "data"
            fill(folder, given.changes, given.objects, checkpoints=checkpoints)
            size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 2**20
            kind = "with checkpoints" if checkpoints else "without checkpoints"
            print(f"{given.changes:,} changes, {given.objects:,} messages, {size:.0f} MB, {kind}")
            # The first start that reads all rows leaves a checkpoint: it can be measured once.
            for what, measure in (
                ("open the store", opened),
                ("and read contents", lambda f: opened(f, "contents")),
                ("serve", served),
            ):
                if checkpoints:
                    wall, cpu = min(measure(folder) for _ in range(3))
                elif measure is opened:
                    wall, cpu = opened(folder)
                else:
                    continue
                print(f"  {what:<18} {wall:5.2f} s, processor {cpu:5.2f} s")


if __name__ == "__main__":
    main()
