"""`clearance validate` and parliament on the same policies, in one run.

    python bench/validate.py [--seed 1] [--each 25] [--rivals FOLDER] [--no-rivals]

Two corpora. *Broken*: policies without a finding, each broken in one known way by a seeded
generator; a tool catches a fault when it says something about the broken policy that it did not
say about the whole one. *AWS*: every AWS managed policy that moto ships, for speed and crashes.
parliament is installed into a folder of its own.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "src")]

from clearance.facts.catalog import load_catalog  # noqa: E402
from clearance.model.policy import PolicyType  # noqa: E402
from clearance.validate import validate  # noqa: E402

PARLIAMENT = "parliament==1.6.4"
Statement = dict[str, Any]
Break = Callable[[Statement, random.Random], None]


@dataclass(frozen=True)
class Fault:
    code: str
    apply: Break


def setting(key: str, *values: object) -> Break:
    return lambda statement, rng: statement.__setitem__(key, copy.deepcopy(rng.choice(values)))


def condition(*blocks: dict[str, Any]) -> Break:
    return setting("Condition", *blocks)


def misspelt(statement: Statement, rng: random.Random) -> None:
    actions = statement["Action"]
    place = rng.randrange(len(actions))
    prefix, _, name = actions[place].partition(":")
    at = rng.randrange(1, len(name))
    actions[place] = f"{prefix}:{name[:at]}q{name[at:]}"


def wrong_service(statement: Statement, rng: random.Random) -> None:
    prefix, _, name = statement["Action"][0].partition(":")
    statement["Action"][0] = f"{prefix}{rng.choice('xqz')}:{name}"


def without(key: str) -> Break:
    return lambda statement, _: statement.pop(key)


def arn(change: Callable[[list[str]], None]) -> Break:
    def broken(statement: Statement, _: random.Random) -> None:
        parts = statement["Resource"][0].split(":", 5)
        change(parts)
        statement["Resource"][0] = ":".join(parts)

    return broken


def twice(statement: Statement, _: random.Random) -> None:
    statement["Action"].append(statement["Action"][0])


FAULTS = (
    Fault("INVALID_ACTION", misspelt),
    Fault("INVALID_SERVICE_IN_ACTION", wrong_service),
    Fault("INVALID_EFFECT", setting("Effect", "allow", "DENY", "Permit")),
    Fault("MISSING_EFFECT", without("Effect")),
    Fault("MISSING_ACTION", without("Action")),
    Fault("MISSING_RESOURCE", without("Resource")),
    Fault("UNSUPPORTED_PRINCIPAL", setting("Principal", "*", {"AWS": "123456789012"})),
    Fault("INVALID_POLICY_ELEMENT", setting("Conditions", {}, [])),
    Fault("UNSUPPORTED_ELEMENT_COMBINATION", setting("NotAction", "iam:*")),
    Fault("UNSUPPORTED_SID", setting("Sid", "has spaces", "a-b")),
    Fault("INVALID_ARN_PREFIX", arn(lambda p: p.__setitem__(0, "anr"))),
    Fault("INVALID_PARTITION", arn(lambda p: p.__setitem__(1, "amazon"))),
    Fault("INVALID_SERVICE", arn(lambda p: p.__setitem__(2, f"{p[2]}q"))),
    Fault("INVALID_ARN_ACCOUNT", arn(lambda p: p.__setitem__(4, "12345"))),
    Fault("INVALID_ARN_REGION", arn(lambda p: p.__setitem__(3, "us-middle-1"))),
    Fault("INVALID_CONDITION_OPERATOR", condition({"StringEqual": {"aws:username": "a"}})),
    Fault("INVALID_GLOBAL_CONDITION_KEY", condition({"StringEquals": {"aws:UserNames": "a"}})),
    Fault("TYPE_MISMATCH", condition({"StringEquals": {"aws:SecureTransport": "true"}})),
    Fault("TYPE_MISMATCH_IP_RANGE", condition({"IpAddress": {"aws:SourceIp": "300.0.0.1"}})),
    Fault("MISSING_QUALIFIER", condition({"StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}})),
    Fault("WILDCARD_WITHOUT_LIKE_OPERATOR", condition({"StringEquals": {"aws:username": "a*"}})),
    Fault("NULL_WITH_IF_EXISTS", condition({"NullIfExists": {"aws:username": "true"}})),
    Fault("PRIVATE_IP_ADDRESS", condition({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})),
    Fault(
        "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
        condition({"ForAllValues:StringEquals": {"aws:username": "a"}}),
    ),
    Fault("REDUNDANT_ACTION", twice),
)

BASES = (
    (["sqs:SendMessage", "sqs:ReceiveMessage"], "arn:aws:sqs:eu-west-1:123456789012:jobs"),
    (["lambda:InvokeFunction"], "arn:aws:lambda:us-east-1:123456789012:function:work"),
    (["dynamodb:GetItem", "dynamodb:Query"], "arn:aws:dynamodb:*:123456789012:table/t"),
    (["sns:Publish"], "arn:aws:sns:us-east-1:123456789012:news"),
    (["secretsmanager:GetSecretValue"], "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"),
    (["ec2:StartInstances", "ec2:StopInstances"], "arn:aws:ec2:us-east-1:123456789012:instance/*"),
)


def base(rng: random.Random) -> dict[str, Any]:
    """A policy about which neither tool has anything to say."""
    chosen = rng.sample(BASES, k=rng.randint(1, 3))
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": f"S{n}", "Effect": "Allow", "Action": list(actions), "Resource": [resource]}
            for n, (actions, resource) in enumerate(chosen)
        ],
    }


def corpus(seed: int, each: int) -> Iterator[tuple[Fault, str, str]]:
    """(fault, whole policy, broken policy)."""
    rng = random.Random(seed)
    for fault in FAULTS:
        for _ in range(each):
            whole = base(rng)
            broken = copy.deepcopy(whole)
            fault.apply(rng.choice(broken["Statement"]), rng)
            yield fault, json.dumps(whole, indent=1), json.dumps(broken, indent=1)


def managed() -> list[str]:
    """AWS managed policies, if moto is installed."""
    try:
        from moto.iam.aws_managed_policies import aws_managed_policies_data
    except ImportError:
        return []
    policies = json.loads(aws_managed_policies_data).values()
    return [json.dumps(policy["Document"], indent=1) for policy in policies]


def ours(texts: list[str]) -> tuple[float, list[list[str]]]:
    catalog = load_catalog()
    validate(texts[0], PolicyType.IDENTITY, catalog=catalog)
    start = time.process_time()
    found = [
        sorted(f.code for f in validate(text, PolicyType.IDENTITY, catalog=catalog))
        for text in texts
    ]
    return time.process_time() - start, found


def parliament(folder: Path, texts: list[str]) -> tuple[float, list[list[str]]]:
    python = folder / "parliament" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "parliament", with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "-q", PARLIAMENT, "setuptools<81"], check=True
        )
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    script = HERE / "rivals" / "parliament_rival.py"
    ran = subprocess.run([python, script], input=lines, capture_output=True, text=True, check=True)
    answer = json.loads(ran.stdout)
    return answer["seconds"], answer["issues"]


def more(after: list[str], before: list[str]) -> bool:
    return bool(Counter(after) - Counter(before))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--each", type=int, default=25)
    options.add_argument("--rivals", type=Path, default=Path(tempfile.gettempdir(), "rivals"))
    options.add_argument("--no-rivals", action="store_true")
    given = options.parse_args()
    cases = list(corpus(given.seed, given.each))
    texts = [text for _, whole, broken in cases for text in (whole, broken)]
    aws = managed()
    tools: dict[str, Callable[[list[str]], tuple[float, list[list[str]]]]] = {"clearance": ours}
    if not given.no_rivals:
        given.rivals.mkdir(parents=True, exist_ok=True)
        tools["parliament"] = lambda texts: parliament(given.rivals, texts)
    results = {name: tool(texts) for name, tool in tools.items()}
    caught = {name: Counter[str]() for name in tools}
    exact = Counter[str]()
    noise = Counter[str]()
    for place, (fault, _, _) in enumerate(cases):
        for name, (_, found) in results.items():
            before, after = found[2 * place], found[2 * place + 1]
            caught[name][fault.code] += more(after, before)
            noise[name] += bool(before)
        exact[fault.code] += fault.code in results["clearance"][1][2 * place + 1]
    names = list(tools)
    print(f"{len(cases)} broken policies, seed {given.seed}: caught of {given.each}")
    print(f"  {'fault':<40}" + "".join(f"{name:>12}" for name in names) + f"{'exact code':>12}")
    for fault in FAULTS:
        row = "".join(f"{caught[name][fault.code]:>12}" for name in names)
        print(f"  {fault.code:<40}{row}{exact[fault.code]:>12}")
    for name in names:
        total = sum(caught[name].values())
        seconds = results[name][0]
        print(
            f"  {name}: {total}/{len(cases)} = {total / len(cases):.1%}, "
            f"{noise[name]} findings about whole policies, {len(texts) / seconds:,.0f} policies/s"
        )
    if aws:
        print(f"{len(aws)} AWS managed policies")
        for name, tool in tools.items():
            seconds, found = tool(aws)
            crashes = sum(issue.startswith("CRASH") for issues in found for issue in issues)
            kinds = len({issue for issues in found for issue in issues})
            silent = sum(not issues for issues in found)
            print(
                f"  {name}: {len(aws) / seconds:,.0f} policies/s, {crashes} crashes, "
                f"{sum(map(len, found))} findings of {kinds} kinds, {silent} policies without any"
            )


if __name__ == "__main__":
    main()
