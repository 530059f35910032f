"""Policies and requests that overlap in awkward ways, drawn by hypothesis or a seeded generator."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from clearance.decide.identify import identify
from clearance.model.policy import Policy, PolicyType
from clearance.model.principal import Principal
from clearance.model.request import Context, Request
from clearance.parse.document import parse_policy

T = TypeVar("T")

ACTIONS = (
    "s3:GetObject", "s3:Get*", "s3:*", "S3:PUT*", "s3:*Object", "s3:?etObject", "s3:*t*e*",
    "ec2:*", "ec2:RunInstances", "*", "s3:Get*Acl", "*:Get*", "s3:PutObjectAcl",
)  # fmt: skip
RESOURCES = (
    "*", "arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::a/b/*", "arn:aws:s3:::*",
    "arn:aws:s3:::?/b/*", "arn:aws:s3:::*/b*", "arn:aws:s3:::a*c", "arn:aws:s3:::a/??",
    "arn:aws:ec2:*:111122223333:instance/*", "arn:aws:ec2:us-east-1:*:*", "arn:aws:*:*:*:*/b",
)  # fmt: skip
VARIABLE_RESOURCES = (
    "arn:aws:s3:::a/${aws:username}/*", "arn:aws:s3:::${aws:username}",
    "arn:aws:s3:::a/${aws:userid}", "arn:aws:s3:::a/${aws:username, 'b'}/*", "arn:aws:s3:::*${*}",
)  # fmt: skip
VARIABLE_VALUES = ("${aws:username}", "a${aws:userid}", "${aws:username, 'b'}", "${*}")
SAMPLE_ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:PutObjectAcl", "s3:GetBucketAcl", "s3:ListBucket",
    "ec2:RunInstances", "ec2:GetConsoleOutput", "iam:GetUser", "s3:Get", "s3:xetObject",
)  # fmt: skip
SAMPLE_RESOURCES = (
    "*", "arn:aws:s3:::a", "arn:aws:s3:::a/b/c", "arn:aws:s3:::a/b", "arn:aws:s3:::c/b/",
    "arn:aws:s3:::abc", "arn:aws:s3:::a/bc", "arn:aws:ec2:us-east-1:111122223333:instance/b",
    "arn:aws:ec2:eu-west-1:111122223333:instance/i", "arn:aws:ec2:us-east-1:9:x",
    "arn:aws:s3:::a/*", "arn:aws:s3:::b", "arn:aws:s3:::b/b/x",
)  # fmt: skip

# Key, operators, values of policies, values of requests. One key, one type.
KEYS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("aws:PrincipalTag/team",
     ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
      "StringNotEqualsIgnoreCase"),
     ("a", "A", "b", "a*", "*b", "?", "ab", "a*b", ""),
     ("a", "A", "b", "B", "ab", "aB", "axb", "", "z", "*")),
    ("aws:SourceArn", ("ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"),
     ("*", "arn:aws:sns:*:111122223333:*", "arn:aws:sns:us-east-1:*:t", "arn:aws:s*:::x",
      "arn:aws:sns:*:*:t*", "sns", "arn:*:*:*:*:*"),
     ("arn:aws:sns:us-east-1:111122223333:t", "arn:aws:sns:eu:1:t:u", "arn:aws:s3:::x", "x",
      "arn:aws:sns", "arn:aws:sqs:a:b:c:d")),
    ("s3:max-keys",
     ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
      "NumericGreaterThan", "NumericGreaterThanEquals"),
     ("1", "5", "5.0", "10", "0.1", "-3", "x"),
     ("0", "1", "5", "7", "10", "11", "0.1", "0.10", "-4", "many", "1e1")),
    ("aws:CurrentTime",
     ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
      "DateGreaterThanEquals"),
     ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "1767225600", "2026"),
     ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-03-01", "2027-01-01", "now")),
    ("aws:SourceIp", ("IpAddress", "NotIpAddress"),
     ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32", "0.0.0.0/0", "::/0", "host"),
     ("10.0.0.1", "10.1.2.3", "10.1.9.9", "192.0.2.1", "2001:db8::1", "::1", "cloudformation")),
    ("aws:SecureTransport", ("Bool",), ("true", "false", "True"), ("true", "false", "TRUE", "x")),
    ("aws:username", ("StringEquals", "StringNotEquals", "StringLike"), ("a", "b", "a*"),
     ("a", "b", "c", "")),
    ("example:Bytes", ("BinaryEquals",), ("YQ==", "Yg==", "!"), ("YQ==", "Yg==", "Yw==", "?")),
    ("example:Mixed", ("StringEquals", "NumericLessThan", "StringNotEquals"), ("5", "7"),
     ("4", "5", "6", "7", "8", "x")),
)  # fmt: skip
MULTI = (
    ("aws:TagKeys",
     ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"),
     ("a", "b", "c*", "*"),
     ("a", "b", "c", "cd", "z")),
)  # fmt: skip
CALLERS = (
    "arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:role/app",
    "arn:aws:sts::111122223333:assumed-role/app/s1", "111122223333", "444455556666",
    "arn:aws:iam::111122223333:root", "arn:aws:sts::111122223333:federated-user/fed",
)  # fmt: skip


class Chooser(Protocol):
    """Where choices come from."""

    def one(self, options: Sequence[T]) -> T: ...


class Seeded:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def one(self, options: Sequence[T]) -> T:
        return self._random.choice(options)


class Drawn:
    """Choices from hypothesis, so that failures shrink."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def one(self, options: Sequence[T]) -> T:
        chosen: T = self._draw(st.sampled_from(options))
        return chosen


