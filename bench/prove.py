"""How fast the prover answers, beside SMT solvers asked the same, and whether they agree.

    python bench/prove.py [pairs] [--estate N] [--z3]

*First* reads two policies and compares them, *again* compares them once more, *diff* tells both
ways in rows with a witness each. An answer that a solver gives otherwise ends the run with exit
code 1; a solver gets ten seconds a question, and one it gives up counts as ten. Times are of the
processor, since other work may share it. `bench/agree.py` has thousands of pairs with every
operator, `bench/managed.py` AWS's own policies.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from clearance.facts.catalog import load_catalog
from clearance.model.estate import Account, Estate, User
from clearance.model.policy import Policy, PolicyType
from clearance.parse.document import parse_policy
from clearance.prove import World, diff, estate_diff, within

GIVE_UP = 10.0
SERVICES = ("s3", "ec2", "iam", "lambda", "dynamodb", "sqs", "sns", "kms", "logs", "ssm")


class Generator:
    """Policies such as people write: real actions, a few wildcards, some conditions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        catalog = load_catalog()
        self.actions = {
            service: [facts.name for facts in found.actions.values()]
            for service in SERVICES
            if (found := catalog.service(service)) is not None
        }

    def action(self) -> str:
        service = self.random.choice(SERVICES)
        name, kind = self.random.choice(self.actions[service]), self.random.random()
        if kind < 0.5:
            return f"{service}:{name}"
        if kind < 0.8:
            word = next((i for i, c in enumerate(name) if c.isupper() and i), len(name))
            return f"{service}:{name[:word]}*"
        if kind < 0.9:
            return f"{service}:*{name[-6:]}"
        return f"{service}:{name[:3]}*{name[len(name) // 2 :][:3]}*"

    def resource(self) -> str:
        team, n = self.random.choice(("prod", "dev", "team-a", "team-b")), self.random.randrange(9)
        return self.random.choice(
            (
                f"arn:aws:s3:::{team}-bucket{n}/*",
                f"arn:aws:s3:::{team}-*/logs/*",
                f"arn:aws:s3:::*-bucket{n}/data/??/*",
                f"arn:aws:dynamodb:*:111122223333:table/{team}-*",
                f"arn:aws:lambda:*:*:function:{team}-*-{n}",
                f"arn:aws:iam::111122223333:role/{team}/*",
                f"arn:aws:sqs:*:*:*{team}*",
                "*",
            )
        )

    def condition(self) -> dict[str, Any]:
        kind = self.random.randrange(6)
        blocks: tuple[dict[str, Any], ...] = (
            {"StringEquals": {"aws:PrincipalTag/team": self.random.choice(("a", "b", "c"))}},
            {"IpAddress": {"aws:SourceIp": f"10.{self.random.randrange(4)}.0.0/16"}},
            {"Bool": {"aws:SecureTransport": "true"}},
            {"StringLike": {"aws:RequestedRegion": self.random.choice(("eu-*", "us-*"))}},
            {"NumericLessThan": {"s3:max-keys": str(self.random.randrange(9))}},
            {"StringNotEquals": {"aws:PrincipalTag/team": self.random.choice(("a", "b"))}},
        )
        return blocks[kind]

    def statement(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "Effect": "Deny" if self.random.random() < 0.1 else "Allow",
            "Action": [self.action() for _ in range(self.random.choice((1, 2, 3)))],
            "Resource": [self.resource() for _ in range(self.random.choice((1, 1, 2)))],
        }
        if self.random.random() < 0.3:
            found["Condition"] = self.condition()
        return found

    def document(self, statements: int = 60) -> dict[str, Any]:
        body = [self.statement() for _ in range(statements)]
        return {"Version": "2012-10-17", "Statement": body}

    def mutated(self, document: dict[str, Any]) -> dict[str, Any]:
        """The same policy after an edit or two."""
        found = json.loads(json.dumps(document))
        for _ in range(self.random.choice((1, 2, 3))):
            place = self.random.randrange(len(found["Statement"]))
            change = self.random.randrange(3)
            if change == 0:
                found["Statement"][place] = self.statement()
            elif change == 1:
                found["Statement"][place]["Action"].append(self.action())
            else:
                found["Statement"].pop(place)
        return dict(found)


