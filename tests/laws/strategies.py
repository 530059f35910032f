"""Estates, policies and requests made to collide: a small vocabulary, all operators."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st

from clearance.decide import Options, PolicySet
from clearance.decide.attach import attach
from clearance.decide.identify import identify
from clearance.model.estate import (
    Account,
    Estate,
    Grant,
    Group,
    ManagedPolicy,
    OrgAccount,
    Organization,
    OrgPolicy,
    OrgUnit,
    PolicyVersion,
    Resource,
    Role,
    TrustPolicy,
    User,
    VpcEndpoint,
)
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Principal, PrincipalKind, Session
from clearance.model.request import Context, Request

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME, AWAY, STRANGER = "111111111111", "222222222222", "333333333333"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/k1"
TOPIC = f"arn:aws:sns:us-east-1:{HOME}:ana"
ROLE_ARNS = tuple(f"arn:aws:iam::{a}:role/team/app" for a in (HOME, AWAY))
USER_ARNS = tuple(f"arn:aws:iam::{a}:user/ana" for a in (HOME, AWAY))
SERVICE_LINKED = f"arn:aws:iam::{HOME}:role/aws-service-role/x.amazonaws.com/Linked"

ACTIONS = st.sampled_from(
    [
        "s3:GetObject", "s3:getobject", "s3:PutBucketPolicy", "sns:Publish", "kms:Decrypt",
        "kms:PutKeyPolicy", "sts:AssumeRole", "sts:TagSession", "sts:GetCallerIdentity",
        "iam:PassRole", "iam:GetUser", "sqs:SetQueueAttributes", "lambda:InvokeFunction",
        "s3:ListAllMyBuckets", "none:Such",
    ]
)  # fmt: skip
ACTION_PATTERNS = st.sampled_from(
    [
        "*", "*:*", "s3:*", "S3:Get*", "s3:GetObject", "s3:?etObject", "s*:*", "sns:Pub*sh",
        "kms:Decrypt", "kms:*", "sts:AssumeRole", "sts:*", "iam:*", "sqs:*", "lambda:Invoke*",
        "?ns:Publish", "*:GetObject",
    ]
)  # fmt: skip
RESOURCES = st.sampled_from(
    [
        "*", "arn:aws:s3:::photos/ana/cat.jpg", "arn:aws:s3:::photos", TOPIC, KEY, *ROLE_ARNS,
        f"arn:aws:sqs:us-east-1:{AWAY}:jobs", f"arn:aws-cn:sns:cn-north-1:{HOME}:ana",
        f"arn:aws:lambda:us-east-1:{AWAY}:function:f", SERVICE_LINKED, "not an arn",
        "arn:aws:s3:::ünï/💥",
    ]
)  # fmt: skip
RESOURCE_PATTERNS = st.sampled_from(
    [
        "*", "*", "arn:aws:s3:::photos/*", "arn:aws:s3:::*", "arn:aws:s3", "arn:*:*:*:*:*",
        "arn:aws:s3:::photos/${aws:username}/*", "arn:aws:sns:*:*:${aws:PrincipalTag/team, 'ana'}",
        TOPIC, KEY, f"arn:aws:iam::{HOME}:role/*", "arn:aws:iam::*:role/team/?pp", "*a*t*",
        "arn:aws:s3:::photos/${*}", "arn:aws:sns:us-east-1:*:${none:such}", *ROLE_ARNS,
        "arn:aws:s3:::ünï/?", "arn:aws:lambda:*:*:function:f",
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "aws:username", "aws:PrincipalArn", "AWS:principaltag/team", "aws:PrincipalTag/none",
        "aws:ResourceTag/team", "aws:ResourceAccount", "aws:PrincipalOrgID", "aws:SourceIp",
        "aws:CurrentTime", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:userid",
        "aws:TagKeys", "aws:SourceVpce", "aws:SourceVpc", "aws:ViaAWSService", "aws:PrincipalType",
        "s3:prefix", "x:Custom", "aws:SourceArn", "aws:RequestedRegion", "aws:CalledViaFirst",
        "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalIsAWSService",
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        "ana", "Ana", "a*", "*", "?na", "", "true", "FALSE", "1", "10", "-2.5e3", "0.1",
        "2026-03-01T12:00:00Z", "2025-01-01", "1772366400", "203.0.113.7", "203.0.113.0/24",
        "2001:db8::1", "2001:db8::/32", "0.0.0.0/0", HOME, AWAY, "o-abc", "User", "AssumedRole",
        "us-east-1", TOPIC, "arn:aws:iam::*:role/*", "arn:aws:iam::*:*", *USER_ARNS, *ROLE_ARNS,
        "aGk=", "vpce-1", "vpc-1", "red", "blue", "${aws:username}", "x${aws:PrincipalTag/team}*",
        "${aws:PrincipalTag/none, 'red'}", "${x:Custom}", "ΑΣ", "ß", "İ", "é", "e\u0301",
        "\U0001f4a5", "o-abc/r-1/*", "٣", "AIDA:x", "1e9999",
    ]
)  # fmt: skip
PLAIN_VALUES = VALUES.filter(lambda text: "${" not in text)
OPERATOR_NAMES = tuple(OPERATORS)


def _doc(value: Mapping[str, Any]) -> str:
    return json.dumps(value)


@st.composite
def condition_blocks(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    block: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        base = draw(st.sampled_from(OPERATOR_NAMES))
        prefix = draw(st.sampled_from(["", "", "", "ForAnyValue:", "ForAllValues:"]))
        null = OPERATORS[base].family is Family.NULL
        suffix = "" if null else draw(st.sampled_from(["", "", "IfExists"]))
        values: Any = draw(st.lists(VALUES, max_size=3))
        if null:
            values = draw(st.sampled_from(["true", "false", "odd", [], ["true", "false"]]))
        block[f"{prefix}{base}{suffix}"] = {draw(KEYS): values}
    return block


@st.composite
def statements(draw: st.DrawFn, *, who: bool = False, where: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    action = draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))
    found[action] = draw(st.lists(ACTION_PATTERNS, min_size=1, max_size=3))
    if where:
        resource = draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))
        found[resource] = draw(st.lists(RESOURCE_PATTERNS, max_size=3) | st.just("*"))
    if who:
        name = draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))
        if not where:
            name = "Principal"
        found[name] = draw(principal_elements())
    if block := draw(condition_blocks()):
        found["Condition"] = block
    return found


@st.composite
def principal_elements(draw: st.DrawFn) -> Any:
    if draw(st.booleans()):
        return "*"
    aws = draw(
        st.lists(
            st.sampled_from(
                [
                    "*", HOME, f"arn:aws:iam::{AWAY}:root", *USER_ARNS, *ROLE_ARNS,
                    f"arn:aws:sts::{HOME}:assumed-role/app/s1", "AIDAANAHOMEXXXXXXXXXX",
                    f"arn:aws:sts::{HOME}:federated-user/fed",
                ]
            ),
            min_size=1,
            max_size=3,
        )
    )  # fmt: skip
    found: dict[str, Any] = {"AWS": aws}
    if draw(st.booleans()):
        found["Service"] = ["events.amazonaws.com", "lambda.amazonaws.com"]
        found["Federated"] = "accounts.google.com"
    return found


@st.composite
def documents(draw: st.DrawFn, *, who: bool = False, where: bool = True) -> str:
    if draw(st.integers(0, 40)) == 0:
        return "{ broken"
    items = draw(st.lists(statements(who=who, where=where), min_size=1, max_size=3))
    found: dict[str, Any] = {"Statement": items}
    if draw(st.integers(0, 5)):
        found["Version"] = "2012-10-17"
    return _doc(found)


def rcp_documents() -> st.SearchStrategy[str]:
    def deny(item: dict[str, Any]) -> str:
        kept = {k: v for k, v in item.items() if k not in {"NotPrincipal", "NotAction"}}
        kept.setdefault("Action", "*")
        made = {**kept, "Effect": "Deny", "Principal": "*"}
        return _doc({"Version": "2012-10-17", "Statement": made})

    return statements().map(deny)


FULL = _doc(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)
IDENTITY_TEXTS = documents() | st.just(FULL)
RESOURCE_TEXTS = documents(who=True)
TRUST_TEXTS = documents(who=True, where=False)

TAGS = st.dictionaries(
    st.sampled_from(["team", "Team", "color"]),
    st.sampled_from(["ana", "red", "", "a*"]),
    max_size=2,
)


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Two accounts, perhaps in one organization, with everything that decides."""
    accounts = [draw(accounts_of(HOME)), draw(accounts_of(AWAY))]
    estate = Estate({a.id: a for a in accounts if a.id != AWAY or draw(st.integers(0, 4))})
    if draw(st.integers(0, 2)):
        estate = estate.with_organization(draw(organizations()))
    return estate


