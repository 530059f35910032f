"""What is filled in for an object's key is what the call asks for when it is worked out alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.batch.events import HOME, event, user

from clearance import wiring
from clearance.batch.dataset import Asked, encoded
from clearance.batch.read import Record
from clearance.batch.stencils import OBJECTS, Derive, Stencils
from clearance.batch.translate import Translator

OTHER = "222222222222"
PLAIN = ["a", "photos", HOME, OTHER, "object", "object/a", "accountId", "clearance/any-object"]
ODD = ["a b", "a:b", "a*", 'a"b', "ä", "a\\b", "arn:aws:s3:::photos/a", f"a:b:{OTHER}:c", ""]
KEYS = st.text("ab1/._=-", min_size=1, max_size=6)
EXTRA: list[dict[str, Any]] = [
    {},
    {"Host": "photos.s3.amazonaws.com"},
    {"versionId": "v1"},
    {"x-amz-server-side-encryption": "aws:kms",
     "x-amz-server-side-encryption-aws-kms-key-id": "alias/mine"},
    {"x-amz-acl": "private", "x-amz-tagging": "a=b&clearance/any-object=c"},
    {"x-amz-tagging": 7, "Key": "other"},
    {"x-amz-storage-class": "clearance/any-object"},
]  # fmt: skip
BUCKETS = [
    "photos", "logs--use1-az4--x-s3", None, 3, "arn:aws:s3",
    f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/ap",
]  # fmt: skip
NAMED = ["none", "object", "both", "twice", "access point", "fixed", "any"]


def record(told: dict[str, Any]) -> Record:
    return msgspec.json.decode(msgspec.json.encode(told), type=Record)


def named(how: str, key: str) -> list[dict[str, str]] | None:
    """The ``resources`` of a call on an object."""
    bucket = {"accountId": OTHER, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::photos"}
    it = {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::photos/{key}", "accountId": HOME}
    return {
        "none": None,
        "object": [it],
        "both": [it, bucket],
        "twice": [it, {**it, "accountId": OTHER}],
        "access point": [{**it, "ARN": f"arn:aws:s3:us-east-1:{OTHER}:accesspoint/ap/{key}"}],
        "fixed": [{**it, "ARN": "arn:aws:s3:::photos/a", "accountId": OTHER}],
        "any": [it, {**it, "ARN": "arn:aws:s3:::photos/clearance/any-object", "accountId": OTHER}],
    }[how]


def rows(records: Iterable[Record], stencils: Stencils | None = None) -> list[dict[str, Any]]:
    translator = Translator(wiring.catalog())
    if stencils is not None:
        translator._stencils = stencils  # noqa: SLF001
    for each in records:
        translator.add(each)
    found: list[dict[str, Any]] = translator.table().to_pylist()
    return found


class Never(Stencils):
    """Works out every call by itself."""

    def asked(self, record: Record, account: str | None, derive: Derive) -> None:
        """None."""
        del record, account, derive


def alone(records: Iterable[Record]) -> list[dict[str, Any]]:
    return rows(records, Never(0))


@settings(max_examples=250)
@example("CompleteMultipartUpload", EXTRA[4], "photos", "none", ["a", PLAIN[-1], "b"], [])
@example("GetObject", {}, "photos", "any", ["a", "b", PLAIN[-1]], [])
@given(
    st.sampled_from([*sorted(OBJECTS), "CopyObject", "DeleteObjects"]), st.sampled_from(EXTRA),
    st.sampled_from(BUCKETS), st.sampled_from(NAMED), st.permutations([*PLAIN, *ODD]),
    st.lists(KEYS, max_size=3),
)  # fmt: skip
def test_what_is_filled_in_is_what_is_worked_out(
    name: str, extra: dict[str, Any], bucket: object, how: str, some: list[str], more: list[str]
) -> None:
    """Whatever the first keys are, from which the others' columns are learned."""
    told = {} if bucket is None else {"bucketName": bucket}
    records = [
        record(event(user(), "s3", name, {**told, "key": key, **extra}, resources=named(how, key)))
        for key in (*some, *more)
    ]
    assert rows(records) == alone(records)


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_each_call_of_a_kind_after_the_second_is_filled_in(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is for every operation that is listed: the fast way is taken."""
    worked_out: list[object] = []
    plain = Translator._asks  # noqa: SLF001

    def counted(self: Translator, *given: Any) -> Any:
        worked_out.append(given)
        return plain(self, *given)

    monkeypatch.setattr(Translator, "_asks", counted)
    records = [
        record(
            event(
                user(), "s3", name, {"bucketName": "photos", "key": f"2026/{n}.jpg"},
                resources=named("both", f"2026/{n}.jpg"),
            )
        )
        for n in range(20)
    ]  # fmt: skip
    found = rows(records)
    assert len(worked_out) == 3  # the first, the second, and one for any key
    assert [row["resource"] for row in found] == [
        f"arn:aws:s3:::photos/2026/{n}.jpg" for n in range(20)
    ]
    assert {row["owner"] for row in found} == {OTHER}


@pytest.mark.parametrize(
    "text",
    [
        '{"tagging":{"TagSet":[{"key":"K","value":"v"},{"key":"k3"}]},"bucketName":"b","key":"a"}',
        '{"tagging":{"TagSet":[{"key":"K"}]},"bucketName":"b","Key":"a"}',
        '{"key":"K","bucketName":"b","key":"a"}',
        '{"Key":"a","bucketName":"b","key":"K"}',
        '{"key":"K","bucketName":"b","tagging":{"TagSet":[{"key":"k3","value":"v"}]}}',
        '{"a\\"key":"K","bucketName":"b","key":"a"}',
    ],
)
@pytest.mark.parametrize("name", ["GetObject", "PutObject"])
def test_a_key_in_another_place_is_not_the_objects(name: str, text: str) -> None:
    told = record(event(user(), "s3", name))
    texts = [text.replace("K", f"k{n}").encode() for n in range(6)]
    records = [msgspec.structs.replace(told, request_parameters=msgspec.Raw(t)) for t in texts]
    assert rows(records) == alone(records)


@pytest.mark.parametrize(
    "change",
    [
        {"userIdentity": user("ben", OTHER)},
        {"awsRegion": "eu-central-1"},
        {"awsRegion": "cn-north-1"},
        {"recipientAccountId": OTHER},
        {"apiVersion": "2006-03-01"},
        {"eventType": "AwsServiceEvent"},
        {"eventName": "HeadObject"},
        {"eventSource": "s3.amazonaws.com.cn"},
        {"resources": named("object", "6")},
    ],
)
def test_what_else_a_call_follows_from_makes_it_another_kind(change: dict[str, Any]) -> None:
    calls = [
        event(user(), "s3", "GetObject", {"bucketName": "photos", "key": str(n)}, **more)
        for n, more in enumerate([{}, {}, {}, change, {}, change, change, change])
    ]
    records = [record(call) for call in calls]
    assert rows(records) == alone(records)


def test_a_key_may_be_spelled_in_other_ways() -> None:
    """The owner of the one object that is named, in JSON's own way, is told for that one only."""
    it = rb'[{"ARN":"arn:aws:s3:::photos/\u0061","accountId":"222222222222"}]'
    records = [
        msgspec.structs.replace(
            record(event(user(), "s3", "GetObject", {"bucketName": "photos", "key": key})),
            resources=msgspec.Raw(it),
        )
        for key in "bcdaef"
    ]
    found = rows(records)
    assert [row["owner"] for row in found] == [None, None, None, OTHER, None, None]
    assert found == alone(records)


def asked_by(name: str, **columns: str) -> Asked:
    return Asked("s3.amazonaws.com", name, None, None, None, None, None, **columns)


@pytest.mark.parametrize(
    "derive",
    [
        lambda key: (asked_by("GetObject", resource=key.upper()), False),
        lambda key: (asked_by("GetObject", resource=key[:9]), False),
        lambda key: (asked_by("GetObject", resource=key), True),
        lambda key: (asked_by("GetObject", doubts=encoded(sorted(["d", key]))), False),
        lambda _: (asked_by("GetObject", gap="operation resource"), False),
    ],
    ids=["changed", "cut", "of the caller", "sorted", "sought"],
)
@pytest.mark.parametrize("second", ["2", "clearance/any-object"])
def test_what_does_more_with_a_key_is_worked_out_each_time(
    derive: Callable[[str], tuple[Asked, bool]], second: str
) -> None:
    """Even where the second call, which is held to it, happens to say the same."""
    stencils = Stencils(9)
    met: list[str] = []

    def derived(it: Record) -> tuple[Asked, bool]:
        met.append(json.loads(bytes(it.request_parameters))["key"])
        return derive(met[-1])

    for key in ("1", second, "3", "4"):
        it = record(event(user(), "s3", "GetObject", {"bucketName": "b", "key": key}))
        found = stencils.asked(it, HOME, derived)
        asked, personal = derive(key)
        assert found is None or (found == asked and not personal)
    assert found is None
    assert set(met) <= {second, "clearance/any-object"}


def test_without_a_bucket_the_resource_is_not_made_of_the_key() -> None:
    stencils = Stencils(9)
    for key in "1234":
        it = record(event(user(), "s3", "GetObject", {"key": key}))
        found = stencils.asked(it, HOME, lambda _: (asked_by("GetObject", resource="it"), False))
    assert found is None


def test_no_more_kinds_are_kept_than_asked_for() -> None:
    stencils = Stencils(2)
    for bucket in "abcabcabc":
        it = record(event(user(), "s3", "GetObject", {"bucketName": bucket, "key": "k"}))
        assert stencils.asked(it, HOME, lambda _: (asked_by("GetObject"), False)) is None
    assert len(stencils) <= 2
