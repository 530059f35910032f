from __future__ import annotations

import pytest

from clearance.facts.catalog import load_catalog
from clearance.operations.permissions.arns import fill, fits, resource_fits, templates, variables

CATALOG = load_catalog()
HERE = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("action", "arn", "kinds"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/a/b", ("object",)),
        ("s3:GetObject", "arn:aws:s3:::b", ()),
        ("s3:ListBucket", "arn:aws:s3:::b/a", ()),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:f", ("function",)),
        ("iam:GetRole", "arn:aws:iam::123456789012:role/a/b/c", ("role",)),
        ("iam:GetRole", "arn:aws:iam::123456789012:user/c", ()),
        ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/t/index/i", ("index",)),
        ("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a/b", ("parameter",)),
        ("lambda:ListFunctions", f"arn:aws:lambda:{HERE}:function:f", ()),
    ],
)
def test_the_resource_types_an_arn_can_be(action: str, arn: str, kinds: tuple[str, ...]) -> None:
    service = CATALOG.service(action.partition(":")[0])
    facts = CATALOG.action(action)
    assert service is not None
    assert facts is not None
    found = resource_fits(service, facts, arn)
    assert set(kinds) <= set(found)
    assert bool(found) == bool(kinds)


def test_a_template_is_filled_or_not_at_all() -> None:
    template = "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"
    known = {"Partition": "aws", "Region": "us-east-1", "Account": "1", "QueueName": "q"}
    assert fill(template, known.get) == "arn:aws:sqs:us-east-1:1:q"
    assert fill(template, {"Partition": "aws"}.get) is None
    assert variables(template) == ("QueueName",)


def test_some_types_have_several_templates() -> None:
    assert templates("arn:a, arn:b") == ("arn:a", "arn:b")


def test_hostile_arns_take_no_time() -> None:
    template = "arn:${Partition}:x:${Region}:${Account}:${A}/${B}/${C}/${NameWithPath}"
    assert not fits(template, "arn:aws:x:r:a:" + "a/" * 5000)
    assert not fits(template, "arn:aws:x:r:a:" + "a" * 1900)