@st.composite
def accounts_of(draw: st.DrawFn, number: str) -> Account:
    managed_arn = f"arn:aws:iam::{number}:policy/managed"
    attached = st.sampled_from([(), (), (managed_arn,), (f"{managed_arn}-gone",)])
    boundary = st.sampled_from([None, None, managed_arn, f"arn:aws:iam::{number}:policy/pb"])
    inline = st.dictionaries(st.sampled_from(["a", "b"]), IDENTITY_TEXTS, max_size=2)

    def managed(name: str) -> ManagedPolicy:
        versions = {"v1": PolicyVersion("v1", draw(IDENTITY_TEXTS), NOW)}
        return ManagedPolicy(name, "ANPA", NOW, NOW, versions)

    user = User(
        "ana", f"AIDAANA{'HOME' if number == HOME else 'AWAY'}XXXXXXXXXX", NOW,
        inline=draw(inline), attached=draw(attached), boundary=draw(boundary),
        tags=draw(TAGS), groups=draw(st.sampled_from([(), ("g",)])),
    )  # fmt: skip
    role = Role(
        "app", "AROAAPPXXXXXXXXXXXXX", NOW, TrustPolicy(draw(TRUST_TEXTS)), path="/team/",
        inline=draw(inline), attached=draw(attached), boundary=draw(boundary), tags=draw(TAGS),
    )  # fmt: skip
    linked = Role(
        "Linked", "AROALINKEDXXXXXXXXXX", NOW, TrustPolicy(draw(TRUST_TEXTS)),
        path="/aws-service-role/x.amazonaws.com/", inline={"a": FULL},
    )  # fmt: skip
    return Account(
        number,
        users={"ana": user},
        groups={"g": Group("g", "AGPA", NOW, inline=draw(inline))},
        roles={"app": role, "Linked": linked},
        policies={
            f"arn:aws:iam::{number}:policy/{name}": managed(name) for name in ("managed", "pb")
        },
        resources=draw(resources_of(number)),
        vpc_endpoints=draw(endpoints()) if number == HOME else {},
    )


