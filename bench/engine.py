"""The engine against its rivals, in one run: `python bench/engine.py`.

Ratios are of CPU time on the same machine in the same minutes; see bench/README.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE)]

import workloads  # noqa: E402
from rivals.install import installed  # noqa: E402

from clearance import (  # noqa: E402
    AccessIndex,
    AttachedPolicy,
    Context,
    Engine,
    PolicyEngine,
    PolicySet,
    PolicyType,
    Request,
    evaluate,
    identify,
)
from clearance.decide.attach import attach  # noqa: E402
from clearance.decide.compile.crowd import Crowd  # noqa: E402
from clearance.model import estate as model  # noqa: E402
from clearance.model.decision import DecisionEffect  # noqa: E402

T = TypeVar("T")
ALLOW = DecisionEffect.ALLOW
THEN = datetime(2026, 1, 1, tzinfo=UTC)
RIVALS = {"iam-simulate": 300, "cedarpy": 1000, "moto": 200, "pmapper": 300}


def cpu(work: Callable[[], T]) -> tuple[float, T]:
    before = time.process_time()
    found = work()
    return time.process_time() - before, found


def best_of(times: int, work: Callable[[], object]) -> float:
    return median(sorted(cpu(work)[0] for _ in range(times))[: max(1, times // 2)])


def line(name: str, rate: float, note: str = "") -> None:
    print(f"  {name:<34} {rate:>14,.0f} /s   {note}")


# --- rivals


@dataclass
class Rival:
    name: str
    rate: float
    allowed: list[bool]
    effects: list[str]


def rival(name: str, runs: list[dict[str, Any]], folder: Path, limit: int) -> Rival | None:
    """One rival on some runs, in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(runs, file)
    if name == "iam-simulate":
        script = [HERE / "rivals" / "iam_simulate.mjs", folder, file.name]
        command = ["node", *map(str, script), str(limit)]
    else:
        script = [folder / "venv" / "bin" / "python", HERE / "rivals" / "python_rivals.py"]
        command = [*map(str, script), name, file.name, str(limit)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        found = json.loads(ran.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        print(f"  {name}: cannot be measured here ({type(error).__name__})")
        return None
    finally:
        Path(file.name).unlink()
    effects = found.get("effects", [])
    allowed = found.get("allowed") or [effect == "ALLOW" for effect in effects]
    return Rival(name, found["asked"] / found["cpu"], allowed, effects)


# --- bare policies


def policy_set(run: dict[str, Any]) -> PolicySet:
    def put(document: dict[str, Any], kind: PolicyType, name: str) -> AttachedPolicy:
        return attach(json.dumps(document), kind, name)

    return PolicySet(
        identity=tuple(put(d, PolicyType.IDENTITY, f"p{i}") for i, d in enumerate(run["identity"])),
        resource=(put(run["resource"], PolicyType.RESOURCE, "resource"),)
        if run["resource"]
        else (),
        boundary=(put(run["boundary"], PolicyType.BOUNDARY, "pb"),) if run["boundary"] else None,
        scps=tuple(
            tuple(put(d, PolicyType.SCP, f"scp{i}.{j}") for j, d in enumerate(level))
            for i, level in enumerate(run["scps"])
        ),
    )


def bare(title: str, run: dict[str, Any], folder: Path | None) -> None:
    print(f"\n{title}: {len(run['requests'])} requests")
    policies = policy_set(run)
    who = identify(run["principal"])
    requests = [
        Request(who, r["action"], r["resource"], Context.of(r["context"], complete=True))
        for r in run["requests"]
    ]

    def ready() -> tuple[PolicyEngine, list[Any]]:
        engine = PolicyEngine(policies)
        caller = engine.caller(who)
        return engine, [
            (caller, r.action.lower(), r.resource, engine.prepare(r.context)) for r in requests
        ]

    def ask(engine: PolicyEngine, asked: list[Any]) -> list[DecisionEffect]:
        decide = engine.decide_prepared
        return [decide(*one) for one in asked]

    firsts = []
    for _ in range(5):
        engine, asked = ready()
        gc.collect()
        firsts.append(cpu(lambda e=engine, a=asked: ask(e, a))[0])  # type: ignore[misc]
    first = len(requests) / min(firsts)
    warm = len(requests) / best_of(9, lambda: ask(engine, asked))
    whole = len(requests) / best_of(5, lambda: [engine.decide(r) for r in requests])
    sample = requests[:60]
    plain_cpu, plain = cpu(lambda: [evaluate(r, policies).effect for r in sample])
    ours = ask(engine, asked)
    same = sum(a is b for a, b in zip(plain, ours, strict=False))
    print("  effects:", {e.value: ours.count(e) for e in DecisionEffect})
    line("warm, prepared context", warm)
    line("warm, from a Request", whole)
    line("first touch", first, "each (action, resource) new, policies parsed")
    line("plain interpreter", len(sample) / plain_cpu, f"agrees on {same}/{len(sample)}")
    if folder is None:
        return
    for name, limit in RIVALS.items():
        found = rival(name, [run], folder, limit)
        if found is None:
            continue
        agree = sum((o is ALLOW) == a for o, a in zip(ours, found.allowed, strict=False))
        note = (
            f"warm {warm / found.rate:,.0f}x, first touch {first / found.rate:,.0f}x; "
            f"allow/deny agree {agree}/{len(found.allowed)}"
        )
        if found.effects:
            exact = sum(o.value == e for o, e in zip(ours, found.effects, strict=False))
            note += f", effects {exact}/{len(found.effects)}"
        line(name, found.rate, note)


# --- accounts


def estate_of(run: dict[str, Any]) -> model.Estate:
    number = workloads.ACCOUNT

    def managed(name: str, document: dict[str, Any]) -> model.ManagedPolicy:
        version = model.PolicyVersion("v1", json.dumps(document), THEN)
        return model.ManagedPolicy(name, "ANPA", THEN, THEN, {"v1": version})

    arn = f"arn:aws:iam::{number}:policy/m{{}}".format
    policies = {arn(i): managed(f"m{i}", d) for i, d in enumerate(run["shared"])}
    policies[arn("pb")] = managed("mpb", run["boundary"])
    trust = model.TrustPolicy(
        '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*"}}'
    )
    roles = {
        name: model.Role(
            name,
            f"AROA{name}",
            THEN,
            trust,
            inline={"own": json.dumps(role["inline"])},
            attached=tuple(arn(i) for i in role["attached"]),
            boundary=arn("pb") if role["bounded"] else None,
            tags=role["tags"],
        )
        for name, role in run["roles"].items()
    }
    resources = {arn: model.Resource(arn, json.dumps(d)) for arn, d in run["policies"].items()}
    scp = "SERVICE_CONTROL_POLICY"
    organization = model.Organization(
        "o-bench",
        "999999999999",
        {"r-1": model.OrgUnit("r-1", "root")},
        {number: model.OrgAccount(number, "bench", "r-1")},
        {
            f"p-{i}{j}": model.OrgPolicy(f"p-{i}{j}", f"scp{i}{j}", scp, json.dumps(d))
            for i, level in enumerate(run["scps"])
            for j, d in enumerate(level)
        },
        {
            target: tuple(f"p-{i}{j}" for j in range(len(run["scps"][i])))
            for i, target in enumerate(("r-1", number))
        },
    )
    account = model.Account(number, roles=roles, policies=policies, resources=resources)
    return model.Estate({number: account}, {"o-bench": organization})


def matrix(run: dict[str, Any], folder: Path | None) -> None:
    roles, functions = list(run["roles"]), run["functions"]
    print(f"\nmatrix: {len(roles):,} roles x {len(functions):,} functions")
    estate = estate_of(run)
    principals = [
        identify(f"arn:aws:iam::{workloads.ACCOUNT}:role/{name}", estate) for name in roles
    ]
    context = Context.of(run["context"], complete=True)
    engine = Engine(estate)
    built, crowd = cpu(lambda: Crowd(engine, principals))
    prepared = engine.prepare(context)
    action = "lambda:InvokeFunction"
    first, _ = cpu(lambda: crowd.matrix(action, functions, prepared))
    cells = len(roles) * len(functions)

    def again() -> Sequence[Any]:
        return crowd.matrix(action, functions, engine.prepare(context))

    steady = best_of(5, again)
    answers = again()
    line("all at once, first time", cells / first, f"index made in {built:.2f} s")
    line("all at once, a new context", cells / steady)
    sample = [(p, f) for p in range(0, len(roles), 40) for f in range(0, len(functions), 25)]
    folded = action.lower()

    def each() -> list[DecisionEffect]:
        ask = engine.decide_prepared
        return [ask(crowd.callers[p], folded, functions[f], prepared) for p, f in sample]

    alone, effects = cpu(each)
    warm, _ = cpu(each)
    line("one by one, first touch", len(sample) / alone)
    same = sum(answers[f].effect(p) is e for (p, f), e in zip(sample, effects, strict=True))
    line("one by one, warm", len(sample) / warm, f"agrees on {same:,}/{len(sample):,}")
    allowed = sum(answer.allowed.bit_count() for answer in answers)
    print(f"  {allowed:,} of {cells:,} may; ", end="")
    print({e.value: effects.count(e) for e in DecisionEffect}, "in the sample")
    if folder is None:
        return
    few = sample[:: max(1, len(sample) // 200)]
    runs = [_single(run, roles[p], functions[f]) for p, f in few]
    found = rival("iam-simulate", runs, folder, 1)
    if found is not None:
        agree = sum(
            answers[f].effect(p).value == effect
            for (p, f), effect in zip(few, found.effects, strict=True)
        )
        note = f"matrix {cells / steady / found.rate:,.0f}x; effects agree {agree}/{len(few)}"
        line("iam-simulate", found.rate, note)


def _single(run: dict[str, Any], name: str, function: str) -> dict[str, Any]:
    role = run["roles"][name]
    arn = f"arn:aws:iam::{workloads.ACCOUNT}:role/{name}"
    tags = {f"aws:PrincipalTag/{key}": value for key, value in role["tags"].items()}
    own = {"aws:PrincipalArn": arn, "aws:PrincipalAccount": workloads.ACCOUNT}
    return {
        "principal": arn,
        "identity": [role["inline"], *(run["shared"][i] for i in role["attached"])],
        "boundary": run["boundary"] if role["bounded"] else None,
        "scps": run["scps"],
        "resource": run["policies"].get(function),
        "requests": [
            {
                "action": "lambda:InvokeFunction",
                "resource": function,
                "context": {**run["context"], **tags, **own},
            }
        ],
    }


def who_can() -> None:
    run = workloads.account(10_000, 500)
    estate = estate_of(run)
    print("\nwho-can: 10,000 roles, 12,000 policies")
    built, index = cpu(lambda: AccessIndex(estate))
    print(f"  index made in {built:.2f} s CPU (part of loading)")
    times = []
    for function in run["functions"][:5]:
        seconds, found = cpu(lambda f=function: index.who_can("lambda:InvokeFunction", f))  # type: ignore[misc]
        times.append(seconds)
    certain = sum(access.certain for access in found.accesses)
    print(f"  first question {times[0] * 1e3:.0f} ms, then {median(times[1:]) * 1e3:.0f} ms CPU")
    print(f"  the last: {certain} certainly, {len(found.accesses) - certain} on conditions")
    listed = {access.principal.arn for access in found.accesses}
    brute = AccessIndex(estate)
    engine, prepared = brute.engine, brute.engine.prepare(Context())
    from clearance.decide.who import BEST

    began = time.process_time()
    ask = (function, prepared, (BEST,))
    truth = {
        caller.principal.arn
        for caller in brute.crowd.callers
        if engine.reading(caller, "lambda:invokefunction", *ask) == (ALLOW,)
    }
    spent = time.process_time() - began
    print(f"  one by one {spent:.1f} s CPU; the same principals: {listed == truth}")


# --- hostile patterns


def hostile() -> None:
    """Patterns that make backtracking matchers explode, on texts that almost fit."""
    print("\nhostile patterns: CPU time as the text doubles")
    shapes = ["a*" * 500 + "b", "*a?" * 300 + "b*", "*" + "a?" * 200 + "b*", "*" + "a" * 900 + "b*"]
    statements = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{shape}"}
        for shape in shapes
    ]
    condition = {"StringLike": {"aws:UserAgent": shapes}}
    statements.append({**statements[0], "Resource": "*", "Condition": condition})
    run = {"identity": [workloads.doc(statements)], "resource": None, "boundary": None, "scps": []}
    before = None
    for size in (1000, 2000, 4000, 8000, 16000, 32000):
        text = "a" * size
        request = Request(
            identify(workloads.USER),
            "s3:GetObject",
            f"arn:aws:s3:::{text}",
            Context.of({"aws:UserAgent": text}),
        )
        policies = policy_set(run)
        seconds = min(cpu(lambda: PolicyEngine(policies).decide(request))[0] for _ in range(5))  # noqa: B023
        growth = f"{seconds / before:.1f}x" if before else ""
        print(f"  {size:>6} characters  {seconds * 1e3:8.2f} ms  {growth}")
        before = seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-rivals", action="store_true", help="only our own figures")
    parser.add_argument("--rivals", type=Path, help="where the rivals are (or will be) installed")
    parser.add_argument(
        "only", nargs="*", choices=["small", "large", "matrix", "who", "hostile", []]
    )
    given = parser.parse_args()
    folder = None
    if not given.no_rivals:
        folder = installed(given.rivals or Path(tempfile.gettempdir()) / "clearance-bench-rivals")
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    wanted = given.only or ["small", "large", "matrix", "who", "hostile"]
    if "small" in wanted:
        bare("small (2 statements)", workloads.small(), folder)
    if "large" in wanted:
        bare("large (10 x 30 statements, 3 SCP levels, boundary)", workloads.large(), folder)
    if "matrix" in wanted:
        matrix(workloads.account(), folder)
    if "who" in wanted:
        who_can()
    if "hostile" in wanted:
        hostile()


main()
