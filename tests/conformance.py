"""The cases of ``vectors/endpoint``: an estate, a caller, a call over the wire, what comes back.

Every case has accounts, an organization and a bucket of its own: the numbers and names that the
files show are made unique, so that one endpoint can hold them all.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.endpoints import (
    MADE,
    REGION,
    Credentials,
    Failure,
    Site,
    attempt,
    credentials_of,
    message,
    send,
    zipped,
)

from clearance.model.estate import (
    FULL_ACCESS,
    AccessKey,
    Account,
    Estate,
    Group,
    ManagedPolicy,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    PolicyVersion,
    Resource,
    Role,
    Secret,
    TrustPolicy,
    User,
)
from clearance.model.function import (
    Alias,
    Function,
    FunctionConfiguration,
    FunctionPolicy,
    FunctionUrl,
)
from clearance.wire.sigv4 import sign

VECTORS: Final = Path(__file__).parent / "vectors" / "endpoint"
A: Final = "111111111111"
B: Final = "222222222222"
MANAGEMENT: Final = "999999999999"

# The code of every function of the cases; whoever serves them must `keep_code`.
CODE: Final = zipped("def handler(event, context):\n    return {'statusCode': 200}\n")

# What is answered to a call that may be made, behind the gate: nobody made the thing itself.
BEYOND: Final = frozenset(
    {
        "404",
        "NoSuchBucketPolicy",
        "NoSuchKey",
        "NotFoundException",
        "NotImplemented",
        "ResourceNotFoundException",
    }
)

# What a service answers when it says no: code and status.
DENIALS: Final = {
    "lambda": ("AccessDeniedException", 403),
    "iam": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    "s3": ("AccessDenied", 403),
    "sqs": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "dynamodb": ("AccessDeniedException", 400),
    "kms": ("AccessDeniedException", 400),
    "organizations": ("AccessDeniedException", 400),
    "secretsmanager": ("AccessDeniedException", 400),
    "cloudtrail": ("AccessDeniedException", 400),
    "url": ("AccessDeniedException", 403),
}


@dataclass(frozen=True)
class Case:
    """One case, with names of its own."""

    topic: str
    number: int
    raw: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The case in a test's name."""
        known = f"[{self.raw['id']}] " if "id" in self.raw else ""
        return f"{self.topic}: {known}{self.raw['name']}"

    @cached_property
    def own(self) -> Mapping[str, Any]:
        """The case with accounts, organization and bucket that no other case has."""
        text = json.dumps(self.raw)
        for shown, own in self.names.items():
            text = text.replace(shown, own)
        found: Mapping[str, Any] = json.loads(text)
        return found

    @property
    def names(self) -> Mapping[str, str]:
        """What the file shows, and what this case calls it."""
        n = f"{self.number:04}"
        return {
            A: f"1{n}1111111",
            B: f"2{n}2222222",
            MANAGEMENT: f"9{n}9999999",
            "111122223333": f"3{n}3333333",
            "444455556666": f"4{n}4444444",
            "o-exampleorg": f"o-example{n}",
            "o-a1b2c3d4e5": f"o-a1b2c3{n}",
            "amzn-s3-demo-bucket": f"amzn-s3-demo-bucket-{n}",
        }


def cases(*topics: str) -> Iterator[Case]:
    """Every case of these files, or of all."""
    number = 0
    for path in sorted(VECTORS.glob("*.json")):
        for raw in json.loads(path.read_text("utf-8"))["cases"]:
            number += 1
            if not topics or path.stem in topics:
                yield Case(path.stem, number, raw)


# --- the estate -----------------------------------------------------------------------------------


def estate_of(found: Sequence[Case]) -> Estate:
    """Everything all cases need, in one estate."""
    accounts: dict[str, Account] = {}
    organizations: dict[str, Organization] = {}
    for case in found:
        given = case.own["estate"]
        for number, content in given["accounts"].items():
            accounts[number] = _account(number, content)
        if "organization" in given:
            made = _organization(case.names["o-exampleorg"], given["organization"])
            organizations[made.id] = made
            for number in made.accounts:
                accounts.setdefault(number, _account(number, {}))
    return Estate(accounts, organizations)


def text_of(policy: Any) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def texts(policies: Mapping[str, Any]) -> dict[str, str]:
    return {name: text_of(policy) for name, policy in policies.items()}


