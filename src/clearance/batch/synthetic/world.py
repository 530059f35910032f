"""A world drawn from a seed: accounts, roles, users, resources, and who needs what."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from clearance.batch.synthetic.calls import CALLS
from clearance.batch.synthetic.jobs import JOBS, RARE, Job
from clearance.batch.synthetic.model import Actor, Family, Habit, Need, Place, World
from clearance.batch.synthetic.policies import document, granting, trust
from clearance.batch.synthetic.things import REGION, Things, families_of
from clearance.decide import authorize, identify
from clearance.model.estate import (
    FULL_ACCESS,
    AccessKey,
    Account,
    Estate,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    Resource,
    Role,
    SamlProvider,
    Secret,
    TrustPolicy,
    User,
)
from clearance.model.request import Request

__all__ = ["Plan", "draw"]

_BORN: Final = datetime(2025, 1, 1, tzinfo=UTC)
_SERVICES: Final = {"lambda": "lambda.amazonaws.com", "ec2": "ec2.amazonaws.com"}
_TRIED: Final = ("s3:DeleteObject", "s3:PutObject", "dynamodb:PutItem", "lambda:Invoke")
_AGENTS: Final = {
    "lambda": ("Boto3/1.{n} md/Botocore#1.{n} ua/2.1 os/linux lang/python#3.12",),
    "ec2": ("aws-sdk-java/2.{n}.0 Linux/6.1 OpenJDK_64-Bit_Server_VM/21", "aws-sdk-go-v2/1.{n}.0"),
    "ci": ("aws-cli/2.{n}.0 md/awscrt#0.20 os/linux", "APN/1.0 HashiCorp/1.0 Terraform/1.{n}.0"),
    "person": ("Mozilla/5.0 (Macintosh) AppleWebKit/537.36 Chrome/12{n}", "aws-cli/2.{n}.0"),
    "user": ("aws-cli/1.{n}.0 Python/3.8", "S3Browser/9.{n}"),
    "partner": ("Boto3/1.{n} partner-sync",),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a world is; equal plans make equal worlds."""

    seed: int = 1
    accounts: int = 3
    roles: int = 60
    users: int = 6


def draw(plan: Plan) -> World:
    """The world of a plan."""
    return _Drawing(plan).world()


