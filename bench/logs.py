"""Replay synthetic CloudTrail in two estates: rows/s, ratio to a scan, distinct share, memory.

python bench/logs.py [--rows 10000000] [--roles 2000] [--seed 1] [--keep FOLDER] [--spark]

Two things are measured, each in a process of its own so that its memory is its own:
- ingest: gzip'd JSON to the dataset, MB of JSON a second and core;
- replay: the dataset decided in two estates, first pass (everything is new) and steady state (all
  kinds of calls are known), beside DuckDB's scan, in the same run, of the columns that decisions
  rest on. Replay itself reads fewer: what was asked by whom it looks up once a call.

Times are wall clock and CPU; on a busy machine only the ratios mean something.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from clearance import wiring
from clearance.batch.decider import Decider
from clearance.batch.ingest import cores, ingest
from clearance.batch.propose import attach_to
from clearance.batch.replay import explained
from clearance.batch.run import decide_units
from clearance.batch.sights import Sights
from clearance.batch.synthetic import trail
from clearance.batch.synthetic.columns import write_dataset
from clearance.batch.synthetic.rows import Log
from clearance.batch.synthetic.world import Plan, draw
from clearance.batch.units import units_in
from clearance.facts.managed_policies import with_aws_managed
from clearance.model.estate import Estate


def proposals(current: Estate) -> Estate:
    """A change that many calls meet: no S3 but from some networks, for every twentieth role."""
    deny = {
        "Sid": "OfficeOnly",
        "Effect": "Deny",
        "Action": ["s3:*", "dynamodb:*"],
        "Resource": "*",
        "Condition": {
            "NotIpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"},
            "DateGreaterThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"},
        },
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    changed = current
    for account in current.accounts.values():
        for name, role in list(account.roles.items())[::20]:
            del name
            changed = attach_to(changed, account.role_arn(role), text)
    return changed


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def scan(folder: Path, columns: tuple[str, ...], threads: int) -> tuple[float, float]:
    """DuckDB's time, wall and CPU, to look at every value of the columns."""
    import duckdb

    found = duckdb.connect()
    found.execute(f"SET threads = {threads}")
    names = ", ".join(f"count({name}), max({name})" for name in columns)

    def run() -> None:
        found.execute(f"SELECT {names} FROM read_parquet('{folder}/*.parquet')").fetchall()  # noqa: S608

    return min(timed(run) for _ in range(3))


def measure_replay(folder: Path, plan: Plan) -> None:
    """In a process of its own: prints one line of JSON."""
    current = with_aws_managed(draw(plan).estate)
    proposed, units = proposals(current), units_in([str(folder)])
    decider, sights = Decider(current, proposed, wiring.catalog()), Sights()
    threads = cores()
    for path in folder.rglob("*.parquet"):
        path.read_bytes()  # that neither side waits for the disk
    scanned = scan(folder, decider.rests_on, threads)
    read = scan(folder, decider.needed, threads)
    first = timed(lambda: decide_units(units, decider, sights))
    steady = min(timed(lambda: decide_units(units, decider, Sights())) for _ in range(2))
    explaining = timed(lambda: explained(sights, decider))
    found = {
        "rows": sights.events, "scan": scanned, "read": read, "first": first, "steady": steady,
        "explain": explaining, "classes": sights.classes, "news": sights.kinds,
        "calls": decider.known, "broken": sights.broken, "columns": decider.rests_on,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    print(json.dumps(found))


def measure_ingest(logs: Path, folder: Path) -> None:
    """In a process of its own, one core: prints one line of JSON."""
    made: list[Any] = []
    wall, cpu = timed(lambda: made.append(ingest([str(logs)], folder, wiring.catalog, workers=1)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = made[0].found
    texts = [gzip.decompress(path.read_bytes()) for path in sorted(logs.rglob("*.gz"))[:50]]
    plain = timed(lambda: [len(json.loads(text)) for text in texts])[1]
    told = {
        "bytes": found.bytes, "events": found.events, "wall": wall, "cpu": cpu,
        "json": sum(map(len, texts)) / plain, "memory": memory,
    }  # fmt: skip
    print(json.dumps(told))


def spark(folder: Path, plan: Plan) -> None:
    """The same units by Spark's workers: what the first and the next batch cost."""
    from clearance.batch.spark import replayed_on

    current = with_aws_managed(draw(plan).estate)
    proposed = proposals(current)
    for name in ("first batch (starts Spark)", "next batch", "one more"):
        wall, _ = timed(lambda: replayed_on([str(folder)], current, proposed, wiring.catalog))
        print(f"spark     {name}: {wall:.1f} s")


def _own(*words: str) -> dict[str, Any]:
    ran = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def report(folder: Path, given: argparse.Namespace) -> Iterator[str]:
    logs, made = folder / "logs", folder / "dataset"
    plan = Plan(given.seed, 3, given.roles, 20)
    if not made.exists():
        world = draw(plan)
        made.mkdir(parents=True)
        write_dataset(world, Log(given.rows, 90, given.seed), made, wiring.catalog())
        trail.write(world, Log(min(given.rows, 300_000), 90, given.seed), logs)
    size = sum(path.stat().st_size for path in made.iterdir())
    yield f"dataset   {given.rows:,} rows, {size / 1e6:,.0f} MB"
    words = [str(given.roles), str(given.seed)]
    with tempfile.TemporaryDirectory() as name:
        told = _own("--only", "ingest", str(logs), name, *words)
    rate, speed = (told[what] / told["cpu"] for what in ("bytes", "events"))
    yield (
        f"ingest    {rate / 1e6:.0f} MB/s of JSON and core, {speed:,.0f} events/s; "
        f"json.loads alone does {told['json'] / 1e6:.0f} MB/s of them; {told['memory']:,.0f} MiB"
    )
    told = _own("--only", "replay", str(made), "-", *words)
    rows, scanned = told["rows"], told["scan"]
    looked = f"{len(told['columns'])} columns, {cores()} threads"
    yield f"scan      {scanned[0]:.2f} s ({scanned[1]:.1f} s of CPU), DuckDB, {looked}"
    read = told["read"]
    yield f"          {read[0]:.2f} s of the columns that a replay reads of every row group"
    for name in ("first", "steady"):
        wall, cpu = told[name]
        yield (
            f"{name:9} {wall:.2f} s ({cpu:.1f} s of CPU), {rows / wall:,.0f} rows/s, "
            f"{2 * rows / wall:,.0f} decisions/s, "
            f"{wall / scanned[0]:.1f}x the scan, {cpu / scanned[1]:.1f}x its CPU"
        )
    yield f"explain   {told['explain'][0]:.2f} s for {told['news']:,} kinds of calls with news"
    yield (
        f"distinct  {told['calls']:,} calls ({told['calls'] / rows:.1%} of rows), "
        f"{told['classes']:,} classes decided; {told['broken']:,} rows would be denied"
    )
    yield f"memory    {told['memory']:,.0f} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--roles", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Keep what is made here, and use it again.")
    parser.add_argument("--spark", action="store_true", help="Measure Spark as well.")
    parser.add_argument("--only", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        what, one, other, roles, seed = given.only
        plan = Plan(int(seed), 3, int(roles), 20)
        if what == "replay":
            measure_replay(Path(one), plan)
        else:
            measure_ingest(Path(one), Path(other))
        return
    with tempfile.TemporaryDirectory(prefix="clearance-bench-") as name:
        folder = given.keep or Path(name)
        for line in report(folder, given):
            print(line, flush=True)
        if given.spark:
            spark(folder / "dataset", Plan(given.seed, 3, given.roles, 20))


if __name__ == "__main__":
    main()
