"""Requests decided alike: each as if it had been asked by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.laws import strategies as some

from clearance import wiring
from clearance.batch.privilege.alike import Alike
from clearance.batch.privilege.standing import with_policies
from clearance.batch.shapes import Shapes
from clearance.decide import authorize
from clearance.decide.compile import Engine
from clearance.decide.identify import identify
from clearance.model.estate import Estate
from clearance.model.request import Context, Request

MORE = st.sampled_from(
    [
        "arn:aws:s3:::photos/ana/dog.jpg", "arn:aws:s3:::photos/bob", "arn:aws:s3:::other/ana",
        f"arn:aws:sns:us-east-1:{some.HOME}:bob", f"arn:aws:iam::{some.HOME}:role/team/op",
        f"arn:aws:kms:us-east-1:{some.HOME}:key/k2", f"arn:aws:sqs:us-east-1:{some.AWAY}:jobs2",
        f"arn:aws:lambda:us-east-1:{some.AWAY}:function:f:1", *some.USER_ARNS,
    ]
)  # fmt: skip
ASKED = st.lists(st.tuples(some.ACTIONS, some.RESOURCES | MORE), min_size=2, max_size=12)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    some.estates(),
    st.sampled_from([*some.USER_ARNS, *some.ROLE_ARNS]),
    st.lists(some.documents(), max_size=2),
    some.requests(),
    ASKED,
    st.lists(some.contexts(), min_size=1, max_size=2),
)
def test_what_is_decided_alike_is_decided_as_if_alone(
    estate: Estate,
    whom: str,
    texts: list[str],
    first: Request,
    asked: list[tuple[str, str]],
    contexts: list[Context],
) -> None:
    """Also where a user or role has new policies, and where the estate did not hold it before."""
    catalog = wiring.catalog()
    changed = with_policies(estate, whom, texts)
    alike = Alike(Engine(changed, catalog=catalog), Shapes(estate), whom)
    for context in contexts:
        for action, resource in asked:
            request = replace(first, action=action, resource=resource, context=context)
            alone = authorize(changed, request, catalog=catalog).effect
            assert alike.decide(request) is alone, request


PATTERNS = st.sampled_from(
    [
        "*", "arn:aws:s3:::photos/ana/*", "arn:aws:s3:::photos/*/cat.jpg", "arn:aws:s3:::photos/*",
        "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*", "arn:aws:s3:::photos/${x:Custom}/*",
    ]
)  # fmt: skip
CONDITIONS = st.sampled_from(
    [
        {}, {}, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringLike": {"x:Custom": "a*"}}, {"StringNotEquals": {"x:Custom": "bob"}},
    ]
)  # fmt: skip
STATEMENTS = st.builds(
    lambda effect, element, pattern, condition: {
        "Effect": effect, "Action": "s3:GetObject", element: pattern, "Condition": condition,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    PATTERNS,
    CONDITIONS,
)  # fmt: skip
OBJECTS = [
    f"arn:aws:s3:::photos/{who}/{what}" for who in ("ana", "bob") for what in ("cat.jpg", "")
]
TOLD = [
    Context.of({"aws:SourceIp": address, "x:Custom": name})
    for address in ("203.0.113.7", "192.0.2.1")
    for name in ("ana", "bob")
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(STATEMENTS, min_size=1, max_size=3),
    st.permutations([(o, c) for o in OBJECTS for c in TOLD]),
)
def test_patterns_and_contexts_tell_objects_of_one_bucket_apart(
    statements: list[dict[str, Any]], asked: list[tuple[str, Context]]
) -> None:
    whom, catalog = some.USER_ARNS[0], wiring.catalog()
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    estate = with_policies(Estate(), whom, [text])
    alike = Alike(Engine(estate, catalog=catalog), Shapes(Estate()), whom)
    principal = replace(identify(whom, estate), tags={"team": "bob"})
    for resource, context in asked:
        request = Request(principal, "s3:GetObject", resource, context, some.HOME)
        alone = authorize(estate, request, catalog=catalog).effect
        assert alike.decide(request) is alone, request
