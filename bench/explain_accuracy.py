"""How often is the planted fault named first, and how often is its fix proven?

Random estates in which one request works, with much that looks like it; one fault is planted,
AWS's sentence about the denial is all that the explainer is told beside the estate.

    python bench/explain_accuracy.py [--estates 600] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.explain.estates import NOW, estate_of

from clearance.decide import authorize, identify
from clearance.explain import apply_all, explain
from clearance.explain.message import parse
from clearance.explain.says import says
from clearance.facts.catalog import load_catalog
from clearance.model.principal import Session
from clearance.model.request import Context, Request
from clearance.operations.permissions.names import meant

MINE, OTHER = "123456789012", "098765432109"
REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
NAMES = ("orders", "invoices", "resize", "mailer", "search", "billing", "audit", "export")
PEOPLE = ("ana", "bob", "cleo", "dan", "eve", "finn")
SERVICES = ("app", "worker", "ci", "etl", "web")
Raw = dict[str, Any]


@dataclass
class World:
    """A compact estate and a request that works in it."""

    rng: random.Random
    estate: Raw
    region: str
    function: str
    who: str = ""
    context: Raw = field(default_factory=dict)
    action: str = "lambda:InvokeFunction"
    resource: str = ""
    session: tuple[str, ...] = ()
    also: list[Raw] = field(default_factory=list)

    @property
    def mine(self) -> Raw:
        found: Raw = self.estate["accounts"][MINE]
        return found

    def arn(self, name: str, region: str = "", qualifier: str = "") -> str:
        tail = f":{qualifier}" if qualifier else ""
        return f"arn:aws:lambda:{region or self.region}:{MINE}:function:{name}{tail}"


Actions = str | list[str]


def statement(
    action: Actions, resource: Actions | None = None, effect: str = "Allow", **more: object
) -> Raw:
    found: Raw = {"Effect": effect, **more, "Action": action}
    return {**found, "Resource": resource} if resource is not None else found


def noise(world: World) -> Raw:
    """A statement about something else that looks alike."""
    rng, name = world.rng, world.rng.choice(NAMES)
    if name == world.function:
        name += "-old"
    other = world.arn(name, rng.choice(REGIONS))
    return rng.choice(
        (
            statement("lambda:InvokeFunction", other),
            statement(["lambda:GetFunction", "lambda:ListVersionsByFunction"], "*"),
            statement("s3:GetObject", f"arn:aws:s3:::{name}/*"),
            statement(["sqs:SendMessage", "sns:Publish"], "*"),
            statement("lambda:GetFunction", world.arn(world.function)),
            statement("lambda:DeleteFunction", "*", "Deny"),
            statement("iam:PassRole", f"arn:aws:iam::{MINE}:role/{name}"),
            statement("logs:*", "*"),
        )
    )


def decoy(world: World) -> Raw:
    """A statement of the caller's that nearly allows the request, and is not the fault."""
    name, other = world.function, world.rng.choice([r for r in REGIONS if r != world.region])
    tagged = {"StringEquals": {"aws:ResourceTag/stage": "beta"}}
    invoke_, arn = "lambda:InvokeFunction", world.arn(name)
    return world.rng.choice(
        (
            statement(invoke_, world.arn(name, qualifier="beta")),
            statement(invoke_, world.arn(name, other)),
            statement(invoke_, arn.replace(MINE, "222222222222")),
            statement(invoke_, world.arn(name + "-*")),
            statement(invoke_, "*", Condition=tagged),
            statement("lambda:Invoke", world.arn(name + "2")),
            statement("lambda:InvokeFunctionUrl", arn),
        )
    )