def some(choose: Chooser, options: Sequence[T], counts: Sequence[int]) -> list[T]:
    return list(dict.fromkeys(choose.one(options) for _ in range(choose.one(counts))))


def conditions(
    choose: Chooser, *, multi: bool = True, keys: int = 2, variables: bool = False
) -> dict[str, dict[str, Any]]:
    block: dict[str, dict[str, Any]] = {}
    operators: Sequence[str]
    values: Sequence[str]
    for _ in range(choose.one((0, 0, 1, keys))):
        quantifier = ""
        if multi and choose.one((False, False, True)):
            key, operators, values, _ = choose.one(MULTI)
            quantifier = choose.one(("ForAllValues:", "ForAnyValue:"))
        else:
            key, operators, values, _ = choose.one(KEYS)
            if multi and choose.one(range(10)) == 0:
                quantifier = choose.one(("ForAllValues:", "ForAnyValue:"))
        operator = choose.one(operators)
        if variables and operator.startswith("String") and choose.one((False, True)):
            values = (*values[:2], *VARIABLE_VALUES)
        operator = quantifier + operator + choose.one(("", "", "IfExists"))
        if choose.one(range(8)) == 0:
            block.setdefault("Null", {})[key] = choose.one(("true", "false"))
        else:
            block.setdefault(operator, {})[key] = some(choose, values, (1, 2))
    return block


def statement(
    choose: Chooser, *, variables: bool = False, principals: bool = False, multi: bool = True
) -> dict[str, Any]:
    resources: tuple[str, ...] = (*RESOURCES, *(VARIABLE_RESOURCES if variables else ()))
    found: dict[str, Any] = {
        "Effect": choose.one(("Allow", "Allow", "Deny")),
        choose.one(("Action", "Action", "Action", "NotAction")): some(choose, ACTIONS, (1, 2, 3)),
        choose.one(("Resource", "Resource", "NotResource")): some(choose, resources, (1, 2)),
    }
    if block := conditions(choose, multi=multi, variables=variables):
        found["Condition"] = block
    if principals:
        name = choose.one(("Principal", "Principal", "NotPrincipal"))
        found[name] = choose.one(
            ("*", {"AWS": some(choose, CALLERS, (1, 2))}, {"Service": "sns.amazonaws.com"})
        )
    return found


def document(choose: Chooser, **kinds: bool) -> dict[str, Any]:
    count = choose.one((1, 2, 3))
    return {
        "Version": "2012-10-17",
        "Statement": [statement(choose, **kinds) for _ in range(count)],
    }


def edited(choose: Chooser, old: dict[str, Any], **kinds: bool) -> dict[str, Any]:
    """The document after an edit: often one of the two is within the other."""
    body = list(old["Statement"])
    place = choose.one(range(len(body)))
    match choose.one(("add", "drop", "swap", "loosen", "split")):
        case "add":
            body.append(statement(choose, **kinds))
        case "drop" if len(body) > 1:
            body.pop(place)
        case "loosen":
            body[place] = {k: v for k, v in body[place].items() if k != "Condition"}
        case "split" if "Action" in body[place]:
            parts = body[place]["Action"]
            body[place : place + 1] = [{**body[place], "Action": [part]} for part in parts]
        case _:
            body[place] = statement(choose, **kinds)
    return {**old, "Statement": body}


def pair(choose: Chooser, **kinds: bool) -> list[dict[str, Any]]:
    """Two documents, one perhaps an edit of the other."""
    first = document(choose, **kinds)
    if choose.one((False, True)):
        return [first, document(choose, **kinds)]
    both = [first, edited(choose, first, **kinds)]
    return both if choose.one((False, True)) else both[::-1]


def policy(value: dict[str, Any], kind: PolicyType = PolicyType.IDENTITY) -> Policy:
    return parse_policy(json.dumps(value), kind, strict=False)


def drawn_policy(choose: Chooser, **kinds: bool) -> Policy:
    kind = PolicyType.RESOURCE if kinds.get("principals") else PolicyType.IDENTITY
    return policy(document(choose, **kinds), kind)


def request(choose: Chooser, caller: Principal | None = None) -> Request:
    entries: dict[str, Any] = {}
    for key, _, _, values in KEYS:
        if choose.one((True, True, False)):
            entries[key] = choose.one(values)
    for key, _, _, values in MULTI:
        if choose.one((True, True, False)):
            entries[key] = some(choose, values, (1, 2, 3))
    for key in ("aws:username", "aws:userid"):
        if choose.one((True, True, False)):
            entries[key] = choose.one(("a", "b", "c", ""))
    context = Context.of(entries, complete=True)
    who = caller or identify("arn:aws:iam::123456789012:user/somebody")
    return Request(who, choose.one(SAMPLE_ACTIONS), choose.one(SAMPLE_RESOURCES), context)


@st.composite
def policies(draw: st.DrawFn, /, **kinds: bool) -> Policy:
    return drawn_policy(Drawn(draw), **kinds)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    return request(Drawn(draw))