def key_for(account: str, name: str, *, active: bool = True) -> AccessKey:
    """The access key of a user; root's name is empty."""
    letters = "".join(c for c in name.upper() if c.isalpha())[:4]
    place = "".join(chr(ord("A") + int(digit)) for digit in account)
    return AccessKey(
        f"AKIA{letters:X<4}{place}", Secret(f"{account}/{name:x<27.27}"), MADE, active=active
    )


def _account(number: str, given: Mapping[str, Any]) -> Account:
    boundaries: dict[str, ManagedPolicy] = {}

    def bounded(name: str, content: Mapping[str, Any]) -> str | None:
        if "boundary" not in content:
            return None
        arn = f"arn:aws:iam::{number}:policy/{name}-boundary"
        version = PolicyVersion("v1", text_of(content["boundary"]), MADE)
        boundaries[arn] = ManagedPolicy(
            f"{name}-boundary", f"ANPA{len(boundaries):017}", MADE, MADE, {"v1": version}
        )
        return arn

    users, roles = {}, {}
    for name, content in given.get("users", {}).items():
        key = key_for(number, name, active=content.get("active", True))
        users[name] = User(
            name,
            content.get("id", f"AIDA{name.upper():X<17.17}"),
            MADE,
            path=content.get("path", "/"),
            inline=texts(content.get("inline", {})),
            attached=tuple(content.get("attached", ())),
            groups=tuple(content.get("groups", ())),
            boundary=bounded(name, content),
            keys={key.id: key},
            tags=content.get("tags", {}),
        )
    for name, content in given.get("roles", {}).items():
        roles[name] = Role(
            name,
            content.get("id", f"AROA{name.upper():X<17.17}"),
            MADE,
            TrustPolicy(text_of(content["trust"]), content.get("pins", {})),
            path=content.get("path", "/"),
            inline=texts(content.get("inline", {})),
            attached=tuple(content.get("attached", ())),
            boundary=bounded(name, content),
            tags=content.get("tags", {}),
        )
    functions = [_function(number, n, c) for n, c in given.get("functions", {}).items()]
    root = key_for(number, "")
    return Account(
        number,
        users=users,
        roles=roles,
        groups={
            name: Group(name, f"AGPA{name.upper():X<17.17}", MADE, inline=texts(c["inline"]))
            for name, c in given.get("groups", {}).items()
        },
        policies=boundaries
        | {
            arn: ManagedPolicy(
                arn.rsplit("/", 1)[-1],
                f"ANPA{place:017}",
                MADE,
                MADE,
                {"v1": PolicyVersion("v1", text_of(policy), MADE)},
            )
            for place, (arn, policy) in enumerate(given.get("policies", {}).items(), 100)
        },
        functions={f.key: f for f in functions},
        resources={
            arn: Resource(
                arn,
                text_of(c["policy"]) if "policy" in c else None,
                c.get("tags"),
                c.get("attributes", {}),
            )
            for arn, c in given.get("resources", {}).items()
        },
        root_keys={root.id: root},
    )


def _function(account: str, name: str, given: Mapping[str, Any]) -> Function:
    policies = given.get("policy", {})
    if "Statement" in policies or isinstance(policies, str):
        policies = {"": policies}
    latest = FunctionConfiguration(
        f"arn:aws:iam::{account}:role/{name}-role",
        "python3.11",
        "app.handler",
        hashlib.sha256(CODE).hexdigest(),
        len(CODE),
        base64.b64encode(hashlib.sha256(CODE).digest()).decode(),
        MADE,
        "00000000-0000-0000-0000-000000000000",
    )
    return Function(
        name,
        given.get("region", REGION),
        latest,
        versions=dict.fromkeys(given.get("versions", ()), latest),
        aliases={a: Alias(a, v, "r") for a, v in given.get("aliases", {}).items()},
        policies={q: FunctionPolicy(text_of(p), "r") for q, p in policies.items()},
        urls={
            q: FunctionUrl(f"{name}{account}".ljust(32, "x"), auth, MADE, MADE)
            for q, auth in given.get("urls", {}).items()
        },
        tags=given.get("tags", {}),
    )


