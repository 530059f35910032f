"""Classes of values: two of one class pass exactly the same tests."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.events import HOME
from tests.estates import estate

from clearance.batch.requests import moment
from clearance.batch.values import Classes, Conditions, Moments, addresses
from clearance.model.estate import Estate

KEY = "aws:SourceIp"
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.1.0.1", "192.0.2.1", "2001:db8::1", "AWS Internal")


def world(*conditions: dict[str, Any], resource: str = "*") -> Estate:
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": resource, "Condition": condition}
        for condition in conditions
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return estate({"accounts": {HOME: {"users": {"ana": {"inline": {"own": document}}}}}})


def classes(world: Estate, key: str = KEY) -> Classes:
    return Classes(Conditions([key], world), [key])


def test_ranges_part_addresses() -> None:
    made = classes(world({"IpAddress": {KEY: ["10.0.0.0/24", "192.0.2.1"]}}))
    codes = made.of(ADDRESSES).tolist()
    assert codes[0] == codes[1] == codes[3]
    assert len({codes[0], codes[2]}) == 2
    assert codes[2] == codes[4] == codes[5]
    assert made.of([None]).tolist() == [0]
    assert 0 not in codes


WORDS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,4}){2,4}\n?", fullmatch=True),
    st.sampled_from(ADDRESSES),
    st.text(max_size=3),
)


@given(st.lists(WORDS, max_size=8))
def test_addresses_are_found_among_texts(texts: list[str]) -> None:
    def number(text: str) -> int | None:
        try:
            return int(IPv4Address(text))
        except ValueError:
            return None

    which, values = addresses(pa.array(texts, pa.string()))
    told = dict(zip(which.tolist(), values.tolist(), strict=True))
    assert [told.get(at) for at in range(len(texts))] == list(map(number, texts))


@given(st.lists(WORDS, max_size=8))
def test_columns_have_the_classes_of_their_texts(texts: list[str]) -> None:
    made = classes(world({"IpAddress": {KEY: ["10.0.0.0/24", "192.0.2.1", "2001:db8::/32"]}}))
    found = made.of_column(pa.array(texts, pa.string())).tolist()
    assert found == made.of([*texts, None]).tolist()


@pytest.mark.parametrize(
    "policy",
    [
        world({"StringEquals": {"aws:PrincipalTag/from": "${aws:SourceIp}"}}),
        world({"StringLike": {KEY: "${aws:username}*"}}),
        world({"Bool": {"aws:SecureTransport": "true"}}, resource="arn:aws:s3:::b/${aws:SourceIp}"),
    ],
)
def test_a_value_that_a_policy_uses_itself_is_a_class_of_its_own(policy: Estate) -> None:
    assert len(set(classes(policy).of(ADDRESSES).tolist())) == len(ADDRESSES)


def test_a_policy_that_cannot_be_read_makes_its_keys_raw() -> None:
    document = json.dumps({"Statement": {"Condition": {"Nonsense": {KEY: "x"}}}})
    broken = estate({"accounts": {HOME: {"users": {"ana": {"inline": {"own": document}}}}}})
    assert len(set(classes(broken).of(ADDRESSES).tolist())) == len(ADDRESSES)


def test_a_key_in_escapes_is_seen() -> None:
    text = '{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:\\u0053ourceIp":"10.0.0.0/8"}}}}'  # noqa: E501
    made = estate({"accounts": {HOME: {"users": {"ana": {"inline": {"own": text}}}}}})
    codes = classes(made).of(ADDRESSES).tolist()
    assert codes[0] != codes[3]


LIMITS = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "1767225605", "2027")


@given(
    st.lists(st.integers(1767225590, 1767225615), min_size=2, max_size=8),
    st.sampled_from(["DateLessThan", "DateEquals", "DateGreaterThanEquals", "DateNotEquals"]),
    st.sampled_from(LIMITS),
)
def test_times_of_a_class_pass_the_same_tests(
    seconds: list[int], operator: str, limit: str
) -> None:
    key = "aws:CurrentTime"
    conditions = Conditions([key], world({operator: {key: limit}}))
    made = Moments(conditions, [key])
    assert not made.raw
    codes = made.of(np.array(seconds, np.int64) * 1000, None).tolist()
    (test,) = conditions.tests(key)
    told: dict[int, int] = {}
    for code, second in zip(codes, seconds, strict=True):
        outcome = test({"aws:currenttime": (moment(second * 1000),)}, {})
        assert told.setdefault(code, outcome) == outcome


def test_times_compared_as_texts_are_raw() -> None:
    key = "aws:CurrentTime"
    made = Moments(Conditions([key], world({"StringLike": {key: "2026-*"}})), [key])
    assert made.raw
    codes = made.of(np.array([1000, 2000, 1000], np.int64), np.array([True, True, False])).tolist()
    assert codes == [1, 2, 0]


QUADS = st.ip_addresses(v=4).map(str) | st.sampled_from(["10.0.0.255", "10.0.1.0", "010.0.0.1"])
BLOCKS = st.sampled_from(["10.0.0.0/24", "10.0.0.128/25", "0.0.0.0/0", "192.0.2.1", "::/0", "x"])


@given(
    st.lists(QUADS | st.sampled_from(ADDRESSES), min_size=2, max_size=8),
    st.lists(BLOCKS, min_size=1, max_size=3),
    st.sampled_from(["IpAddress", "NotIpAddress", "IpAddressIfExists"]),
)
def test_addresses_of_a_class_pass_the_same_tests(
    addresses: list[str], blocks: list[str], operator: str
) -> None:
    conditions = Conditions([KEY], world({operator: {KEY: blocks}}))
    codes = Classes(conditions, [KEY]).of(addresses).tolist()
    (test,) = conditions.tests(KEY)
    told: dict[int, int] = {}
    for code, address in zip(codes, addresses, strict=True):
        outcome = test({"aws:sourceip": (address,)}, {})
        assert told.setdefault(code, outcome) == outcome
