"""How fast the prover answers, beside SMT solvers asked the same, and how often they agree.

    python bench/prove.py [pairs] [--managed N] [--estate N] [--z3]

Every answer that both give must be the same; a difference ends the run with exit code 1. Solvers
are given ten seconds a question; a question they give up counts as ten. Times are of the processor,
since other work may share it. AWS managed policies
come from the `moto` package, when it is installed.
"""

from __future__ import annotations

import argparse
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
from clearance.prove import Verdict, World, estate_diff, within

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
    from tests.prove import smt

    solvers: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool | None]] = {
        "cvc5": lambda a, b: smt.cvc5_within(a, b, milliseconds=int(GIVE_UP * 1000))
    }
    if z3:
        solvers["z3"] = lambda a, b: smt.within(a, b, milliseconds=int(GIVE_UP * 1000))
    wrong = 0
    for kind in ("mutated", "independent"):
        times: dict[str, list[float]] = {"clearance": []}
        gave_up = dict.fromkeys(solvers, 0)
        for seed in range(count):
            make = Generator(seed)
            a = make.document()
            b = make.mutated(a) if kind == "mutated" else make.document()
            first, second = policy(a), policy(b)
            seconds, answer = timed(lambda f=first, s=second: within(f, s, World(strict=True)))
            times["clearance"].append(seconds)
            for name, solver in solvers.items():
                seconds, theirs = timed(lambda x=a, y=b, ask=solver: ask(x, y))
                times.setdefault(name, []).append(seconds)
                gave_up[name] += theirs is None
                if theirs is not None and (theirs is not answer.proven):
                    wrong += 1
                    print(f"  {kind} {seed}: {answer.verdict.value}, but {name} says {theirs}")
        patterns = sum(len(s["Action"]) + len(s["Resource"]) for s in a["Statement"])
        print(f"60 statements, {patterns} patterns a side, {kind} ({count} pairs)")
        for name, seconds_of in times.items():
            show(name, seconds_of)
        for name in solvers:
            ratio = statistics.median(times[name]) / statistics.median(times["clearance"])
            print(f"  {name} takes {ratio:.0f} times as long; gave up {gave_up[name]}")
    return wrong


def managed(count: int) -> None:
    """AWS managed policies against each other."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    data = json.loads(aws_managed_policies_data)
    policies = {name: policy(found["Document"]) for name, found in data.items()}
    names, pick = sorted(policies), random.Random(1)
    pairs = [(pick.choice(names), pick.choice(names)) for _ in range(count)]
    pairs += [(name, "ReadOnlyAccess") for name in names if "ReadOnlyAccess" in policies]
    pairs += [("ReadOnlyAccess", name) for name in names if "ReadOnlyAccess" in policies]
    times, unknown, slowest = [], 0, (0.0, ("", ""))
    for a, b in pairs:
        seconds, answer = timed(lambda a=a, b=b: within(policies[a], policies[b], World()))
        times.append(seconds)
        unknown += answer.verdict is Verdict.UNKNOWN
        slowest = max(slowest, (seconds, (a, b)))
    print(f"{len(names)} AWS managed policies, {len(pairs)} pairs, {unknown} unknown")
    show("clearance", times)
    print(f"  slowest: {' against '.join(slowest[1])}")


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
    parser.add_argument("--managed", type=int, default=1000)
    parser.add_argument("--estate", type=int, default=1000)
    parser.add_argument("--z3", action="store_true", help="ask z3, too; it takes minutes")
    asked = parser.parse_args()
    wrong = compare_pairs(asked.pairs, z3=asked.z3) if asked.pairs else 0
    if asked.managed:
        try:
            managed(asked.managed)
        except ImportError:
            print("AWS managed policies: the `moto` package is not installed")
    if asked.estate:
        estates(asked.estate)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
