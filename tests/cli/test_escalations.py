"""clearance escalations: table, JSON, drawings, goals and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.iam_details import allow, details, role_arn, trusts, user_arn, write


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    content = details(
        {"ana": [allow("iam:AttachUserPolicy")], "bob": [], "eve": [allow("sts:AssumeRole")]},
        {"full": (trusts(user_arn("eve")), [allow("*")])},
    )
    return write(tmp_path / "estate.json", content)


def test_the_table_says_each_step_and_its_requests(estate: Path) -> None:
    ran = clearance("escalations", "--estate", estate)
    assert ran.code == 1
    assert "goal: administrator" in ran.out
    assert "there already: 123456789012:role/full" in ran.out
    assert "  1. attach AdministratorAccess to oneself" in ran.out
    assert f"iam:AttachUserPolicy on {user_arn('ana')} iam:PolicyARN=" in ran.words
    assert "\n2 can get there\n" in ran.out
    assert "the estate does not tell: " in ran.out
    assert "user/bob" not in ran.out


def test_json_has_the_interpreters_word_on_every_request(estate: Path) -> None:
    ran = clearance("escalations", "-e", estate, "--json")
    found = json.loads(ran.out)
    assert [p["principal"] for p in found["paths"]] == [user_arn("ana"), user_arn("eve")]
    for path in found["paths"]:
        for step in path["steps"]:
            assert step["source"].startswith("https://")
            assert {r["evaluatedEffect"] for r in step["requests"]} == {"ALLOW"}


def test_one_principal_and_one_goal(estate: Path) -> None:
    assert clearance("escalations", "-e", estate, "--from", "bob").code == 0
    ran = clearance("escalations", "-e", estate, "--from", "user/eve")
    assert "\n1 can get there\n" in ran.out
    ran = clearance("escalations", "-e", estate, "--to", "s3:GetObject", "--on", "arn:aws:s3:::b/k")
    assert "goal: s3:GetObject on arn:aws:s3:::b/k" in ran.out


def test_drawings(estate: Path) -> None:
    assert clearance("escalations", "-e", estate, "--format", "mermaid").out.startswith("flowchart")
    assert clearance("escalations", "-e", estate, "--format", "dot").out.startswith("digraph")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--from", "nobody"), "`nobody` is not in the estate"),
        (("--from", "arn:aws:s3:::b"), "is not a principal"),
        (("--to", "everything"), "`everything` is not an action"),
    ],
)
def test_bad_input_exits_with_2(estate: Path, words: tuple[str, ...], problem: str) -> None:
    ran = clearance("escalations", "-e", estate, *words)
    assert ran.code == 2
    assert problem in ran.err


def test_a_role_is_named_like_a_user(estate: Path) -> None:
    ran = clearance("escalations", "-e", estate, "--from", role_arn("full"))
    assert ran.code == 0