@st.composite
def resources_of(draw: st.DrawFn, number: str) -> dict[str, Resource]:
    policy = st.none() | RESOURCE_TEXTS
    if number != HOME:
        arn = f"arn:aws:sqs:us-east-1:{AWAY}:jobs"
        return {arn: Resource(arn, draw(policy), draw(TAGS))}
    attributes = draw(
        st.sampled_from(
            [{}, {"RestrictPublicBuckets": "true"}, {"ObjectOwnership": "ObjectWriter"}]
        )
    )
    photo = "arn:aws:s3:::photos/ana/cat.jpg"
    grants = st.lists(
        st.builds(
            Grant,
            st.just("g1"),
            st.sampled_from([*USER_ARNS, *ROLE_ARNS]),
            st.just(("Decrypt",)),
            context_subset=st.sampled_from([{}, {"a": "b"}]),
        ),
        max_size=1,
    ).map(tuple)
    found = [
        Resource("arn:aws:s3:::photos", draw(policy), draw(TAGS), attributes),
        Resource(TOPIC, draw(policy), draw(TAGS)),
        Resource(
            KEY,
            draw(policy),
            None,
            draw(st.sampled_from([{}, {"KeyManager": "AWS"}])),
            draw(grants),
        ),
    ]
    if draw(st.booleans()):
        found.append(Resource(photo, attributes={"Owner": AWAY, "Acl": "public-read"}))
    return {one.arn: one for one in found}


@st.composite
def endpoints(draw: st.DrawFn) -> dict[str, VpcEndpoint]:
    policy = draw(st.none() | RESOURCE_TEXTS)
    return {"vpce-1": VpcEndpoint("vpce-1", "vpc-1", policy, gateway=draw(st.booleans()))}


@st.composite
def organizations(draw: st.DrawFn) -> Organization:
    management = draw(st.sampled_from([STRANGER, STRANGER, AWAY]))
    units = {"r-1": OrgUnit("r-1", "root"), "ou-1": OrgUnit("ou-1", "unit", "r-1")}
    members = {
        n: OrgAccount(n, n, draw(st.sampled_from(["r-1", "ou-1"])))
        for n in (HOME, AWAY)
        if n == HOME or draw(st.booleans())
    }
    scp, rcp = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    policies = {
        "p-FullAWSAccess": OrgPolicy("p-FullAWSAccess", "FullAWSAccess", scp, FULL),
        "p-1": OrgPolicy("p-1", "one", scp, draw(IDENTITY_TEXTS)),
        "p-2": OrgPolicy("p-2", "two", rcp, draw(rcp_documents())),
    }
    full = ("p-FullAWSAccess",)
    attachments = {
        target: draw(st.sampled_from([full, full, (*full, "p-1"), ("p-1", "p-2"), (*full, "p-2")]))
        for target in ("r-1", "ou-1", HOME, AWAY)
    }
    return Organization("o-abc", management, units, members, policies, attachments)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    return Session(
        policies=tuple(draw(st.lists(IDENTITY_TEXTS, max_size=2))),
        policy_arns=draw(st.sampled_from([(), (f"arn:aws:iam::{HOME}:policy/managed",)])),
        tags=draw(TAGS),
        issued=draw(st.sampled_from([None, NOW])),
        mfa=draw(st.sampled_from([None, True, False])),
        mfa_age_from=draw(st.sampled_from([None, datetime(2026, 3, 1, 11, 59, 50, tzinfo=UTC)])),
        source_identity=draw(st.sampled_from([None, "ana"])),
        assumed_root=draw(st.integers(0, 9)) == 0,
    )