def new_world(rng: random.Random) -> World:
    region, function = rng.choice(REGIONS), rng.choice(NAMES)
    functions = {
        f"{region}/{name}": {"aliases": ["prod"]}
        for name in {function, *rng.sample(NAMES, rng.randint(1, 5))}
    }
    mine: Raw = {"users": {}, "roles": {}, "policies": {}, "functions": functions, "resources": {}}
    estate: Raw = {"accounts": {MINE: mine, OTHER: {"users": {}, "roles": {}}}}
    world = World(rng, estate, region, function, resource="")
    world.resource = world.arn(function)
    for name in rng.sample(PEOPLE, rng.randint(2, 5)):
        mine["users"][name] = {"inline": {"own": [noise(world) for _ in range(rng.randint(1, 4))]}}
    for name in rng.sample(SERVICES, rng.randint(1, 4)):
        mine["roles"][name] = {
            "trust": statement("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}),
            "inline": {"own": [noise(world) for _ in range(rng.randint(1, 4))]},
        }
    caller(world)
    if rng.random() < 0.5:
        holder(world)["inline"]["decoys"] = [decoy(world) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.5:
        world.estate["organization"] = {
            "accounts": [MINE, OTHER],
            "policies": {
                "p-no-leave": ["scp", statement("organizations:LeaveOrganization", "*", "Deny")]
            },
            "attached": {"r-root": ["p-FullAWSAccess", "p-no-leave"]},
        }
    if rng.random() < 0.3:
        edge = [statement(["lambda:*", "s3:*", "sts:*", "iam:PassRole"], "*")]
        mine["policies"]["edge"] = {"versions": {"v1": edge}}
        holder(world)["boundary"] = f"arn:aws:iam::{MINE}:policy/edge"
    return world


def caller(world: World) -> None:
    """Somebody who may invoke the function by an inline policy or a managed one."""
    rng, mine = world.rng, world.mine
    allow = statement("lambda:InvokeFunction", world.resource, Sid="Invoke")
    if rng.random() < 0.5:
        name = rng.choice(list(mine["users"]))
        held, world.who = mine["users"][name], f"arn:aws:iam::{MINE}:user/{name}"
    else:
        name = rng.choice(list(mine["roles"]))
        held = mine["roles"][name]
        world.who = f"arn:aws:sts::{MINE}:assumed-role/{name}/s1"
    body = [allow, *(noise(world) for _ in range(rng.randint(0, 2)))]
    if rng.random() < 0.5:
        held["inline"]["invoke"] = body
    else:
        mine["policies"]["invoke"] = {"versions": {"v1": body}}
        held["attached"] = [f"arn:aws:iam::{MINE}:policy/invoke"]


def holder(world: World) -> Raw:
    name = world.who.split("/")[1]
    table: dict[str, Raw] = world.mine["users" if ":user/" in world.who else "roles"]
    return table[name]


def body(world: World) -> list[Raw]:
    """The statements of the policy that allows."""
    held: dict[str, list[Raw]] = holder(world)["inline"]
    versions: Raw = world.mine["policies"].get("invoke", {"versions": {"v1": []}})["versions"]
    return held["invoke"] if "invoke" in held else list_of(versions["v1"])


def list_of(found: list[Raw]) -> list[Raw]:
    return found


def invoke(world: World) -> Raw:
    return next(each for each in body(world) if each.get("Sid") == "Invoke")


# One function a fault: it breaks the world and says what should be named first.


def missing(world: World) -> set[str]:
    body(world).remove(invoke(world))
    body(world).append(statement("s3:ListAllMyBuckets", "*"))
    # Where a decoy or noise speaks of the action, that is the nearest thing and the cause.
    texts = json.dumps([holder(world)["inline"], body(world)])
    return set() if "lambda:Invoke" in texts else {"identity.missing"}


def wrong_name(world: World) -> set[str]:
    invoke(world)["Resource"] = f"arn:aws:iam::{MINE}:role/{world.function}"
    return {"identity.wrong_arn_kind"}


def qualifier(world: World) -> set[str]:
    world.resource = world.arn(world.function, qualifier="prod")
    return {"identity.qualifier"}


def unqualified(world: World) -> set[str]:
    invoke(world)["Resource"] = world.arn(world.function, qualifier="prod")
    return {"identity.qualifier_unqualified_call"}


def twice(world: World) -> set[str]:
    invoke(world)["Resource"] = world.arn(world.function, qualifier="prod") + ":*"
    world.resource = world.arn(world.function, qualifier="prod")
    return {"identity.double_qualifier"}


def region(world: World) -> set[str]:
    other = next(r for r in REGIONS if r != world.region)
    invoke(world)["Resource"] = world.arn(world.function, other)
    return {"identity.wrong_region_account"}


def account(world: World) -> set[str]:
    invoke(world)["Resource"] = world.resource.replace(MINE, "999999999999")
    return {"identity.wrong_region_account"}


def partition(world: World) -> set[str]:
    invoke(world)["Resource"] = world.resource.replace("arn:aws:", "arn:aws-cn:")
    return {"identity.wrong_partition"}


def api_name(world: World) -> set[str]:
    invoke(world)["Action"] = world.rng.choice(("lambda:Invoke", "lambda:InvokeFunctions"))
    return {"identity.api_not_action"}


def version(world: World) -> set[str]:
    found = body(world)
    old = [each for each in found if each.get("Sid") != "Invoke"]
    old.append(statement("logs:PutLogEvents", "*"))
    holder(world)["inline"].pop("invoke", None)
    world.mine["policies"]["invoke"] = {"versions": {"v1": old, "v2": list(found)}}
    holder(world)["attached"] = [f"arn:aws:iam::{MINE}:policy/invoke"]
    return {"identity.bad_policy"}


def denied(world: World) -> set[str]:
    body(world).append(statement("lambda:Invoke*", "*", "Deny", Sid="No"))
    return {"identity.explicit"}


def deny_if(world: World, **conditions: object) -> None:
    body(world).append(statement("*", "*", "Deny", Sid="No", Condition=conditions))


def mfa(world: World) -> set[str]:
    deny_if(world, BoolIfExists={"aws:MultiFactorAuthPresent": "false"})
    return {"cond.mfa"}


def address(world: World) -> set[str]:
    deny_if(world, NotIpAddress={"aws:SourceIp": "203.0.113.0/24"})
    world.context["aws:SourceIp"] = "198.51.100.7"
    return {"cond.source_ip"}


def tag(world: World) -> set[str]:
    invoke(world)["Condition"] = {"StringEquals": {"aws:ResourceTag/team": "shop"}}
    return {"cond.abac"}


def needs(world: World) -> Raw:
    empty: Raw = {"accounts": [MINE, OTHER], "policies": {}, "attached": {}}
    found: Raw = world.estate.setdefault("organization", empty)
    return found


def scp(world: World) -> set[str]:
    organization = needs(world)
    rule = statement(["lambda:Invoke*", "ec2:*"], "*", "Deny", Sid="Freeze")
    organization["policies"]["p-freeze"] = ["scp", rule]
    place = world.rng.choice((MINE, "ou-root-workload"))
    organization["attached"][place] = ["p-FullAWSAccess", "p-freeze"]
    return {"scp.explicit"}


def scp_region(world: World) -> set[str]:
    organization = needs(world)
    rest = [each for each in REGIONS if each != world.region]
    rule = statement("*", "*", "Deny", Condition={"StringNotEquals": {"aws:RequestedRegion": rest}})
    organization["policies"]["p-regions"] = ["scp", rule]
    organization["attached"][MINE] = ["p-FullAWSAccess", "p-regions"]
    return {"scp.explicit"}


def scp_silent(world: World) -> set[str]:
    organization = needs(world)
    organization["policies"]["p-some"] = ["scp", statement(["s3:*", "ec2:*"], "*")]
    organization["attached"]["ou-root-workload"] = ["p-some"]
    return {"scp.implicit"}


def boundary(world: World) -> set[str]:
    world.mine["policies"]["fence"] = {"versions": {"v1": [statement(["s3:*", "sqs:*"], "*")]}}
    holder(world)["boundary"] = f"arn:aws:iam::{MINE}:policy/fence"
    return {"boundary.implicit"}


def session(world: World) -> set[str]:
    if ":user/" in world.who:
        return boundary(world)
    policy = {"Version": "2012-10-17", "Statement": [statement("s3:*", "*")]}
    world.session = (json.dumps(policy),)
    return {"session.policy"}


def endpoint(world: World) -> set[str]:
    world.mine["endpoints"] = {"vpce-1": statement("s3:*", "*", Principal="*")}
    world.context["aws:SourceVpce"] = "vpce-1"
    return {"vpce.policy"}


def misspelt(world: World) -> set[str]:
    world.resource = world.arn(world.function[:-1])
    return {"absent.masked"}


def foreign(world: World) -> None:
    """The caller moves to the other account; both sides allow."""
    world.who = f"arn:aws:iam::{OTHER}:user/partner"
    allow = statement("lambda:InvokeFunction", world.resource, Sid="Invoke")
    world.estate["accounts"][OTHER]["users"]["partner"] = {"inline": {"own": [allow]}}
    key = f"{world.region}/{world.function}"
    world.mine["functions"][key]["policies"] = {
        "": statement("lambda:InvokeFunction", world.resource, Principal={"AWS": world.who})
    }


def their_side(world: World) -> set[str]:
    foreign(world)
    world.mine["functions"][f"{world.region}/{world.function}"]["policies"] = {}
    return {"cross_account.both_sides"}


def my_side(world: World) -> set[str]:
    foreign(world)
    partner = world.estate["accounts"][OTHER]["users"]["partner"]
    partner["inline"]["own"] = [statement("lambda:GetFunction", "*")]
    return {"identity.missing"}


def latest(world: World) -> set[str]:
    foreign(world)
    partner = world.estate["accounts"][OTHER]["users"]["partner"]
    partner["inline"]["own"] = [statement("lambda:InvokeFunction", "*")]
    world.resource += ":$LATEST"
    return {"cross_account.latest"}


def service(world: World) -> Raw:
    """EventBridge calls; its permission is there."""
    rule = f"arn:aws:events:{world.region}:{MINE}:rule/nightly"
    world.who, world.context = "events.amazonaws.com", {"aws:SourceArn": rule}
    held = statement(
        "lambda:InvokeFunction",
        world.resource,
        Principal={"Service": "events.amazonaws.com"},
        Condition={"ArnLike": {"aws:SourceArn": rule}},
    )
    world.mine["functions"][f"{world.region}/{world.function}"]["policies"] = {"": held}
    return held


def no_permission(world: World) -> set[str]:
    service(world)
    world.mine["functions"][f"{world.region}/{world.function}"]["policies"] = {}
    return {"resource.missing_service_permission"}


def source(world: World) -> set[str]:
    held = service(world)
    value = held["Condition"]["ArnLike"]["aws:SourceArn"]
    wrong = world.rng.choice((value + "-x", value.replace(MINE, OTHER)))
    held["Condition"] = {"ArnLike": {"aws:SourceArn": wrong}}
    return {"resource.source_arn_mismatch"}


def token(world: World) -> set[str]:
    service(world)["Condition"] = {"StringEquals": {"lambda:EventSourceToken": "t"}}
    return {"resource.wrong_condition"}


def other_qualifier(world: World) -> set[str]:
    service(world)
    world.resource = world.arn(world.function, qualifier="prod")
    return {"resource.wrong_qualifier"}


def trusting(world: World) -> Raw:
    """Assume a role instead, which trusts the caller."""
    role = f"arn:aws:iam::{MINE}:role/target"
    body(world).append(statement("sts:AssumeRole", role))
    who = world.who
    if ":assumed-role/" in who:
        who = f"arn:aws:iam::{MINE}:role/{who.split('/')[1]}"
    world.action, world.resource = "sts:AssumeRole", role
    held: Raw = {"trust": statement("sts:AssumeRole", Principal={"AWS": who})}
    world.mine["roles"]["target"] = held
    return held


def trust(world: World) -> set[str]:
    trusting(world)["trust"]["Principal"] = {"AWS": f"arn:aws:iam::{MINE}:user/somebody"}
    return {"trust.missing"}


def ghost(world: World) -> set[str]:
    held = trusting(world)
    unique = "AIDAOLD00000000000000" if ":user/" in world.who else "AROAOLD00000000000000"
    held["pins"] = {held["trust"]["Principal"]["AWS"]: unique}
    return {"resource.ghost_principal"}


def pass_role(world: World) -> set[str]:
    role = f"arn:aws:iam::{MINE}:role/exec"
    world.mine["roles"]["exec"] = {
        "trust": statement("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    }
    world.action, world.resource = "lambda:CreateFunction", world.arn("brand-new")
    body(world).append(statement("lambda:CreateFunction", "*"))
    context = {"iam:PassedToService": "lambda.amazonaws.com"}
    world.also = [{"action": "iam:PassRole", "resource": role, "context": context}]
    return {"identity.dependent_action"}


FAULTS: Mapping[str, Callable[[World], set[str]]] = {
    f.__name__: f
    for f in (
        missing, wrong_name, qualifier, unqualified, twice, region, account, partition, api_name,
        version, denied, mfa, address, tag, scp, scp_region, scp_silent, boundary, session,
        endpoint, misspelt, their_side, my_side, latest, no_permission, source, token,
        other_qualifier, trust, ghost, pass_role,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    fault: str
    first: bool
    listed: bool
    proven: bool
    layer: bool
    extra: int
    seconds: float
    named: str


def tried(fault: str, seed: int) -> Result | None:
    rng = random.Random(seed)
    world = new_world(rng)
    works = estate_of(deepcopy(world.estate))
    start = Request(identify(world.who, works), world.action, world.resource)
    if not authorize(works, start, now=NOW).allowed:
        return None
    expected = FAULTS[fault](world)
    if not expected:
        return None  # the fault is another one in this world
    estate = estate_of(world.estate)
    who = identify(world.who, estate)
    if world.session:
        who = replace(who, session=Session(world.session))
    request = Request(who, world.action, world.resource, Context.of(world.context))
    also = tuple(
        Request(who, each["action"], each["resource"], Context.of(each["context"]))
        for each in world.also
    )
    decisions = [authorize(estate, each, now=NOW) for each in (request, *also)]
    denied_ = next((each for each in decisions if not each.allowed), None)
    if denied_ is None:
        return None
    stated = next(iter(parse(says(estate, denied_))), None)
    begun = time.perf_counter()
    found = explain(
        estate,
        request,
        now=NOW,
        stated=stated,
        also=also,
        catalog=load_catalog(),
        meant=meant,
    )
    seconds = time.perf_counter() - begun
    ids = [cause.id for cause in found.causes]
    fix = found.fix
    proven = False
    if fix is not None:  # the explainer's word is not enough: the edits are applied and asked again
        after = apply_all(estate, fix.edits)
        asked = (fix.instead, *also) if fix.instead is not None else (request, *also)
        proven = all(authorize(after, each, now=NOW).allowed for each in asked)
    extra = len(fix.verified.newly_allowed) - len(also) - 1 if fix and fix.verified else 0
    return Result(
        fault,
        ids[0] in expected,
        bool(expected & set(ids[:3])),
        proven,
        found.agrees is not False,
        max(extra, 0),
        seconds,
        ids[0],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--estates", type=int, default=620)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    results: list[Result] = []
    names = list(FAULTS)
    for number in range(given.estates):
        found = tried(names[number % len(names)], given.seed * 1_000_003 + number)
        if found is not None:
            results.append(found)
    by_fault: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_fault[result.fault].append(result)
    print("planted fault       n   first   top 3  fix proven  named instead")
    for name, rows in by_fault.items():
        wrong = Counter(row.named for row in rows if not row.first)
        said = ", ".join(f"{cause} x{count}" for cause, count in wrong.most_common(3))
        print(
            f"{name:<16} {len(rows):>4} {share(rows, 'first'):>7} {share(rows, 'listed'):>7} "
            f"{share(rows, 'proven'):>11}  {said}"
        )
    print(
        f"{'all':<16} {len(results):>4} {share(results, 'first'):>7} "
        f"{share(results, 'listed'):>7} {share(results, 'proven'):>11}"
    )
    print(f"the estate agrees with the layer AWS names: {share(results, 'layer')}")
    clean = sum(1 for row in results if row.proven and row.extra == 0)
    print(f"proven fixes that allow nothing else (sampled): {clean / len(results):.1%}")
    times = sorted(row.seconds * 1000 for row in results)
    print(
        f"time: median {statistics.median(times):.1f} ms, "
        f"95 % under {times[int(len(times) * 0.95)]:.1f} ms"
    )


def share(rows: list[Result], what: str) -> str:
    return f"{sum(bool(getattr(row, what)) for row in rows) / len(rows):.1%}"


if __name__ == "__main__":
    main()
