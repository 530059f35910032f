"""Which keys hold several values, and what a variable without a value names."""

from __future__ import annotations

import pytest
from tests.prove.build import allow, identity

from clearance.decide.identify import identify
from clearance.model.catalog import Catalog, ServiceFacts
from clearance.prove.layers import facts_of
from clearance.prove.sets import allowed
from clearance.prove.space import Space

KINDS = {"example:Tags": "ArrayOfString", "example:One": "String"}
FACTS = ServiceFacts("example", "Example", {}, {}, KINDS)
CATALOG = Catalog(("example",), lambda prefix: FACTS if prefix == "example" else None)


@pytest.mark.parametrize(
    ("operator", "key", "single"),
    [
        ("StringEquals", "aws:TagKeys", False),
        ("StringEquals", "aws:CalledVia", False),
        ("ForAnyValue:StringEquals", "aws:PrincipalTag/team", True),
        ("ForAnyValue:StringEquals", "aws:username", True),
        ("StringEquals", "example:Tags", False),
        ("ForAnyValue:StringEquals", "example:One", True),
        ("StringEquals", "example:Unknown", True),
        ("ForAllValues:StringEquals", "example:Unknown", False),
    ],
)
def test_a_key_has_as_many_values_as_aws_says_or_a_policy_asks_for(
    operator: str, key: str, *, single: bool
) -> None:
    policy = identity(allow("s3:GetObject", "*", {operator: {key: "a"}}))
    space = Space.of([policy], multivalued=CATALOG.multivalued)
    assert space.domains[key.lower()].single is single


@pytest.mark.parametrize(("who", "some"), [("user/ana", True), ("role/app", False)])
def test_a_variable_without_a_value_names_no_resource(who: str, *, some: bool) -> None:
    caller = identify(f"arn:aws:iam::111122223333:{who}")
    policy = identity(allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"))
    space = Space.of([policy], caller=caller, facts=facts_of(caller))
    found = [piece.box.resource for piece in allowed(space, policy).pieces()]
    assert found == ([("arn:aws:s3:::b/ana/*",)] if some else [])