@st.composite
def principals(draw: st.DrawFn) -> Principal:
    account = draw(st.sampled_from([HOME, HOME, AWAY, STRANGER]))
    session = draw(st.none() | sessions())
    role = f"arn:aws:iam::{account}:role/team/app"
    user = f"arn:aws:iam::{account}:user/ana"
    kinds = {
        "root": Principal(PrincipalKind.ROOT, f"arn:aws:iam::{account}:root", account),
        "user": Principal(PrincipalKind.USER, user, account, session=session),
        "role": Principal(PrincipalKind.ROLE, role, account, role_arn=role),
        "session": Principal(
            PrincipalKind.ROLE_SESSION, f"arn:aws:sts::{account}:assumed-role/app/s1", account,
            role_arn=role, session_name="s1", session=session,
        ),
        "linked": Principal(
            PrincipalKind.ROLE_SESSION, f"arn:aws:sts::{HOME}:assumed-role/Linked/s1", HOME,
            role_arn=SERVICE_LINKED, session_name="s1",
        ),
        "federated": Principal(
            PrincipalKind.FEDERATED_USER, f"arn:aws:sts::{account}:federated-user/fed", account,
            parent_arn=user, session=session,
        ),
        "web": Principal(PrincipalKind.WEB_IDENTITY, "accounts.google.com"),
        "service": Principal(PrincipalKind.SERVICE, "events.amazonaws.com"),
        "anonymous": Principal(PrincipalKind.ANONYMOUS),
    }  # fmt: skip
    found = kinds[draw(st.sampled_from(["user", "role", "session", *kinds]))]
    if draw(st.integers(0, 3)) == 0:
        found = replace(found, tags=draw(TAGS))
    return found


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    one = PLAIN_VALUES | st.booleans() | st.integers(-3, 12) | st.text(max_size=3)
    entries = draw(st.dictionaries(KEYS, one | st.lists(PLAIN_VALUES, max_size=3), max_size=4))
    return Context.of(
        entries,
        absent=draw(st.lists(KEYS | st.just("aws:PrincipalTag/"), max_size=2)),
        unknown=draw(st.lists(KEYS, max_size=2)),
        complete=draw(st.booleans()),
    )


def requests() -> st.SearchStrategy[Request]:
    return st.builds(
        Request,
        principals(),
        ACTIONS,
        RESOURCES,
        contexts(),
        st.sampled_from([None, None, None, HOME, AWAY]),
    )


def options() -> st.SearchStrategy[Options]:
    return st.builds(Options, st.booleans(), st.booleans(), st.booleans())


def _attached(texts: Sequence[str], kind: PolicyType) -> tuple[AttachedPolicy, ...]:
    return tuple(attach(text, kind, f"p{place}") for place, text in enumerate(texts))


@st.composite
def policy_sets(draw: st.DrawFn) -> PolicySet:
    def some(texts: st.SearchStrategy[str], kind: PolicyType) -> tuple[AttachedPolicy, ...]:
        return _attached(draw(st.lists(texts, max_size=2)), kind)

    def perhaps(texts: st.SearchStrategy[str], kind: PolicyType) -> Any:
        return some(texts, kind) if draw(st.booleans()) else None

    def levels(texts: st.SearchStrategy[str], kind: PolicyType) -> Any:
        count = draw(st.sampled_from([0, 0, 1, 2]))
        return tuple(some(texts, kind) for _ in range(count))

    trust = draw(st.booleans())
    return PolicySet(
        identity=some(IDENTITY_TEXTS, PolicyType.IDENTITY),
        resource=some(
            TRUST_TEXTS if trust else RESOURCE_TEXTS,
            PolicyType.TRUST if trust else PolicyType.RESOURCE,
        ),
        boundary=perhaps(IDENTITY_TEXTS, PolicyType.BOUNDARY),
        session=perhaps(IDENTITY_TEXTS, PolicyType.SESSION),
        scps=levels(IDENTITY_TEXTS, PolicyType.SCP),
        rcps=levels(rcp_documents(), PolicyType.RCP),
        vpc_endpoint=perhaps(RESOURCE_TEXTS, PolicyType.VPC_ENDPOINT),
        management_account=draw(st.booleans()),
    )


def identities(estate: Estate) -> list[Principal]:
    """Every root user, user and role."""
    arns = [
        arn
        for a in estate.accounts.values()
        for arn in (
            a.root_arn,
            *map(a.user_arn, a.users.values()),
            *map(a.role_arn, a.roles.values()),
        )
    ]
    return [identify(arn, estate) for arn in arns]
