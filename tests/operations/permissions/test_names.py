from __future__ import annotations

import pytest

from clearance.facts.catalog import load_catalog
from clearance.operations.permissions.names import action_of_api, expand, meant, suggest

CATALOG = load_catalog()


def test_a_wildcard_stands_for_actions_as_aws_spells_them() -> None:
    found = expand(CATALOG, "S3:getbucketc*")
    assert found == ("s3:GetBucketCORS",)


def test_question_marks_stand_for_one_character() -> None:
    assert expand(CATALOG, "sqs:?ddPermission") == ("sqs:AddPermission",)


def test_a_plain_name_is_itself() -> None:
    assert expand(CATALOG, "lambda:invokefunction") == ("lambda:InvokeFunction",)


@pytest.mark.parametrize("pattern", ["nosuch:*", "s3:NoSuchThing", "s3", ""])
def test_what_does_not_exist_stands_for_nothing(pattern: str) -> None:
    assert expand(CATALOG, pattern) == ()


def test_a_wildcard_in_the_prefix_spans_services() -> None:
    found = expand(CATALOG, "s3*:CreateSession")
    assert found == ("s3express:CreateSession",)


@pytest.mark.parametrize(
    ("api", "actions"),
    [
        ("lambda:Invoke", ("lambda:InvokeFunction",)),
        ("s3:ListObjectsV2", ("s3:ListBucket",)),
        ("S3:HEADOBJECT", ("s3:GetObject",)),
        ("sqs:SendMessageBatch", ("sqs:SendMessage",)),
        ("kms:ReEncrypt", ("kms:ReEncryptFrom", "kms:ReEncryptTo")),
        ("lambda:InvokeFunction", ()),
    ],
)
def test_an_api_name_means_its_actions(api: str, actions: tuple[str, ...]) -> None:
    assert meant(api) == actions
    assert all(CATALOG.action(action) for action in actions)


def test_suggestions_know_the_api_name_first() -> None:
    assert suggest(CATALOG, "lambda:Invoke") == ("lambda:InvokeFunction",)


def test_suggestions_mend_a_slip() -> None:
    assert suggest(CATALOG, "s3:GetObjects")[0] == "s3:GetObject"
    assert "lambda:InvokeFunction" in suggest(CATALOG, "lamda:InvokeFunction")


def test_suggestions_give_up_on_nonsense() -> None:
    assert suggest(CATALOG, "x" * 10_000) == ()
    assert suggest(CATALOG, "::") == ()


def test_an_operation_takes_the_spelling_of_its_action() -> None:
    assert action_of_api(CATALOG, "s3", "GetBucketCors") == ("s3:GetBucketCORS",)
    assert action_of_api(CATALOG, "x", "DoIt") == ("x:DoIt",)