def policy(document: dict[str, Any]) -> Policy:
    return parse_policy(json.dumps(document), PolicyType.IDENTITY, strict=False)


def timed(question: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    answer = question()
    return time.process_time() - start, answer


def show(name: str, seconds: list[float]) -> None:
    ordered = sorted(1000 * s for s in seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    median = statistics.median(ordered)
    print(f"  {name:<10} median {median:9.2f} ms   p95 {p95:9.2f} ms   max {ordered[-1]:9.2f} ms")


def compare_pairs(count: int, *, z3: bool) -> int:
    """Fresh policies, compared once and once more: the first time reads both, too."""
    from tests.prove import smt

    limit = int(GIVE_UP * 1000)
    solvers: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool | None]] = {
        "cvc5": lambda a, b: smt.cvc5_within(a, b, milliseconds=limit)
    }
    if z3:
        solvers["z3"] = lambda a, b: smt.within(a, b, milliseconds=limit)
    wrong = 0
    for kind in ("mutated", "independent"):
        times: dict[str, list[float]] = {"first": [], "again": [], "diff": []}
        gave_up = dict.fromkeys(solvers, 0)
        for seed in range(count):
            make = Generator(seed)
            a = make.document()
            b = make.mutated(a) if kind == "mutated" else make.document()
            first, second = policy(a), policy(b)
            ask = functools.partial(within, first, second, World())
            seconds, answer = timed(ask)
            times["first"].append(seconds)
            times["again"].append(timed(ask)[0])
            times["diff"].append(timed(functools.partial(diff, first, second, World()))[0])
            strict = within(first, second, World(strict=True))
            for name, solver in solvers.items():
                seconds, theirs = timed(functools.partial(solver, a, b))
                times.setdefault(name, []).append(seconds)
                gave_up[name] += theirs is None
                if answer.verdict is not strict.verdict or (
                    theirs is not None and theirs is not answer.proven
                ):
                    wrong += 1
                    print(f"  {kind} {seed}: {answer.verdict.value}, but {name} says {theirs}")
        patterns = sum(len(s["Action"]) + len(s["Resource"]) for s in a["Statement"])
        print(f"60 statements, {patterns} patterns a side, {kind} ({count} pairs)")
        for name, seconds_of in times.items():
            show(name, seconds_of)
        for name in solvers:
            ratio = statistics.median(times[name]) / statistics.median(times["first"])
            print(f"  {name} takes {ratio:.0f} times as long as the first; gave up {gave_up[name]}")
    return wrong


def estates(count: int) -> None:
    """Every principal of an account with an edited policy."""

    def estate(*more: str) -> Estate:
        users = {}
        for n in range(count):
            statements = [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "dynamodb:Query", "lambda:InvokeFunction", *more],
                    "Resource": [f"arn:aws:s3:::b{n}/*", "arn:aws:dynamodb:*:*:table/*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["sqs:*"],
                    "Resource": "arn:aws:sqs:*:*:${aws:username}-*",
                },
                {
                    "Effect": "Deny",
                    "Action": "s3:*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ]
            text = json.dumps({"Version": "2012-10-17", "Statement": statements})
            name = f"user{n}"
            now = datetime(2026, 1, 1, tzinfo=UTC)
            users[name] = User(name, f"AIDA{n:016d}", now, inline={"own": text})
        return Estate({"111122223333": Account("111122223333", users=users)})

    before, after = estate(), estate("s3:PutObject")
    seconds, found = timed(lambda: estate_diff(before, after))
    print(f"estate diff, {count} principals, {len(found.principals)} changed: {seconds:.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("pairs", type=int, nargs="?", default=20)
    parser.add_argument("--estate", type=int, default=1000)
    parser.add_argument("--z3", action="store_true", help="ask z3, too; it takes minutes")
    asked = parser.parse_args()
    load_catalog()
    gc.collect()
    gc.freeze()
    wrong = compare_pairs(asked.pairs, z3=asked.z3) if asked.pairs else 0
    if asked.estate:
        estates(asked.estate)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
