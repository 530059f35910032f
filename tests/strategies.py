"""Small worlds in which everything meets everything: policies, callers, requests, contexts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from clearance.decide import PolicySet
from clearance.decide.attach import attach
from clearance.decide.identify import identify
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import AttachedPolicy, PolicyType
from clearance.model.principal import Session
from clearance.model.request import Context, Request

__all__ = [
    "CALLERS",
    "KEYS",
    "conditions",
    "contexts",
    "documents",
    "policy",
    "policy_sets",
    "requests",
    "statements",
]

A, B = "111122223333", "444455556666"
Json = dict[str, Any]
CALLERS = (
    f"arn:aws:iam::{A}:root",
    f"arn:aws:iam::{A}:user/ana",
    f"arn:aws:iam::{A}:role/app",
    f"arn:aws:sts::{A}:assumed-role/app/s1",
    f"arn:aws:sts::{A}:federated-user/fed",
    f"arn:aws:iam::{B}:user/bob",
    "sns.amazonaws.com",
    "anonymous",
)
ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole")
PATTERNS = (*ACTIONS, "*", "s3:*", "S3:Get*", "s3:?etObject", "*:*e*")
RESOURCES = (
    "arn:aws:s3:::b/ana/k",
    "arn:aws:s3:::b/*",
    f"arn:aws:sqs:us-east-1:{A}:q",
    f"arn:aws:kms:us-east-1:{A}:key/1234abcd",
    f"arn:aws:iam::{A}:role/app",
    "*",
)
RESOURCE_PATTERNS = (
    *RESOURCES,
    "arn:aws:s3",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/team, 'ana'}/?",
)
# Keys of the requests' contexts, with values that sometimes fit.
KEYS: dict[str, tuple[str, ...]] = {
    "aws:UserAgent": ("x", "X", "x*", ""),
    "aws:TagKeys": ("x", "y", "z"),
    "aws:SourceIp": ("203.0.113.7", "2001:db8::1", "sns.amazonaws.com"),
    "aws:SecureTransport": ("true", "False"),
    "s3:max-keys": ("1", "10", "ten"),
    "aws:MultiFactorAuthAge": ("1", "3600"),
    "aws:PrincipalTag/team": ("x", "*"),
    "lambda:FunctionArn": (f"arn:aws:lambda:us-east-1:{A}:function:f:p", "x"),
    "aws:TokenIssueTime": ("2026-01-01T00:00:00Z", "1767225600"),
}
WANTED: dict[Family, tuple[str, ...]] = {
    Family.STRING: ("x", "X*", "x*", "?", "", "${aws:UserAgent}", "${aws:PrincipalTag/team, 'x'}"),
    Family.NUMERIC: ("1", "10", "ten", "3600.0"),
    Family.DATE: ("2026-01-01T00:00:00Z", "2025-06-01", "soon"),
    Family.BOOL: ("true", "false", "maybe"),
    Family.BINARY: ("QQ==", "%"),
    Family.IP_ADDRESS: ("203.0.113.0/24", "0.0.0.0/0", "::/0", "office"),
    Family.ARN: ("*", "arn:aws:lambda:*:*:function:*", "arn:aws:*:f:p", "x"),
    Family.NULL: ("true", "false"),
}


def some(values: tuple[str, ...], least: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3)


@st.composite
def conditions(draw: st.DrawFn) -> Json:
    """A Condition block of one or two operators."""
    block: Json = {}
    for name in draw(some(tuple(OPERATORS), least=0)):
        quantifier = draw(st.sampled_from(("", "", "ForAnyValue:", "ForAllValues:")))
        suffix = draw(st.sampled_from(("", "", "IfExists"))) if name != "Null" else ""
        values = draw(some(WANTED[OPERATORS[name].family], least=0))
        block[f"{quantifier}{name}{suffix}"] = {draw(st.sampled_from(tuple(KEYS))): values}
    return block


@st.composite
def statements(draw: st.DrawFn, *, principals: bool = False, effect: str | None = None) -> Json:
    """A statement, with or without Principal."""
    chosen = effect or draw(st.sampled_from(("Allow", "Deny")))
    negated = st.sampled_from(("", "", "", "Not"))
    found: Json = {"Effect": chosen}
    if principals:
        named: Any = draw(st.sampled_from(("*", None)))
        if named is None:
            named = {"AWS": draw(some((*CALLERS[:6], A, B, "*")))}
            if draw(st.booleans()):
                named["Service"] = "sns.amazonaws.com"
        found[f"{draw(negated)}Principal"] = named
    found[f"{draw(negated)}Action"] = draw(some(PATTERNS))
    found[f"{draw(negated)}Resource"] = draw(some(RESOURCE_PATTERNS))
    if block := draw(conditions()):
        found["Condition"] = block
    return found


@st.composite
def documents(draw: st.DrawFn, *, principals: bool = False) -> Json:
    """A policy of one to three statements."""
    version = draw(st.sampled_from(("2012-10-17", "2012-10-17", "2008-10-17")))
    body = draw(st.lists(statements(principals=principals), min_size=1, max_size=3))
    return {"Version": version, "Statement": body}


def policy(document: Json, kind: PolicyType = PolicyType.IDENTITY) -> AttachedPolicy:
    """The document as a policy in its place."""
    return attach(json.dumps(document), kind, "policy")


def several(kind: PolicyType, least: int = 0) -> st.SearchStrategy[tuple[AttachedPolicy, ...]]:
    named = kind in {PolicyType.RESOURCE, PolicyType.VPC_ENDPOINT}
    one = documents(principals=named).map(lambda document: policy(document, kind))
    return st.lists(one, min_size=least, max_size=2).map(tuple)


@st.composite
def policy_sets(draw: st.DrawFn) -> PolicySet:
    """Bare policies, each layer there or not."""

    def perhaps(kind: PolicyType) -> tuple[AttachedPolicy, ...] | None:
        return draw(several(kind, 1)) if draw(st.integers(0, 3)) == 0 else None

    full = {"Version": "2012-10-17", "Statement": [FULL]}
    open_ = (policy(full, PolicyType.SCP),)
    levels = draw(st.sampled_from((0, 0, 1, 2)))
    scps = (open_, draw(several(PolicyType.SCP)))[:levels] if levels == 2 else (open_,) * levels
    return PolicySet(
        identity=draw(several(PolicyType.IDENTITY)),
        resource=draw(several(PolicyType.RESOURCE)),
        boundary=perhaps(PolicyType.BOUNDARY),
        session=perhaps(PolicyType.SESSION),
        scps=scps,
        vpc_endpoint=perhaps(PolicyType.VPC_ENDPOINT),
    )


FULL: Json = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """Each key present, absent or unknown."""
    entries: dict[str, list[str] | str] = {}
    absent: list[str] = []
    for key, values in KEYS.items():
        match draw(st.sampled_from(("one", "one", "list", "absent", "unknown"))):
            case "one":
                entries[key] = draw(st.sampled_from(values))
            case "list":
                entries[key] = draw(some(values, least=0))
            case "absent":
                absent.append(key)
            case _:
                pass
    return Context.of(entries, absent=absent)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """One request of one of the callers."""
    caller = identify(draw(st.sampled_from(CALLERS)))
    if caller.session_name and draw(st.booleans()):
        caller = replace(caller, session=Session(tags={"team": "x"}))
    owner = draw(st.sampled_from((None, A, B)))
    action, resource = draw(st.sampled_from(ACTIONS)), draw(st.sampled_from(RESOURCES))
    return Request(caller, action, resource.replace("*", "k"), draw(contexts()), owner)
