from __future__ import annotations

import pytest

from clearance.model.policy import PolicyType
from clearance.operations.documents import encoded, read_document, size
from clearance.operations.fault import OperationError

PLAIN = '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'


def test_white_space_does_not_count() -> None:
    """R11."""
    assert size(' {\n"a" :\t"b c"}\r\n') == len('{"a":"bc"}')


@pytest.mark.parametrize(
    ("text", "url"), [("a b", "a%20b"), ("-._~", "-._~"), ("/:*'()!", "%2F%3A%2A%27%28%29%21")]
)
def test_documents_are_encoded_as_rfc_3986_says(text: str, url: str) -> None:
    assert encoded(text) == url


def test_only_what_iam_saves_must_have_a_version() -> None:
    with pytest.raises(OperationError, match="must be version 2012-10-17"):
        read_document(PLAIN, PolicyType.IDENTITY)
    assert read_document(PLAIN, PolicyType.SESSION).version is None


@pytest.mark.parametrize("kind", list(PolicyType))
@pytest.mark.parametrize("text", ["", "7", "{", "[" * 100_000, '{"Statement":[7]}', "null"])
def test_whatever_is_no_policy_is_malformed(kind: PolicyType, text: str) -> None:
    with pytest.raises(OperationError) as refused:
        read_document(text, kind)
    assert refused.value.code == "MalformedPolicyDocument"