@dataclass
class _Drawing:
    plan: Plan
    rng: random.Random = field(init=False)
    roles: dict[str, dict[str, Role]] = field(default_factory=dict)
    users: dict[str, dict[str, User]] = field(default_factory=dict)
    resources: dict[str, dict[str, Resource]] = field(default_factory=dict)
    things: dict[str, Things] = field(default_factory=dict)
    actors: list[Actor] = field(default_factory=list)
    habits: list[Habit] = field(default_factory=list)
    needs: dict[tuple[str, str, str], Need] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"world {self.plan}")

    def world(self) -> World:
        ids = [f"{111111111111 * (n + 1) % 10**12:012}" for n in range(self.plan.accounts)]
        for number in ids:
            self.roles[number], self.users[number], self.resources[number] = {}, {}, {}
            self.things[number] = families_of(number, self.plan.roles // len(ids), self.rng)
            self._targets(number, ids)
        for place in range(self.plan.roles):
            job = self.rng.choices(JOBS, [job.share for job in JOBS])[0]
            self._role(place, job, ids[place % len(ids)], ids)
        for place in range(self.plan.users):
            self._user(place, ids[place % len(ids)])
        for number in ids:
            self._unused(number)
        for family in (f for number in ids for f in self.things[number].get("key", ())):
            root = {"AWS": f"arn:aws:iam::{family.account}:root"}
            whole = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
            self.resources[family.account][family.arn] = Resource(family.arn, document(whole))
        estate = self._estate(ids)
        self.habits += self._refused(estate)
        return World(
            estate,
            tuple(self.actors),
            tuple(self.habits),
            tuple(self.needs.values()),
            tuple(f for number in ids for each in self.things[number].values() for f in each),
        )

    def _estate(self, ids: Sequence[str]) -> Estate:
        accounts = {
            number: Account(
                number,
                users=self.users[number],
                roles=self.roles[number],
                resources=self.resources[number],
                saml_providers={
                    f"arn:aws:iam::{number}:saml-provider/sso": SamlProvider(
                        "sso", f"SAML{number}", _BORN, _BORN + timedelta(days=3650), ""
                    )
                },
            )
            for number in ids
        }
        leave = document(
            {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
            {
                "Effect": "Deny",
                "NotAction": ["iam:*", "sts:*", "s3:*", "organizations:*", "support:*"],
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": [REGION, "eu-west-1"]}},
            },
        )
        policies = {
            "p-FullAWSAccess": ("FullAWSAccess", FULL_ACCESS),
            "p-guardrails": ("guardrails", leave),
        }
        boss = "999999999999"  # holds nothing else
        organization = Organization(
            "o-synthetic1",
            boss,
            {"r-ab12": OrgUnit("r-ab12", "Root"), "ou-ab12-workload": OrgUnit("ou-ab12-workload", "Work", "r-ab12")},  # noqa: E501
            {boss: OrgAccount(boss, "management", "r-ab12")}
            | {n: OrgAccount(n, f"work-{n[:1]}", "ou-ab12-workload") for n in ids},
            {key: OrgPolicy(key, *told, "")
             for key, told in {k: (n, "SERVICE_CONTROL_POLICY", t) for k, (n, t) in policies.items()}.items()},  # noqa: E501
            dict.fromkeys(("r-ab12", *ids), ("p-FullAWSAccess",))
            | {"ou-ab12-workload": ("p-FullAWSAccess", "p-guardrails")},
        )  # fmt: skip
        return Estate(accounts).with_organization(organization)

    def _refused(self, estate: Estate) -> Iterator[Habit]:
        """Calls that somebody tries in vain: nobody allows them, and nobody needs them."""
        for index, actor in enumerate(self.actors):
            if actor.runs == "service" or self.rng.random() > 0.3:
                continue
            call = CALLS[self.rng.choice(_TRIED)]
            kind = {"s3": "object", "dynamodb": "table", "lambda": "function"}[call.source]
            family = self.rng.choice(self.things[actor.account][kind])
            if all(self._denied(estate, actor, *ask) for ask in call.asks(family.item(0))):
                weight = RARE * 10 * self.rng.random()
                yield Habit(index, call, family, weight, error="AccessDenied")

    @staticmethod
    def _denied(estate: Estate, actor: Actor, action: str, resource: str) -> bool:
        request = Request(identify(actor.arn, estate), action, resource)
        found = authorize(estate, request)
        return not found.allowed and not found.undecided

    def _id(self, prefix: str) -> str:
        return prefix + "".join(
            self.rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(17)
        )

    def _targets(self, number: str, ids: Sequence[str]) -> None:
        """A role in each account that the others' deployments may take up."""
        name = "deploy-target"
        people = [f"arn:aws:iam::{each}:root" for each in ids]
        self._add_role(number, name, trust({"AWS": people}), {}, ())
        arn = f"arn:aws:iam::{number}:role/{name}"
        kinds = dict(self.things[number])
        kinds["role"] = (Family("role", number, arn),)
        self.things[number] = kinds

    def _add_role(
        self,
        account: str,
        name: str,
        trusts: str,
        inline: Mapping[str, str],
        attached: tuple[str, ...],
        path: str = "/",
    ) -> Role:
        created = _BORN + timedelta(days=self.rng.randrange(300))
        made = Role(name, self._id("AROA"), created, TrustPolicy(trusts), path, inline, attached)
        self.roles[account][name] = made
        return made

    def _role(self, place: int, job: Job, account: str, ids: Sequence[str]) -> None:
        name = f"{job.name}-{self.rng.choice('abcdefgh')}{place}"
        path = "/aws-reserved/sso.amazonaws.com/" if job.runs == "person" else "/"
        arn = f"arn:aws:iam::{account}:role{path}{name}"
        where, condition = self._place(job.runs, place)
        volume = job.volume * self.rng.paretovariate(1.2)
        index = len(self.actors)
        wanted = self._wishes(index, arn, job, account, ids, volume)
        inline, attached = granting(wanted, condition, self.rng)
        made = self._add_role(
            account, name, self._trusting(job, account, ids), inline, attached, path
        )
        count = {"lambda": 1, "ci": 40, "person": 6, "partner": 2}.get(job.runs, 12)
        sessions = tuple(self._session(job.runs, name, n) for n in range(count))
        mfa = job.runs == "person"
        self.actors.append(
            Actor(arn, made.id, account, REGION, job.runs, where, sessions, mfa)
        )  # fmt: skip
        if job.runs in _SERVICES:
            self._started(job.runs, arn, account, volume)

    def _started(self, runs: str, arn: str, account: str, volume: float) -> None:
        """The service that takes up the role, which CloudTrail records too."""
        place = Place((_SERVICES[runs],), (_SERVICES[runs],))
        self.actors.append(Actor(_SERVICES[runs], "", account, REGION, "service", place))
        family = Family("role", account, arn)
        weight = 20 * volume
        self.habits.append(Habit(len(self.actors) - 1, CALLS["sts:AssumeRole"], family, weight))

    def _trusting(self, job: Job, account: str, ids: Sequence[str]) -> str:
        if job.runs in _SERVICES:
            return trust({"Service": _SERVICES[job.runs]})
        if job.runs == "person":
            provider = f"arn:aws:iam::{account}:saml-provider/sso"
            return trust({"Federated": provider}, "sts:AssumeRoleWithSAML")
        return trust({"AWS": f"arn:aws:iam::{self.rng.choice(ids)}:root"})

    def _session(self, runs: str, name: str, number: int) -> str:
        if runs == "lambda":
            return name
        if runs == "ec2":
            return f"i-{self.rng.getrandbits(68):017x}"
        if runs == "person":
            return f"{self.rng.choice(('ana', 'ben', 'eva', 'kim', 'lee', 'max'))}{number}@acme.example"  # noqa: E501
        return f"{runs}-{self.rng.getrandbits(32):08x}"

    def _place(self, runs: str, number: int) -> tuple[Place, Mapping[str, Any] | None]:
        """Where an actor calls from, and a condition that is true there."""
        rng = self.rng
        agents = tuple(
            template.replace("{n}", str(rng.randrange(60)))
            for template in _AGENTS[runs]
            for _ in range(3)
        )
        if runs in {"ec2", "partner"}:
            endpoint = f"vpce-{rng.getrandbits(68):017x}"
            addresses = tuple(f"10.{number % 200}.{rng.randrange(8)}.{n + 4}" for n in range(24))
            return (
                Place(addresses, agents, endpoint),
                {"StringEquals": {"aws:SourceVpce": endpoint}},
            )
        if runs in {"person", "user"}:
            addresses = tuple(f"203.0.113.{rng.randrange(1, 250)}" for _ in range(30))
            return Place(addresses, agents), {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
        addresses = tuple(
            f"{rng.randrange(13, 60)}.{rng.randrange(250)}.{rng.randrange(250)}.{n}"
            for n in range(200)
        )
        return Place(addresses, agents), None

    def _wishes(
        self, index: int, arn: str, job: Job, account: str, ids: Sequence[str], volume: float
    ) -> list[Need]:
        found: list[Need] = []
        for wish in job.wishes:
            if wish.optional and self.rng.random() < 0.5:
                continue
            families = self._families(wish.kind, account, ids, arn)
            for family in families:
                for name, rate in wish.calls:
                    habit = Habit(index, CALLS[name], family, rate * volume * self.rng.random())
                    found += self._take_up(habit, arn)
                    if wish.kind == "key" and job.runs == "lambda":
                        # What a service decrypts for the caller is a call of the caller, too.
                        self.habits.append(replace(habit, via="s3.amazonaws.com"))
        return found

    def _families(
        self, kind: str, account: str, ids: Sequence[str], arn: str
    ) -> Iterator[Family]:  # fmt: skip
        if kind == "own-role":
            yield Family("role", account, arn)
            return
        if kind == "log-stream":
            name = arn.rsplit("/", 1)[-1]
            group = f"arn:aws:logs:{REGION}:{account}:log-group:/aws/lambda/{name}"
            yield Family(kind, account, f"{group}:log-stream:{{n}}", 30)
            return
        foreign = kind == "foreign-object"
        owner = self.rng.choice([i for i in ids if i != account] or ids) if foreign else account
        if kind == "role":
            owner = self.rng.choice(ids)
        known = self.things[owner]["object" if foreign else kind]
        # Whole families in some need, one member in others.
        for family in self.rng.sample(known, min(len(known), self.rng.choice((1, 1, 1, 2)))):
            if foreign:
                self._share(owner, family, arn)
            if (
                family.kind in {"table", "parameter"}
                and family.size > 1
                and self.rng.random() < 0.5
            ):
                yield replace(family, arn=family.item(self.rng.randrange(family.size)), size=1)
            else:
                yield family

    def _share(self, owner: str, family: Family, arn: str) -> None:
        """A bucket policy that lets a partner's role in."""
        bucket = family.arn.split("/", 1)[0]
        known = self.resources[owner].get(bucket)
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{arn.split(':')[4]}:root"},
            "Action": "s3:GetObject",
            "Resource": f"{bucket}/*",
        }
        if known is None:
            self.resources[owner][bucket] = Resource(bucket, document(statement))

    def _take_up(self, habit: Habit, arn: str) -> Iterator[Need]:
        self.habits.append(habit)
        for action, resource in habit.call.asks(habit.family.pattern):
            key = (arn, action, resource)
            held = self.needs.get(key)
            weight = habit.weight + (held.weight if held else 0)
            self.needs[key] = Need(arn, action, resource, weight)
            yield self.needs[key]

    def _user(self, place: int, account: str) -> None:
        name = f"{self.rng.choice(('legacy', 'script', 'vendor'))}-{place}"
        arn = f"arn:aws:iam::{account}:user/{name}"
        where, condition = self._place("user", place)
        index = len(self.actors)
        job = next(job for job in JOBS if job.name == "analyst")
        wanted = self._wishes(index, arn, replace(job, runs="user"), account, [account], 0.3)
        inline, attached = granting(wanted, condition, self.rng)
        made = self._add_user(account, name, inline, attached, keys=1 + place % 2)
        self.actors.append(
            Actor(arn, made.id, account, REGION, "user", where, tuple(made.keys)[:1])
        )

    def _add_user(
        self,
        account: str,
        name: str,
        inline: Mapping[str, str],
        attached: tuple[str, ...],
        keys: int,
    ) -> User:
        ids = ["AKIA" + self._id("")[:16] for _ in range(keys)]
        made = {key: AccessKey(key, Secret(""), _BORN) for key in ids}
        user = User(name, self._id("AIDA"), _BORN, "/", inline, attached, keys=made)
        self.users[account][name] = user
        return user

    def _unused(self, account: str) -> None:
        """Roles and users that nobody uses any more."""
        everything = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        for name in ("old-batch", "migration-2024"):
            self._add_role(
                account, name, trust({"Service": "ec2.amazonaws.com"}), {"all": everything}, ()
            )
        self._add_user(account, "left-company", {"all": everything}, (), keys=1)
