"""Callers remembered by what their identities have in common are those that are read one by one."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.events import HOME, session, user

from clearance.batch import callers as reading
from clearance.batch.arrays import NO_TIME, milliseconds
from clearance.batch.callers import Callers, caller_of

KEYS: list[object] = ["ASIA1", "ASIA2", "", "a b", 'a"b', "ä", "ASIA\\u0031", None, 7, {}]
DATES: list[object] = [
    "2026-03-01T11:00:00Z", "2026-03-01T11:00:00+01:00", "2026-03-01", "soon", "", None, 3,
    "2026-03-01T11:00:00.0006Z",
]  # fmt: skip
KINDS = ["role", "user", "service", "nested", "twice", "before", "other way round",
         "broken", "escaped"]  # fmt: skip


def identity(kind: str, name: str, key: object, date: object) -> bytes:
    """An identity as JSON, as CloudTrail writes it: without spaces."""
    told: dict[str, Any] = session("app", name)
    told["accessKeyId"] = key
    told["sessionContext"] = told.pop("sessionContext")
    attributes = told["sessionContext"]["attributes"]
    attributes["creationDate"] = date
    if kind == "user":
        told = {**user(name), "accessKeyId": key}
    elif kind == "service":
        told = {"type": "AWSService", "invokedBy": name}
    elif kind == "nested":
        told = {**session("app", name), "onBehalfOf": {"accessKeyId": key, "creationDate": date}}
    elif kind == "before":
        told["sessionContext"]["creationDate"] = "2020-01-01T00:00:00Z"
        told["sessionContext"]["attributes"] = told["sessionContext"].pop("attributes")
    elif kind == "other way round":
        told["accessKeyId"] = told.pop("accessKeyId")
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    if kind == "twice":
        text = f'{text[:-1]},"accessKeyId":"LAST"}}'
    raw = text.encode()
    if kind == "escaped":
        raw = raw.replace(b'"ASIA', b'"ASI\\u0041').replace(b'Z"', b'\\u005a"')
    return raw.replace(b"assumed-role", b"assumed\xffrole") if kind == "broken" else raw


def columns(raws: Sequence[bytes], kept: int) -> list[dict[str, Any]]:
    callers = Callers(kept)
    seen = [callers.of(raw) for raw in raws]
    who, keys, issued = (
        list(numbers) for numbers in zip(*(each[:3] for each in seen), strict=True)
    )
    found = pa.table(
        callers.columns(array("i", who), array("i", keys), array("i", issued))
    ).to_pylist()
    return [
        {**row, "text": caller, "of": account}
        for row, (*_, caller, account) in zip(found, seen, strict=True)
    ]


def plain(raws: Sequence[bytes]) -> list[dict[str, Any]]:
    rows = []
    for raw in raws:
        told = caller_of(raw)
        at = milliseconds(told.issued)
        account = json.loads(told.caller).get("accountId") if told.caller else None
        issued = None if at == NO_TIME else pa.scalar(at, pa.timestamp("ms", "UTC")).as_py()
        rows.append(
            {
                "caller": told.caller, "session": told.session, "access_key": told.access_key,
                "issued": issued, "text": told.caller, "of": account,
            }
        )  # fmt: skip
    return rows


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS), st.sampled_from(["s1", "s2", "ASIA1"]),
            st.sampled_from(KEYS), st.sampled_from(DATES),
        ), min_size=1, max_size=20,
    ),
    st.sampled_from([1, 2, 100]),
)  # fmt: skip
def test_callers_are_those_that_are_read_one_by_one(
    told: list[tuple[str, str, object, object]], kept: int
) -> None:
    raws = [identity(*each) for each in told]
    assert columns(raws, kept) == plain(raws)


def test_new_sessions_of_known_callers_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    callers = Callers(100)
    seen = {callers.of(identity("role", "s", "ASIA0", "2026-03-01T11:00:00Z"))}
    monkeypatch.setattr(reading, "caller_of", read.append)
    for n in range(1, 20):
        raw = identity("role", "s", f"ASIA{n}", f"2026-03-01T11:00:{n:02}Z")
        seen.add(callers.of(raw))
    assert read == []
    assert len(seen) == len({each[1] for each in seen}) == len({each[2] for each in seen}) == 20
    assert {(who, account) for who, *_, account in seen} == {(0, HOME)}


@pytest.mark.parametrize(
    "odd", ['"sessionContext":3', '"arn":{}', '"arn":null', '"accountId":1', '"other":{"arn":"x"}']
)
def test_what_is_not_cloudtrails_is_left_out(odd: str) -> None:
    assert caller_of(f'{{"type":"IAMUser",{odd}}}'.encode()).caller == '{"type":"IAMUser"}'


def test_who_cannot_be_read_is_nobody() -> None:
    for raw in (b"null", b"3", b'"x"', b'{"type":"\xff"}', b'{"type":"\xff","accessKeyId":"A"}'):
        assert plain([raw]) == columns([raw], 9)
        assert caller_of(raw).caller is None
