"""Condition values: their form, and what they can match (R113-R118, R143)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from clearance.match.operators.dates import instant
from clearance.model.operators import Family
from clearance.validate.checks.principals import SERVICE
from clearance.validate.finding import Edit, Finding
from clearance.validate.keys import SENSITIVE
from clearance.validate.places import is_region
from clearance.validate.source import Kind
from clearance.validate.view import Condition, Document, Entry, Statement, found

__all__ = ["statement"]

_SERVICE_KEYS: Final = frozenset(
    {
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "iam:awsservicename",
        "iam:passedtoservice",
        "kms:viaservice",
    }
)
_KMS_KEYS: Final = frozenset({"s3:x-amz-server-side-encryption-aws-kms-key-id"})
_KMS: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9*?-]+:[\d*?]+:key/.+|\$\{.*")
_ID: Final = {
    "aws:sourcevpc": ("INVALID_VPC_FORMAT", re.compile(r"vpc-(?:[0-9a-z]{8}|[0-9a-z]{17})"), "vpc"),
    "aws:sourcevpce": (
        "INVALID_VPCE_FORMAT",
        re.compile(r"vpce-(?:[0-9a-z]{8}|[0-9a-z]{17})"),
        "vpce",
    ),
}
_REGION_KEYS: Final = frozenset({"aws:requestedregion", "ec2:region"})
_WILD: Final = frozenset("*?")
_EPOCH: Final = re.compile(r"-?\d{5,}(?:\.\d+)?")


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """The values of every condition."""
    del doc
    for condition in one.conditions:
        operator = condition.operator
        if operator is None or not condition.values:
            continue
        yield from _types(condition)
        check = _BY_FAMILY.get(operator.family)
        if check is not None:
            for value in condition.values:
                if value.known and "${" not in value.text:
                    yield from check(condition, value)
        if operator.family in {Family.BOOL, Family.NULL} and len(condition.values) > 1:
            details = f"`{condition.written}` takes one value, `true` or `false`"
            yield found("INVALID_CONDITION_MULTIPLE_BOOLEAN", condition.place, details)
        if operator.family is Family.NUMERIC:
            yield from _bounds(condition)
        if operator.family is Family.IP_ADDRESS:
            yield from _private(condition)
        if operator.family in {Family.STRING, Family.ARN}:
            yield from _texts(condition)
            yield from _always(condition)


def _types(condition: Condition) -> Iterator[Finding]:
    kinds = {v.node.kind for v in condition.values if v.known}
    if len(kinds) > 1:
        names = " and ".join(sorted(kind.value for kind in kinds))
        details = f"the values of `{condition.key}` mix {names}; write all of them as texts"
        edits = tuple(
            Edit(v.node.start, v.node.end, f'"{v.text}"')
            for v in condition.values
            if v.node.kind in {Kind.NUMBER, Kind.BOOLEAN}
        )
        fix = ("put the values in quotes", edits)
        yield found("INVALID_CONDITION_DATA_TYPE", condition.place, details, fix)


def _boolean(condition: Condition, value: Entry) -> Iterator[Finding]:
    if value.text not in {"true", "false"}:
        fix = None
        if value.text.strip().lower() in {"true", "false"}:
            right = value.text.strip().lower()
            fix = (f"write `{right}`", (Edit(value.node.start, value.node.end, f'"{right}"'),))
        if fix is None or condition.base == "Null":
            details = f"`{value.text}` is neither `true` nor `false`"
            yield found("TYPE_MISMATCH_BOOLEAN", value.place, details, fix)


def _number(condition: Condition, value: Entry) -> Iterator[Finding]:
    try:
        right = Decimal(value.text.strip()).is_finite()
    except InvalidOperation:
        right = False
    if not right:
        details = f"`{value.text}` is not a number, which `{condition.base}` compares"
        yield found("TYPE_MISMATCH_NUMBER", value.place, details)


def _date(condition: Condition, value: Entry) -> Iterator[Finding]:
    if _EPOCH.fullmatch(value.text):
        details = f"`{value.text}` is a number of seconds; write a date such as `2026-01-31`"
        yield found("INVALID_DATE_VALUE", value.place, details)
        return
    if instant(value.text) is None:
        details = f"`{value.text}` is not a date, which `{condition.base}` compares"
        yield found("TYPE_MISMATCH_DATE", value.place, details)


def _binary(condition: Condition, value: Entry) -> Iterator[Finding]:
    try:
        base64.b64decode(value.text, validate=True)
    except (binascii.Error, ValueError):
        details = f"`{value.text}` is not base64, which `{condition.base}` compares"
        yield found("TYPE_MISMATCH_STRING", value.place, details)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _address(condition: Condition, value: Entry) -> Iterator[Finding]:
    network = _network(value.text)
    if network is None:
        details = f"`{value.text}` is not an address or range, which `{condition.base}` compares"
        yield found("TYPE_MISMATCH_IP_RANGE", value.place, details)
        return
    given = value.text.strip().partition("/")[0]
    if "/" in value.text and _network(given) != _network(str(network.network_address)):
        right = str(network)
        fix = (f"write `{right}`", (Edit(value.node.start, value.node.end, f'"{right}"'),))
        details = f"`{value.text}` is the range `{right}`"
        yield found("IMPROVE_IP_RANGE", value.place, details, fix)


def _null(condition: Condition, value: Entry) -> Iterator[Finding]:
    yield from _boolean(condition, value)


_BY_FAMILY: Final = {
    Family.BOOL: _boolean,
    Family.NUMERIC: _number,
    Family.DATE: _date,
    Family.BINARY: _binary,
    Family.IP_ADDRESS: _address,
    Family.NULL: _null,
}

# "aws:SourceIp works only for public IP address ranges" (policy checks page).
_PRIVATE: Final = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
                 "100.64.0.0/10", "fc00::/7", "fe80::/10", "::1/128")
)  # fmt: skip


def _private(condition: Condition) -> Iterator[Finding]:
    if condition.folded != "aws:sourceip":
        return
    networks = [n for n in map(_network, condition.texts) if n is not None]
    private = [n for n in networks if _is_private(n)]
    if not private:
        return
    negated = condition.base == "NotIpAddress"
    stem = "PRIVATE_NOT_IP_ADDRESS" if negated else "PRIVATE_IP_ADDRESS"
    shown = ", ".join(f"`{n}`" for n in private[:3])
    if len(private) == len(networks):
        always = "always holds" if negated else "never holds"
        details = f"{shown} is private: with `aws:SourceIp` this {always}; use `aws:VpcSourceIp`"
        yield found(stem, condition.place, details)
    else:
        details = f"{shown} is private and has no effect here; use `aws:VpcSourceIp`"
        yield found(f"{stem}_SUBSET", condition.place, details)


def _is_private(network: IPv4Network | IPv6Network) -> bool:
    return any(
        network.version == p.version and network.subnet_of(p)  # type: ignore[arg-type]
        for p in _PRIVATE
    )


def _bounds(condition: Condition) -> Iterator[Finding]:
    if len(condition.values) < 2 or not condition.base.removesuffix("Equals").endswith("Than"):  # noqa: PLR2004
        return
    which = "greatest" if "Less" in condition.base else "least"
    details = f"of several values only the {which} counts in `{condition.base}`"
    yield found("REDUNDANT_CONDITION_VALUE_NUM", condition.place, details)


def _texts(condition: Condition) -> Iterator[Finding]:
    key = condition.folded
    like = condition.base.endswith("Like") or condition.base.startswith("Arn")
    for value in condition.values:
        if not value.known:
            continue
        text = value.text
        plain = "${" not in text
        wild = plain and not _WILD.isdisjoint(text)
        if wild and not like:
            base = condition.base.replace("Equals", "Like").replace("IgnoreCase", "")
            details = f"`{text}` is compared letter by letter; for a pattern write `{base}`"
            yield found("WILDCARD_WITHOUT_LIKE_OPERATOR", value.place, details)
        yield from _permissive(condition, value, wild=wild and like)
        if not plain or wild:
            continue
        if key in _REGION_KEYS and not is_region(text):
            yield found("INVALID_REGION", value.place, f"there is no Region `{text}`")
        if key in _ID and not _ID[key][1].fullmatch(text):
            code, _, stem = _ID[key]
            details = f"`{text}` is not `{stem}-` with 8 or 17 letters and digits"
            yield found(code, value.place, details)
        if key in _SERVICE_KEYS and not SERVICE.fullmatch(text):
            wanted = "service.region" if key == "kms:viaservice" else "service"
            details = f"`{text}` is not a service; write `{wanted}.amazonaws.com`"
            yield found("INVALID_SERVICE_PRINCIPAL_FORMAT", value.place, details)
        if key in _KMS_KEYS and not _KMS.fullmatch(text):
            details = f"`{text}` is not the ARN of a KMS key"
            yield found("INVALID_KMS_KEY_VALUE", value.place, details)


def _permissive(condition: Condition, value: Entry, *, wild: bool) -> Iterator[Finding]:
    """Identifiers of which no part may be left to the caller (R143)."""
    key, text = condition.folded, value.text
    variable = "${" in text
    if key in SENSITIVE:
        if wild:
            details = f"`{text}` matches identifiers of others; write `{condition.key}` in full"
            yield found("WILDCARD_USAGE_TOO_PERMISSIVE", value.place, details)
        if variable and not re.fullmatch(r"\$\{aws:(?:Principal|Resource)\w+\}", text):
            details = f"`{text}` is what the caller brings; write `{condition.key}` in full"
            yield found("VARIABLE_USAGE_TOO_PERMISSIVE", value.place, details)
    if key == "aws:userid" and (wild or variable):
        # "Use the wildcard on the right side of colon or as the only character on the left."
        left, colon, _ = re.sub(r"\$\{[^}]*\}", "$", text).partition(":")
        mark = "$" if variable else "*"
        loose = not colon or (mark in left and left != mark)
        if loose:
            code = "VARIABLE_USAGE_TOO_PERMISSIVE" if variable else "WILDCARD_USAGE_TOO_PERMISSIVE"
            details = f"`{text}` matches IDs of others; write `AROAEXAMPLEID:*`"
            yield found(code, value.place, details)


def _always(condition: Condition) -> Iterator[Finding]:
    """``*`` among the values: the test asks no more than whether the key is there."""
    if condition.base not in {"StringLike", "StringNotLike"} or "*" not in condition.texts:
        return
    key = condition.key
    if condition.base == "StringNotLike":
        if condition.if_exists or condition.qualifier == "ForAllValues":
            details = f"this holds only when `{key}` is missing; write `Null`: `true`"
            yield found("EQUIVALENT_TO_NULL_TRUE", condition.place, details)
        elif condition.qualifier == "ForAnyValue":
            details = f"no value of `{key}` is unlike `*`: this never holds"
            code = "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION"
            yield found(code, condition.place, details)
        else:
            details = f"this holds only when `{key}` is missing; write `Null`: `true`"
            yield found("EQUIVALENT_TO_NULL_TRUE", condition.place, details)
    elif condition.if_exists or condition.qualifier == "ForAllValues":
        details = f"this holds whatever `{key}` is; remove it"
        yield found("REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION", condition.place, details)
    else:
        details = f"this holds whenever `{key}` is there; write `Null`: `false`"
        yield found("EQUIVALENT_TO_NULL_FALSE", condition.place, details)
