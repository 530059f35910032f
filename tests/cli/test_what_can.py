"""clearance what-can: a line a service, or a line an action."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import clearance
from tests.cli.somebody import ANA, BOB, DEPLOY, EVENTS, FUNCTION, saved


def test_one_service_is_listed_action_by_action(tmp_path: Path) -> None:
    ran = clearance("what-can", ANA, "--service", "lambda", "-e", saved(tmp_path))
    assert ran.code == 0
    lines = [line for line in ran.out.splitlines() if not line.startswith(" ")]
    assert lines[:3] == [
        "lambda:InvokeAsync  (Write)",
        "lambda:InvokeFunction  (Write)",
        "lambda:InvokeFunctionUrl  (Write)",
    ]
    assert f"  {FUNCTION}  if aws:SourceIp" in ran.out


def test_all_services_are_counted_by_access_level(tmp_path: Path) -> None:
    ran = clearance("what-can", BOB, "-e", saved(tmp_path))
    words = [line.split() for line in ran.out.splitlines()]
    assert ["sts", "1"] in [[row[0], row[-1]] for row in words if row]


def test_a_resource_policy_lets_in_who_has_no_policy(tmp_path: Path) -> None:
    ran = clearance("what-can", EVENTS, "-s", "lambda", "-e", saved(tmp_path), "--json")
    found = json.loads(ran.out)
    assert [(one["action"], one["resource"]) for one in found] == [
        ("lambda:InvokeFunction", FUNCTION)
    ]


def test_a_role_can_what_its_patterns_name(tmp_path: Path) -> None:
    ran = clearance("what-can", DEPLOY, "-s", "s3", "-e", saved(tmp_path), "--json")
    assert [(one["action"], one["resource"]) for one in json.loads(ran.out)] == [
        ("s3:GetObject", "*")
    ]


def test_nothing_is_exit_code_1_and_an_unknown_service_2(tmp_path: Path) -> None:
    place = saved(tmp_path)
    eve = ANA.replace("ana", "eve")
    assert clearance("what-can", eve, "-s", "lambda", "-e", place).code == 1
    ran = clearance("what-can", ANA, "-s", "lamda", "-e", place)
    assert (ran.code, "did you mean `lambda`" in ran.err) == (2, True)
    assert clearance("what-can", "nobody at all", "-e", place).code == 2
