"""What is marked in a layer's policies, and in which order they are shown."""

from __future__ import annotations

import json

from tests.endpoints import allow, document

from clearance.decide import PolicySet, evaluate, identify
from clearance.decide.attach import attach
from clearance.model.decision import CheckEffect, CheckType, Decision, DecisionEffect
from clearance.model.policy import PolicyType
from clearance.model.request import Context, Request
from clearance.server.console.parts.layers import layers_of, telling
from clearance.server.console.parts.marks import Shown, shown

ANA = identify("arn:aws:iam::123456789012:user/ana")


def decide(*texts: str, action: str = "s3:GetObject", **context: str) -> Decision:
    policies = tuple(attach(t, PolicyType.IDENTITY, f"p{n}") for n, t in enumerate(texts))
    keys = Context.of({k.replace("_", ":"): v for k, v in context.items()}, complete=True)
    request = Request(ANA, action, "arn:aws:s3:::photos/cat.jpg", keys)
    return evaluate(request, PolicySet(identity=policies))


def identity(decision: Decision) -> tuple[Shown, ...]:
    [check] = [c for c in decision.checks if c.type is CheckType.PRINCIPAL]
    return shown(decision, check)


def test_what_spoke_is_marked_and_comes_first() -> None:
    found = identity(decide(allow("iam:GetUser"), allow("s3:*")))
    assert [each.policy.name for each in found] == ["p1", "p0"]
    [mark] = found[0].marks
    assert (mark.path, mark.kind) == (("Statement", 0), "allow")
    assert found[1].marks == ()


def test_a_deny_is_marked_as_one() -> None:
    deny = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    marks = identity(decide(deny, allow("*")))[0].marks
    assert [mark.kind for mark in marks] == ["deny"]


def test_the_nearest_statement_says_what_the_request_has() -> None:
    near = allow("s3:GetObject", "arn:aws:s3:::photos/dog.jpg")
    [statement, element] = identity(decide(near))[0].marks
    assert (statement.path, statement.kind) == (("Statement", 0), "near")
    assert (element.path, element.kind) == (("Statement", 0, "Resource"), "miss")
    assert element.says == "the request has Resource arn:aws:s3:::photos/cat.jpg"


def test_a_condition_is_found_however_it_is_spelled() -> None:
    condition = {"StringEquals": {"AWS:Referer": "x"}}
    lone = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    text = json.dumps({"Version": "2012-10-17", "Statement": lone})
    marks = identity(decide(text, aws_Referer="y"))[0].marks
    assert marks[0].path == ("Statement",)
    assert marks[1].path == ("Statement", "Condition", "StringEquals", "AWS:Referer")
    assert marks[1].says == "the request has AWS:Referer y"


def test_a_key_that_is_not_there() -> None:
    near = allow("s3:GetObject", Condition={"StringEquals": {"aws:Referer": "x"}})
    assert identity(decide(near))[0].marks[1].says == "the request has no aws:Referer"


def test_layers_in_the_order_of_the_diagram() -> None:
    decision = decide(allow("s3:GetObject"))
    layers = layers_of(decision)
    assert [layer.type for layer in layers] == [
        CheckType.SERVICE_CONTROL_POLICY,
        CheckType.RESOURCE_CONTROL_POLICY,
        CheckType.VPC_ENDPOINT,
        CheckType.RESOURCE,
        CheckType.PRINCIPAL,
        CheckType.PERMISSIONS_BOUNDARY,
        CheckType.SESSION,
    ]
    assert layers[0].effect is None
    granted = telling(layers)
    assert granted is not None
    assert (granted.type, granted.effect) == (CheckType.PRINCIPAL, CheckEffect.ALLOW)


def test_the_layer_that_blocks_is_looked_at_first() -> None:
    decision = decide(allow("iam:GetUser"))
    assert decision.effect is DecisionEffect.IMPLICIT_DENY
    first = telling(layers_of(decision))
    assert first is not None
    assert first.effect is CheckEffect.IMPLICIT_DENY
