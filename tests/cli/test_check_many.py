"""clearance check --requests: tables, summaries and bad files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.cli.somebody import ANA, BOB, DEPLOY, FUNCTION, saved

CSV = f"""principal,action,resource,aws:SourceIp
{ANA},lambda:InvokeFunction,{FUNCTION},203.0.113.7
{ANA},lambda:InvokeFunction,{FUNCTION},
{BOB},lambda:InvokeFunction,{FUNCTION},203.0.113.7
"""


def test_a_csv_becomes_a_table_and_a_summary(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(CSV)
    ran = clearance("check", "--requests", file, "--estate", saved(tmp_path))
    assert ran.code == 1
    assert "3 requests: 1 ALLOW, 2 IMPLICIT_DENY; 1 with keys nobody told" in ran.out


def test_json_lines_hold_lists_and_give_json(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    rows = [
        {"principal": DEPLOY, "action": "lambda:GetFunction", "resource": FUNCTION,
         "context": {"aws:TagKeys": ["a", "b"], "aws:SecureTransport": True}},
        {"principal": DEPLOY, "action": "lambda:ListFunctions"},
    ]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    ran = clearance("check", "--requests", file, "-e", saved(tmp_path), "--json")
    assert ran.code == 0
    assert [one["evaluatedEffect"] for one in json.loads(ran.out)] == ["ALLOW", "ALLOW"]
    assert json.loads(ran.out)[0]["because"] == "lambda, statement 1"


def test_all_missing_keys_names_those_that_do_not_matter_too(tmp_path: Path) -> None:
    asked = ("check", ANA, "lambda:InvokeFunction", FUNCTION, "-e", saved(tmp_path))
    ran = clearance(*asked, "--all-missing-keys")
    assert "not told: aws:SourceIp" in ran.out
    told = json.loads(
        clearance(*asked, "-c", "aws:SourceIp=192.0.2.1", "--all-missing-keys", "--json").out
    )
    assert told["missingKeys"] == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "who,action\nx,y\n", "unknown column `who`"),
        ("a.csv", "principal,action\nx\n", "line 2: 1 cells for 2 columns"),
        ("a.csv", f"principal,action\n{ANA},s3:*\n", "line 2: `s3:*` is not an action"),
        ("a.csv", "principal,action\nx,s3:GetObject\n", "line 2: the estate has no `x`"),
        ("a.csv", "principal,action\n", "holds no requests"),
        ("a.csv", 'principal,action\n"x,y\n', "line 2"),
        ("a.jsonl", "{", "line 1: not JSON"),
        ("a.jsonl", "[1]", "line 1: write an object"),
        ("a.jsonl", '{"principal": "x"}', "line 1: `action` is missing"),
        ("a.jsonl", '{"principal":"x","action":"a:b","context":{"a:b":{}}}', "maps keys to texts"),
        ("a.jsonl", '{"principal":"x","action":"a:b","resource":3}', "`resource` is a text"),
    ],
)
def test_bad_files_are_one_line_with_a_place(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    ran = clearance("check", "--requests", file, "-e", saved(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err
    assert ran.err.count("\n") == 1


def test_one_request_or_a_file_but_not_both(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(CSV)
    place = saved(tmp_path)
    assert clearance("check", ANA, "s3:GetObject", "--requests", file, "-e", place).code == 2
    assert clearance("check", "-e", place).code == 2
