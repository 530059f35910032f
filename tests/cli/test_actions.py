"""clearance actions: patterns, facts, and what was meant."""

from __future__ import annotations

import json

from tests.cli.run import clearance


def test_a_pattern_is_spelled_out() -> None:
    ran = clearance("actions", "lambda:invoke*")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()][:3] == [
        "lambda:InvokeAsync",
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    ]


def test_one_action_shows_types_and_keys() -> None:
    ran = clearance("actions", "s3:GetObject")
    assert "on object: arn:${Partition}:s3:::${BucketName}/${ObjectName}" in ran.out
    assert "s3:ExistingObjectTag/<key>" in ran.out


def test_json_holds_every_fact() -> None:
    (facts,) = json.loads(clearance("actions", "iam:PassRole", "--json").out)
    assert facts["accessLevel"] == "Write"
    assert facts["resourceTypes"][0]["name"] == "role"
    assert "iam:PassedToService" in facts["conditionKeys"]


def test_an_unknown_action_gets_a_suggestion_and_exit_code_1() -> None:
    ran = clearance("actions", "lambda:Invoke")
    assert (ran.code, "did you mean `lambda:InvokeFunction`" in ran.err) == (1, True)


def test_what_is_no_action_is_exit_code_2() -> None:
    assert clearance("actions", "GetObject").code == 2