def _organization(identity: str, given: Mapping[str, Any]) -> Organization:
    """A root, one unit, and the members in it; policies hang on the three levels."""
    management = given["management"]
    policies: dict[str, OrgPolicy] = {}
    attachments: dict[str, tuple[str, ...]] = {}
    root, unit = "r-exam", "ou-exam-workload"
    first = given.get("account") or given["members"][0]
    for kind, short, member in (
        ("SERVICE_CONTROL_POLICY", "s", "scps"),
        ("RESOURCE_CONTROL_POLICY", "r", "rcps"),
    ):
        levels = given.get(member, [[FULL_ACCESS]] * 3 if short == "s" else [])
        for level, texts_ in enumerate(levels, 1):
            target = (root, unit, first)[level - 1]
            for place, text in enumerate(texts_, 1):
                policy = OrgPolicy(
                    f"p-{short}cp{level}{place:07}", f"{member}-{level}-{place}", kind,
                    text_of(text),
                )  # fmt: skip
                policies[policy.id] = policy
                attachments[target] = (*attachments.get(target, ()), policy.id)
    full = OrgPolicy(
        "p-FullAWSAccess", "FullAWSAccess", "SERVICE_CONTROL_POLICY", FULL_ACCESS,
        aws_managed=True,
    )  # fmt: skip
    policies[full.id] = full
    for member in (*given["members"], management):
        if member != first:
            attachments[member] = (*attachments.get(member, ()), full.id)
    return Organization(
        identity,
        management,
        units={root: OrgUnit(root, "Root"), unit: OrgUnit(unit, "Workloads", root)},
        accounts={
            **{m: OrgAccount(m, m, unit) for m in given["members"]},
            management: OrgAccount(management, "management", root),
        },
        policies=policies,
        attachments=attachments,
    )


# --- the caller -----------------------------------------------------------------------------------


def caller(site: Site, who: Any) -> Credentials:  # noqa: C901 - one kind of caller a branch
    """The credentials of a case's caller; sessions are made by real calls."""
    if who == "anonymous":
        return Credentials()
    if isinstance(who, str):
        account, _, name = who.partition("/")
        return credentials_of(key_for(account, name))
    if "key" in who:
        return Credentials(who["key"], "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    if "user" in who:
        found = caller(site, who["user"])
        return Credentials(found.key, who.get("secret", found.secret))
    sts = site.client("sts", caller(site, who["by"]))
    options: dict[str, Any] = {}
    if "policy" in who:
        options["Policy"] = text_of(who["policy"])
    if "policy_arns" in who:
        options["PolicyArns"] = [{"arn": arn} for arn in who["policy_arns"]]
    if "tags" in who:
        options["Tags"] = [{"Key": k, "Value": v} for k, v in who["tags"].items()]
    if "role" in who:
        options |= who.get("more", {})
        made = sts.assume_role(
            RoleArn=who["role"], RoleSessionName=who.get("session", "s1"), **options
        )
    elif "federated" in who:
        made = sts.get_federation_token(Name=who["federated"], **options)
    else:
        made = sts.get_session_token()
    given = made["Credentials"]
    token: str = given["SessionToken"]
    if who.get("tamper"):
        token = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], token)


# --- the call -------------------------------------------------------------------------------------


def perform(site: Site, case: Case) -> Any:
    """What the call of a case came back with, or its `Failure`."""
    given = case.own["call"]
    who = caller(site, case.own["as"])
    if "url" in given:
        return _open(site, who, given)
    if "run" in given:
        return _run(site, who, given)
    answer: Any = None
    for step in (*given.get("before", ()), given):
        service = site.client(step["service"], who, step.get("region", REGION))
        answer = attempt(getattr(service, step["operation"]), **_input(step["input"]))
    return answer


