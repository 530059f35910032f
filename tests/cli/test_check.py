"""clearance check: verdicts, exit codes, and every kind of bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.run import clearance

USER = "arn:aws:iam::123456789012:user/lambda_executer"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:ProcessImages"
INVOKE = "lambda:InvokeFunction"


def policy(folder: Path, name: str = "p.json", **statement: Any) -> Path:
    path = folder / name
    body = {"Effect": "Allow", "Action": INVOKE, "Resource": FUNCTION, **statement}
    body = {key: value for key, value in body.items() if value is not None}
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [body]}, indent=1))
    return path


def test_an_allowed_request_exits_with_0(tmp_path: Path) -> None:
    ran = clearance("check", USER, INVOKE, FUNCTION, "--policy", policy(tmp_path))
    assert ran.code == 0
    assert ran.out.startswith("ALLOWED")


def test_a_denied_request_exits_with_1_and_shows_the_nearest_statement(tmp_path: Path) -> None:
    path = policy(tmp_path, Resource=FUNCTION + ":PROD")
    ran = clearance("check", USER, INVOKE, FUNCTION, "--policy", path)
    assert ran.code == 1
    assert "IMPLICIT_DENY" in ran.out
    assert FUNCTION + ":PROD" in ran.out


def test_json_names_the_checks_as_aws_does(tmp_path: Path) -> None:
    ran = clearance("check", USER, INVOKE, FUNCTION, "--policy", policy(tmp_path), "--json")
    answer = json.loads(ran.out)
    assert answer["evaluatedEffect"] == "ALLOW"
    assert {c["checkType"]: c["evaluatedEffect"] for c in answer["checks"]} == {
        "RESOURCE": "NO_IMPACT",
        "PRINCIPAL": "ALLOW",
    }


def test_context_keys_decide(tmp_path: Path) -> None:
    wanted = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    path = policy(tmp_path, Condition=wanted)
    ask = ("check", USER, INVOKE, FUNCTION, "--policy", path)
    assert clearance(*ask, "-c", "aws:SourceIp=203.0.113.7").code == 0
    assert clearance(*ask, "-c", "aws:SourceIp=198.51.100.7").code == 1
    open_ = clearance(*ask)
    assert open_.code == 1
    assert "undecided: `aws:SourceIp`" in open_.out
    assert "undecided" not in clearance(*ask, "--absent", "aws:SourceIp").out


def test_layers_from_files(tmp_path: Path) -> None:
    path = policy(tmp_path)
    boundary = policy(tmp_path, "b.json", Action="s3:*", Resource="*")
    ran = clearance("check", USER, INVOKE, FUNCTION, "-p", path, "--boundary", boundary)
    assert ran.code == 1
    assert "permissions boundary" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((USER, "lambda", FUNCTION), "is not an action"),
        ((USER, "lambda:*", FUNCTION), "is not an action"),
        (("ana", INVOKE, FUNCTION), "`ana` is not an ARN"),
        (("arn:aws:s3:::bucket", INVOKE, FUNCTION), "is not a principal"),
        ((USER, INVOKE, FUNCTION, "-c", "aws:SourceIp"), "is not a context key"),
    ],
)
def test_bad_words_exit_with_2(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ran = clearance("check", *words, "--policy", policy(tmp_path))
    assert ran.code == 2
    assert said in ran.err


def test_neither_estate_nor_policy() -> None:
    ran = clearance("check", USER, INVOKE, FUNCTION)
    assert ran.code == 2
    assert "give --estate, or policy files" in ran.err


@pytest.mark.parametrize(
    ("statement", "said", "path"),
    [
        ({"Effect": "Permit"}, "unknown effect `Permit`", "Statement[0].Effect"),
        ({"Conditions": {}}, "did you mean `Condition`?", "Statement[0].Conditions"),
        ({"Condition": {"StringLikes": {"aws:x": "y"}}}, "did you mean `StringLike`?", "line 9"),
        ({"Action": None}, "`Action` or `NotAction` is missing", "Statement[0]"),
        ({"Principal": "*"}, "`Principal` is not allowed", "Statement[0].Principal"),
    ],
)
def test_a_malformed_policy_says_where(
    tmp_path: Path, statement: dict[str, Any], said: str, path: str
) -> None:
    file = policy(tmp_path, **statement)
    ran = clearance("check", USER, INVOKE, FUNCTION, "--policy", file)
    assert ran.code == 2
    assert said in ran.err
    assert path in ran.err
    assert str(file) in ran.err
    assert "^" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b'{"Version":"2012-10-17","Version":"x","Statement":[]}', "occurs twice"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"Statement":[]}', "`Statement` is empty"),
        (b"NaN", "is not JSON"),
    ],
)
def test_what_is_no_policy(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    ran = clearance("check", USER, INVOKE, FUNCTION, "--policy", path)
    assert ran.code == 2
    assert said in ran.err


def test_missing_files(tmp_path: Path) -> None:
    absent = tmp_path / "absent.json"
    assert "does not exist" in clearance("check", USER, INVOKE, "*", "-p", absent).err
    assert "does not exist" in clearance("check", USER, INVOKE, "*", "-e", absent).err
    assert "is a folder" in clearance("check", USER, INVOKE, "*", "-p", tmp_path).err


def test_an_action_aws_does_not_have_warns(tmp_path: Path) -> None:
    ran = clearance("check", USER, "lambda:Invoke", FUNCTION, "--policy", policy(tmp_path))
    assert ran.code == 1
    assert "did you mean `lambda:InvokeFunction`?" in ran.err


def test_unknown_flag_and_command() -> None:
    assert clearance("check", "--nope").code == 2
    assert clearance("chekc").code == 2
    assert clearance("--version").out.startswith("clearance ")


def test_as_a_module_in_a_process_of_its_own() -> None:
    words = [sys.executable, "-m", "clearance", "check", USER, INVOKE]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: give --estate, or policy files such as --policy\n"


def test_an_arn_of_the_wrong_type_warns(tmp_path: Path) -> None:
    ran = clearance("check", USER, INVOKE, "arn:aws:s3:::bucket", "-p", policy(tmp_path))
    assert "is not of a type that `lambda:InvokeFunction` works on: function" in ran.err


def test_an_action_without_resources_is_decided_against_all_of_them(tmp_path: Path) -> None:
    path = policy(tmp_path, Action="lambda:ListFunctions", Resource="*")
    ran = clearance("check", USER, "lambda:ListFunctions", FUNCTION, "-p", path)
    assert ran.code == 0
    assert "has no resource-level permissions" in ran.err
    exact = policy(tmp_path, "exact.json", Action="lambda:ListFunctions", Resource=FUNCTION)
    assert clearance("check", USER, "lambda:ListFunctions", FUNCTION, "-p", exact).code == 1
