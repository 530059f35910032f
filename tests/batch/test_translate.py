"""What is remembered of other records does not change what a record is translated to."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.events import event, session, user, write

from clearance import wiring
from clearance.batch import translate
from clearance.batch.read import Found, Record, files_in, records
from clearance.batch.translate import Translator

CALLS = [
    ("s3", "GetObject", {"bucketName": "b", "key": "a"}),
    ("s3", "GetObject", {"bucketName": "b", "key": "c"}),
    ("s3", "PutObject", {"bucketName": "b", "key": "a"}),
    ("sts", "AssumeRole", {"roleArn": "arn:aws:iam::111111111111:role/r", "roleSessionName": "n"}),
    ("sts", "AssumeRoleWithSAML", {"principalArn": "arn:aws:iam::111111111111:saml-provider/p"}),
    ("sts", "AssumeRoleWithSAML", {"principalArn": "arn:aws:iam::111111111111:saml-provider/q"}),
    ("iam", "CreateAccessKey", None),  # for the caller, so it follows from who that is
    ("iam", "CreateAccessKey", {"userName": "ana"}),
    ("kms", "Decrypt", {"keyId": "alias/a"}),
    ("none", "Never", 3),
]
CALLERS = [
    user(), user("ben"), user("ana", "222222222222"), session("app"),
    session("app", creationDate="2026-03-01T11:00:00Z"), {"type": "SAMLUser", "userName": "ana"},
    {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}, None,
]  # fmt: skip
MORE: dict[str, list[Any]] = {
    "awsRegion": ["us-east-1", "eu-west-1", "", None, 3, {}],
    "eventType": ["AwsApiCall", "AwsServiceEvent", None, []],
    "recipientAccountId": ["111111111111", "222222222222", None, []],
    "apiVersion": ["2006-03-01", None, 1],
    "sourceIPAddress": ["203.0.113.7", "s3.amazonaws.com", "", None, 1, True, {"a": 1}],
    "vpcEndpointId": ["vpce-1", None, 2],
    "userAgent": ["aws-cli/2", "[aws-cli/2]", "AWS Internal", "[", None, 7, []],
    "tlsDetails": [{"tlsVersion": "TLSv1.2"}, {"tlsVersion": 3}, {}, None, "x"],
    "errorCode": ["AccessDenied", "", None, 5, [1]],
    "eventTime": ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.5Z", "soon", None, 3],
    "resources": [None, [{"ARN": "arn:aws:s3:::b/a", "accountId": "222222222222"}], 3],
}
RECORDS = st.builds(
    lambda who, call, more: msgspec.json.decode(
        msgspec.json.encode(event(who, *call, **more)), type=Record
    ),
    st.sampled_from(CALLERS), st.sampled_from(CALLS),
    st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in MORE.items()}),
)  # fmt: skip


def rows(translator: Translator, given: list[Record]) -> list[dict[str, Any]]:
    for record in given:
        translator.add(record)
    found: list[dict[str, Any]] = translator.table().to_pylist()
    assert len(translator) == 0
    return found


@given(st.lists(RECORDS, min_size=2, max_size=12), st.sampled_from([1, 3, 300_000]))
def test_a_record_is_translated_as_if_it_were_alone(calls: list[Record], kept: int) -> None:
    """Times are read together where all can be read so, and one by one where not: alike."""
    catalog = wiring.catalog()
    alone = [rows(Translator(catalog), [record])[0] for record in calls]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translate, "KEPT", kept)
        translator = Translator(catalog)
        assert rows(translator, calls) == alone
        assert rows(translator, calls[::-1]) == alone[::-1]  # it has begun anew


def read_from(file: Path) -> list[dict[str, Any]]:
    """The rows of a file's records, all of which can be read."""
    counts = Found()
    found = rows(Translator(wiring.catalog()), list(records(files_in([file]), counts)))
    assert (counts.events, counts.broken, counts.malformed) == (len(found), 0, 0)
    return found


@pytest.mark.parametrize(
    ("plain", "odd"),
    [
        (b"user/ana", b"user/\xff"),
        (b'"key": "k"', b'"key": "\xff"'),
        (b'"key": "k"', b'"key": ' + b"9" * 5000),
        (b":::b/k", b":::\xff"),
        (b'"TLSv1.3"', b'"\xff"'),
        (b'"awsRegion": "us-east-1"', b'"awsRegion": {}'),
        (b'"recipientAccountId": "111111111111"', b'"recipientAccountId": []'),
        (b'"sourceIPAddress": "203.0.113.7"', b'"sourceIPAddress": {"a": 1}'),
        (b'"userAgent": "aws-cli/2"', b'"userAgent": []'),
        (b'"accountId": "111111111111"', b'"accountId": {}'),
    ],
)
def test_a_member_that_cannot_be_read_is_not_told(tmp_path: Path, plain: bytes, odd: bytes) -> None:
    """The call counts, and so do all others; what else it tells is kept."""
    it = event(
        user(), "s3", "GetObject", {"bucketName": "b", "key": "k"},
        resources=[{"ARN": "arn:aws:s3:::b/k"}], tlsDetails={"tlsVersion": "TLSv1.3"},
    )  # fmt: skip
    text = json.dumps({"Records": [it, it]}).encode()
    assert plain in text
    (tmp_path / "a.json").write_bytes(text.replace(plain, odd, 1))
    first, second = read_from(tmp_path / "a.json")
    assert first["action"] == second["action"] == "s3:GetObject"
    assert second["resource"] == "arn:aws:s3:::b/k"
    assert first != second or plain == b":::b/k"  # which the parameters tell as well


def test_records_leave_nothing_to_the_collector(tmp_path: Path) -> None:
    """Who translates many may turn it off: no cycles pile up."""

    def translate(name: str) -> None:
        calls = [
            event(
                session("app", f"s{n}"), service, call, {"bucketName": "b", "key": f"{n}", "n": n}
            )
            for n in range(200)
            for service, call in (("s3", "GetObject"), ("dynamodb", "GetItem"), ("iam", "No"))
        ]
        assert len(read_from(write(tmp_path / name, *calls))) == 600

    translate("first.json")  # what is loaded once is none of a record's
    gc.collect()
    gc.disable()
    try:
        translate("second.json")
        assert gc.collect() < 100
    finally:
        gc.enable()