def _input(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _input(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_input(v) for v in value]
    return zipped("def handler(event, context):\n    return event\n") if value == "@zip" else value


def _run(site: Site, who: Credentials, given: Mapping[str, Any]) -> Any:
    """Make a function of the code, run it, give what it returned."""
    functions = site.client("lambda", who)
    functions.create_function(
        FunctionName="new",
        Role=given["role"],
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": zipped(given["run"])},
        Timeout=30,
    )
    return json.loads(functions.invoke(FunctionName="new")["Payload"].read())


def _open(site: Site, who: Credentials, given: Mapping[str, Any]) -> Any:
    """Ask for a function URL, signed if the caller has a key."""
    account, name = given["url"].split("/")
    host = f"{name}{account}".ljust(32, "x") + f".lambda-url.{REGION}.localhost"
    asked = message("GET", "/", host=f"{host}:{urlsplit(site.url).port}")
    if who.key:
        asked = sign(
            asked,
            who.key,
            who.secret,
            site.started.world.now(),
            region=REGION,
            service="lambda",
            session_token=who.token,
        )
    answer = send(site.url, asked)
    if answer.status == 403:
        code = answer.headers["x-amzn-errortype"]
        said = json.loads(answer.body)
        return Failure(code, said.get("Message") or said.get("message"), 403)
    assert answer.status == 200, answer
    return answer


def keep_code(site: Site) -> None:
    """Put the functions' code where the functions say it is."""
    site.started.store.put_blob(CODE)


# --- the verdict ----------------------------------------------------------------------------------


def problem(case: Case, answer: Any) -> str | None:
    """What is wrong with an answer, or None."""
    expect = case.own["expect"]
    if expect == "ALLOW":
        return None if passed(answer) else f"not allowed: {answer}"
    if "returns" in expect:
        return None if answer == expect["returns"] else f"it returned {answer!r}"
    if not isinstance(answer, Failure):
        return f"allowed: {answer}"
    code, status = DENIALS[case.own["call"].get("service", "url")]
    code, status = expect.get("code", code), expect.get("status", status)
    if (answer.code, answer.status) != (code, status):
        return f"{answer} is not {code}, {status}"
    words = expect.get("deny", expect.get("message"))
    if words is not None and answer.message != words:
        return f"\n  {answer.message}\nis not\n  {words}"
    return None


def passed(answer: Any) -> bool:
    """True when the call was authorized: done, or about something that is not there."""
    if isinstance(answer, Failure):
        return answer.code in BEYOND
    return True


# --- the page -------------------------------------------------------------------------------------

PAGE: Final = Path(__file__).parent.parent / "docs" / "conformance.md"
_TITLES: Final = {
    "emulators": "The cases on which emulators were compared",
    "layers": "Layers",
    "conditions": "Conditions",
    "cross_account": "Across accounts",
    "trust": "Trust policies and sts:AssumeRole",
    "sessions": "Sessions",
    "pass_role": "iam:PassRole and dependent actions",
    "organizations": "Service and resource control policies",
    "function_urls": "Function URLs",
}


def page() -> str:
    """The table of all cases, as ``docs/conformance.md``."""
    found = list(cases())
    lines = [
        "# Conformance",
        "",
        f"{len(found)} authorization cases, each played against a running endpoint by boto3 over a",
        "socket (function URLs: by signed HTTP). A case passes when the answer is AWS's: let",
        "through, or refused with AWS's code, status and, where a sentence is given, that sentence",
        "to the letter. The cases are data in `tests/vectors/endpoint/`; rules are those of",
        "`docs/rules.md`. This page is generated: `python -m tests.conformance`.",
        "",
        "The right answers come from AWS's documentation, which each file names, not from a live",
        "account.",
    ]
    for topic in sorted({c.topic for c in found}, key=list(_TITLES).index):
        content = json.loads((VECTORS / f"{topic}.json").read_text("utf-8"))
        lines += ["", f"## {_TITLES[topic]}", "", content["about"], ""]
        lines += [f"Source: {', '.join(f'<{s}>' for s in content['source'])}", ""]
        lines += ["| case | rule | caller | call | answer |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(case.raw) for case in found if case.topic == topic]
    return "\n".join(lines) + "\n"


def _row(raw: Mapping[str, Any]) -> str:
    name = f"{raw['name']} (`{raw['id']}`)" if "id" in raw else raw["name"]
    cells = (name, ", ".join(raw["rules"]), _who(raw["as"]), _what(raw["call"]), _answer(raw))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _who(who: Any) -> str:
    if isinstance(who, str):
        account, _, name = who.partition("/")
        if who == "anonymous":
            return who
        where = {A: "A", B: "B", MANAGEMENT: "the management account"}[account]
        return f"{'user ' + name if name else 'root'} of {where}"
    if "role" in who:
        return f"session of role {who['role'].rsplit('/', 1)[-1]}"
    if "federated" in who:
        return f"federated user {who['federated']}"
    if "token_of" in who:
        return f"session token of {_who(who['token_of'])}"
    return "an unknown key" if "key" in who else f"{_who(who['user'])}, wrong secret"


def _what(call: Mapping[str, Any]) -> str:
    if "url" in call:
        return "GET the URL"
    if "run" in call:
        return "run a function"
    return f"`{call['service']} {call['operation'].replace('_', '-')}`"


def _answer(raw: Mapping[str, Any]) -> str:
    expect = raw["expect"]
    if expect == "ALLOW":
        return "**allowed**"
    if "returns" in expect:
        return "ran; the function was denied"
    words = expect.get("deny") or expect.get("message") or ""
    for mark in (" because ", " with an explicit deny"):
        if mark in words:
            words = words[words.index(mark) :].strip()
            break
    else:
        words = "no reason given" if words.startswith("User:") else words
    code = expect.get("code")
    return f"denied{f' `{code}`' if code else ''}{f': {words}' if words else ''}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
