"""Keys that policies speak of: escapes, doubled names, variables and every kind of policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.batch.events import HOME
from tests.estates import estate

from clearance.batch.keys import Spoken
from clearance.model.estate import Estate

MANAGED = "arn:aws:iam::aws:policy/x"


def told(text: str) -> Estate:
    return estate({"accounts": {HOME: {"users": {"ana": {"inline": {"a": text}}}}}})


@pytest.mark.parametrize(
    "text",
    [
        '{"Condition": {"Bool": {"AWS:sourceip": "x"}}}',
        '{"Condition": {"Bool": {"aws:\\u0053ourceIp": "x"}}}',
        '{"Condition": {"Bool": {"aws:SourceIp": "x"}}, "Condition": {}}',
        '{"Resource": "arn:aws:s3:::b/${aws:SourceIp}/*"}',
        '{"Resource": "${aws:SourceIp, \'none\'}"}',
        '{ broken "aws:SourceIp"',
    ],
)
def test_a_key_is_found_however_it_is_written(text: str) -> None:
    spoken = Spoken(Estate(), told(text))
    assert "aws:SourceIp" in spoken
    assert "aws:UserAgent" not in spoken
    assert 3 not in spoken


def test_every_place_of_a_policy_counts() -> None:
    text = '{"Condition": {"Bool": {"aws:UserAgent": "x"}}}'
    raw = {"accounts": {HOME: {"roles": {"r": {"trust": text}}}}}
    assert "aws:UserAgent" in Spoken(estate(raw))


@pytest.mark.parametrize(
    "holder",
    [
        {"users": {"ana": {"attached": [MANAGED]}}},
        {"roles": {"app": {"attached": [MANAGED]}}},
        {"groups": {"all": {"attached": [MANAGED]}}},
        {"users": {"ana": {"boundary": MANAGED}}},
        {"roles": {"app": {"boundary": MANAGED}}},
    ],
    ids=str,
)
def test_managed_policies_count_where_somebody_has_them(holder: dict[str, Any]) -> None:
    text = '{"Condition": {"Bool": {"aws:UserAgent": "x"}}}'
    whole = replace(estate({"accounts": {HOME: holder}}), managed={MANAGED: text})
    assert "aws:UserAgent" in Spoken(whole)
    assert "aws:UserAgent" not in Spoken(Estate(managed={MANAGED: text}))
