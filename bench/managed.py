"""Every AWS managed policy against every other, and every question asked of each.

    python bench/managed.py                      # a sample, in about a minute
    python bench/managed.py --pairs all --state FILE   # all ordered pairs; goes on where it ended
    python bench/managed.py --pairs 0 --questions all  # validate, shrink … of every policy

The policies come from the `moto` package. *Within* is what `no-new-access` asks of a pair; *diff*
tells both ways in rows. Only actions that AWS has count, as in the commands. Each policy is read
into sets once, before its first comparison, and that is timed apart. Times are of the processor,
Python's garbage collector included. Nothing may crash; what could not be told is counted.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from clearance.decide.who import AccessIndex
from clearance.facts.catalog import load_catalog
from clearance.facts.escalations import load_methods
from clearance.model.estate import Account, Estate, Role, TrustPolicy, User
from clearance.model.policy import Policy, PolicyType
from clearance.parse.document import parse_policy
from clearance.prove import (
    Verdict,
    World,
    access_not_granted,
    diff,
    no_public_access,
    shrink,
    unreachable,
    within,
)
from clearance.reach import admins, edges, paths, verify
from clearance.validate import validate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "111122223333"
SLOW = 12
Pair = tuple[str, str]


class Times:
    """Many durations, kept as counts of rounded ones: 2 % apart."""

    def __init__(self, found: dict[str, Any] | None = None) -> None:
        held = found or {"counts": {}, "slowest": []}
        self.counts = Counter({int(k): n for k, n in held["counts"].items()})
        self.slowest: list[tuple[float, str]] = [(s, name) for s, name in held["slowest"]]

    def add(self, seconds: float, name: str) -> None:
        self.counts[round(math.log(max(seconds, 1e-6)) / math.log(1.02))] += 1
        if len(self.slowest) < SLOW or seconds > self.slowest[-1][0]:
            self.slowest = sorted([*self.slowest, (seconds, name)], reverse=True)[:SLOW]

    def to_json(self) -> dict[str, Any]:
        return {"counts": {str(k): n for k, n in self.counts.items()}, "slowest": self.slowest}

    def at(self, share: float) -> float:
        """Milliseconds that this share needs at most."""
        left = share * self.counts.total()
        for place, count in sorted(self.counts.items()):
            left -= count
            if left <= 0:
                return 1000 * 1.02**place
        return 0.0

    def over(self, milliseconds: float) -> int:
        edge = math.log(milliseconds / 1000) / math.log(1.02)
        return sum(count for place, count in self.counts.items() if place > edge)

    def show(self, name: str) -> None:
        if not self.counts:
            return
        shares = "  ".join(f"{n} {self.at(s):.2f}" for n, s in SHARES)
        worst = 1000 * self.slowest[0][0]
        print(f"  {name:<10} ms: {shares}  max {worst:.1f}; over 100 ms: {self.over(100)}")
        for seconds, pair in self.slowest[:3]:
            print(f"    {1000 * seconds:8.1f} ms  {pair}")


SHARES = (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999))


class Progress:
    """What is known so far, kept in a file so that a run can go on."""

    def __init__(self, file: Path | None) -> None:
        found = json.loads(file.read_text()) if file and file.exists() else {}
        self.file, self.row = file, found.get("row", 0)
        self.verdicts = Counter(found.get("verdicts", {}))
        self.reasons = Counter(found.get("reasons", {}))
        self.times = Times(found.get("times"))

    def save(self, row: int) -> None:
        self.row = row
        if self.file:
            held = {"row": row, "verdicts": self.verdicts, "reasons": self.reasons,
                    "times": self.times.to_json()}  # fmt: skip
            whole = self.file.with_suffix(".new")
            whole.write_text(json.dumps(held))
            whole.replace(self.file)


def timed(question: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    answer = question()
    return time.process_time() - start, answer


def ask_within(policies: dict[str, Policy], pair: Pair, world: World, into: Progress) -> None:
    seconds, answer = timed(lambda: within(policies[pair[0]], policies[pair[1]], world))
    into.times.add(seconds, " against ".join(pair))
    into.verdicts[answer.verdict.value] += 1
    if answer.verdict is Verdict.UNKNOWN:
        into.reasons[answer.reason] += 1


def all_pairs(policies: dict[str, Policy], world: World, into: Progress) -> None:
    names = sorted(policies)
    for row in range(into.row, len(names)):
        for other in names:
            if other != names[row]:
                ask_within(policies, (names[row], other), world, into)
        into.save(row + 1)


def read(policies: dict[str, Policy], world: World) -> None:
    """What each policy says is worked out when it is first compared."""
    times = Times()
    for name, policy in policies.items():
        times.add(timed(lambda p=policy: within(p, p, world))[0], name)
    times.show("read")
    gc.collect()
    gc.freeze()


def drawn(names: list[str], count: int) -> Iterator[Pair]:
    pick = random.Random(1)
    for _ in range(count):
        yield pick.choice(names), pick.choice(names)


def diffs(policies: dict[str, Policy], pairs: Iterable[Pair], world: World) -> None:
    times, verdicts, rows, cut = Times(), Counter[str](), 0, 0
    for a, b in pairs:
        seconds, found = timed(lambda a=a, b=b: diff(policies[a], policies[b], world))
        times.add(seconds, f"{a} to {b}")
        verdicts[found.equivalent.value] += 1
        both = (found.newly_allowed, found.newly_denied)
        rows += sum(len(change.rows) for change in both)
        cut += sum(not change.complete for change in both)
    if times.counts:
        print(f"diff: {dict(verdicts)} ({rows} rows with a witness each, {cut} lists not complete)")
        times.show("diff")


def questions(texts: dict[str, str], policies: dict[str, Policy], world: World) -> None:
    """What else the commands ask, of each policy."""
    catalog = load_catalog()
    asked: dict[str, Callable[[str], Any]] = {
        "validate": lambda n: validate(texts[n], PolicyType.IDENTITY, catalog=catalog),
        "unreachable": lambda n: unreachable(policies[n], world),
        "shrink": lambda n: shrink(policies[n], world),
        "not granted": lambda n: access_not_granted(policies[n], ["iam:PassRole"], (), world),
        "not public": lambda n: no_public_access(policies[n], world),
    }
    found: dict[str, dict[str, Any]] = {}
    for name, ask in asked.items():
        times, answers = Times(), {}
        for policy in policies:
            seconds, answers[policy] = timed(lambda p=policy, ask=ask: ask(p))
            times.add(seconds, policy)
        times.show(name)
        found[name] = answers
    shrunk = found["shrink"].values()
    before, after = sum(s.before for s in shrunk), sum(s.after for s in shrunk)
    print(f"validate: {sum(map(len, found['validate'].values()))} findings")
    print(f"unreachable: {sum(map(len, found['unreachable'].values()))} statements never matter")
    unproven = sum(not s.proof.proven for s in shrunk)
    smaller = sum(s.after < s.before for s in shrunk)
    fit = sum(s.before > LIMIT >= s.after for s in shrunk)
    print(
        f"shrink: {smaller} smaller, {before:,} to {after:,} characters, {unproven} without proof; "
        f"{fit} more fit {LIMIT:,} characters, {sum(s.after > LIMIT for s in shrunk)} do not"
    )
    for name in ("not granted", "not public"):
        verdicts = Counter(answer.verdict.value for answer in found[name].values())
        print(f"{name}: {dict(verdicts)}")


LIMIT = 6144  # of a customer managed policy (reference_iam-quotas)


def escalations(texts: dict[str, str]) -> None:
    """A user for each policy, and two roles that services may take up."""
    users = {
        f"u{n}": User(f"u{n}", f"AIDA{n:016d}", NOW, inline={name: text})
        for n, (name, text) in enumerate(texts.items())
    }
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": SERVICES}}
    trusted = TrustPolicy(json.dumps({"Version": "2012-10-17", "Statement": trust}))
    roles = {
        name: Role(
            name, f"AROA{name.upper():A>16}", NOW, trust=trusted, inline={policy: texts[policy]}
        )
        for name, policy in (("admin", "AdministratorAccess"), ("reader", "ReadOnlyAccess"))
    }
    estate = Estate({ACCOUNT: Account(ACCOUNT, users=users, roles=roles)})
    catalog = load_catalog()

    def found() -> tuple[int, int, int]:
        index = AccessIndex(estate, catalog=catalog)
        goal = admins(index, now=NOW)
        ways = list(paths(edges(index, load_methods(), now=NOW), goal))
        held = [all(s.holds for s in verify(p, estate, now=NOW, catalog=catalog)) for p in ways]
        return len(goal.there), len(ways), sum(held)

    seconds, (there, ways, held) = timed(found)
    print(
        f"escalations: {len(users)} users with a policy each: {there} administrators, {ways} "
        f"others can become one, {held} confirmed edge by edge; {seconds:.1f} s"
    )


SERVICES = ["ec2.amazonaws.com", "lambda.amazonaws.com", "glue.amazonaws.com"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", default="5000", help="how many, or `all`")
    parser.add_argument("--diffs", type=int, default=1000)
    parser.add_argument("--questions", default="50", help="of how many policies, or `all`")
    parser.add_argument("--state", type=Path, help="where --pairs all keeps what it knows")
    asked = parser.parse_args()
    catalog = load_catalog()
    list(catalog.services())
    texts = {
        name: json.dumps(found["Document"])
        for name, found in sorted(json.loads(aws_managed_policies_data).items())
    }
    policies = {
        name: parse_policy(text, PolicyType.IDENTITY, strict=False) for name, text in texts.items()
    }
    world, into = World(catalog=catalog), Progress(asked.state)
    print(f"{len(policies)} AWS managed policies, {sum(map(len, texts.values())):,} characters")
    read(policies, world)
    if asked.pairs == "all":
        all_pairs(policies, world, into)
    else:
        for pair in drawn(sorted(policies), int(asked.pairs)):
            ask_within(policies, pair, world, into)
    if into.times.counts:
        print(f"within: {into.times.counts.total():,} ordered pairs {dict(into.verdicts)}")
        into.times.show("within")
        for reason, count in into.reasons.most_common():
            print(f"    unknown {count}: {reason}")
    diffs(policies, drawn(sorted(policies), asked.diffs), world)
    some = sorted(policies)
    if asked.questions != "all":
        some = random.Random(2).sample(some, int(asked.questions))
    if some:
        questions(texts, {name: policies[name] for name in some}, world)
        some = sorted({*some, "AdministratorAccess", "ReadOnlyAccess"})
        escalations({name: texts[name] for name in some})
    return 0


if __name__ == "__main__":
    sys.exit(main())
