"""clearance validate: files, formats, exit codes, fixes and suppressions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.run import clearance

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
GOOD = {"Version": "2012-10-17", "Statement": [STATEMENT]}
WARNS = {"Statement": [STATEMENT]}
BAD = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}
  ]
}
"""
TEMPLATE = """AWSTemplateFormatVersion: 2010-09-09
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
            Resource: !Sub "arn:${AWS::Partition}:s3:::b"
"""


def put(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return path


def test_a_good_policy_exits_with_0(tmp_path: Path) -> None:
    ran = clearance("validate", put(tmp_path, "good.json", GOOD))
    assert ran.code == 0
    assert ran.out == "1 policy in 1 file: nothing to report\n"


def test_an_error_shows_its_line_and_exits_with_1(tmp_path: Path) -> None:
    ran = clearance("validate", "bad.json", cwd=put(tmp_path, "bad.json", BAD).parent)
    assert ran.code == 1
    assert "bad.json:4:16  ERROR  INVALID_EFFECT" in ran.out
    assert '    4 |     {"Effect": "allow"' in ran.out
    assert "\n                       ^^^^^^^\n" in ran.out
    assert "fix: write `Allow` (--fix)" in ran.out
    assert ran.out.endswith("1 policy in 1 file: 1 error\n")


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 0), ("security-warning", 0), ("WARNING", 1), ("suggestion", 1)]
)
def test_fail_on_says_from_which_type_on_it_fails(tmp_path: Path, fail_on: str, code: int) -> None:
    path = put(tmp_path, "p.json", WARNS)
    assert clearance("validate", path, "--fail-on", fail_on).code == code


def test_a_folder_is_searched_for_policies_only(tmp_path: Path) -> None:
    put(tmp_path, "a/bad.json", BAD)
    put(tmp_path, "package.json", {"name": "x", "Statement": "no"})
    put(tmp_path, "broken.json", "{")
    put(tmp_path, ".git/hidden.json", BAD)
    put(tmp_path, "node_modules/other.json", BAD)
    put(tmp_path, "t.yaml", TEMPLATE)
    put(tmp_path, "broken.yaml", "a: [Statement")
    put(
        tmp_path,
        "scps/leave.json",
        {**GOOD, "Statement": [{**STATEMENT, "Action": "s3:*Object"}]},
    )
    ran = clearance("validate", ".", cwd=tmp_path)
    assert ran.out.endswith("3 policies in 3 files: 3 errors\n")
    assert "a/bad.json:4:16  ERROR  INVALID_EFFECT" in ran.out
    assert "scps/leave.json" in ran.out
    assert "SCP_SYNTAX_ERROR_ACTION_WILDCARD" in ran.out
    assert "t.yaml:12:23  ERROR  ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE" in ran.out


def test_a_policy_in_a_plan_is_found_at_its_place(tmp_path: Path) -> None:
    inner = json.dumps(
        {**GOOD, "Statement": [{"Effect": "Allow", "Action": "s3:Nonsense", "Resource": "*"}]}
    )
    plan = {
        "resource_changes": [{"type": "aws_iam_policy", "change": {"after": {"policy": inner}}}]
    }
    path = put(tmp_path, "plan.json", plan)
    ran = clearance("validate", path, "--format", "json")
    (finding,) = json.loads(ran.out)["findings"]
    assert finding["path"] == "resource_changes[0].change.after.policy.Statement[0].Action"
    span = finding["locations"][0]["span"]
    text = path.read_text()
    assert text[span["start"]["offset"] : span["end"]["offset"]].startswith('\\"s3:Nonsense')


def test_fix_writes_the_file_and_keeps_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(BAD.replace("\n", "\r\n").encode())
    ran = clearance("validate", path, "--fix")
    assert ran.code == 0
    assert "fixed: " in ran.err
    assert path.read_bytes() == BAD.replace("allow", "Allow").replace("\n", "\r\n").encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("indent", "start"), [(2, '{\n  "Version"'), (None, '{"Version"')])
def test_a_version_is_added_in_the_manner_of_the_text(
    tmp_path: Path, indent: int | None, start: str
) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps(WARNS, indent=indent))
    assert clearance("validate", path, "--fix", "--fail-on", "warning").code == 0
    assert path.read_text().startswith(start)
    assert json.loads(path.read_text()) == GOOD


def test_github_annotations(tmp_path: Path) -> None:
    put(tmp_path, "bad.json", BAD)
    ran = clearance("validate", "bad.json", "--format", "github", cwd=tmp_path)
    (line,) = ran.out.splitlines()
    assert line.startswith(
        "::error file=bad.json,line=4,endLine=4,col=16,endColumn=22,title=INVALID_EFFECT::"
    )


def test_sarif(tmp_path: Path) -> None:
    ran = clearance("validate", put(tmp_path, "bad.json", BAD), "--format", "sarif")
    log = json.loads(ran.out)
    assert log["version"] == "2.1.0"
    assert [r["ruleId"] for r in log["runs"][0]["results"]] == ["INVALID_EFFECT"]


def test_a_suppression_needs_a_reason_and_must_be_used(tmp_path: Path) -> None:
    put(tmp_path, "bad.json", BAD)
    entry = '[[validate.suppress]]\ncode = "INVALID_EFFECT"\nfile = "bad.json"\n'
    put(tmp_path, ".clearance.toml", entry)
    ran = clearance("validate", ".", cwd=tmp_path)
    assert ran.code == 2
    assert "the suppression of `INVALID_EFFECT` needs a `reason`" in ran.err
    put(tmp_path, ".clearance.toml", entry + 'path = "Statement[0].Effect"\nreason = "old"\n')
    ran = clearance("validate", ".", cwd=tmp_path)
    assert ran.code == 0
    assert ran.out == "1 policy in 1 file: nothing to report\n1 suppressed\n"
    put(tmp_path, "bad.json", GOOD)
    ran = clearance("validate", ".", cwd=tmp_path)
    assert ran.code == 0
    assert "the suppression of `INVALID_EFFECT` in `bad.json`" in ran.err


def test_settings_give_types_and_limits(tmp_path: Path) -> None:
    put(tmp_path, "org/p.json", WARNS)
    put(
        tmp_path,
        "c.toml",
        '[validate]\nfail-on = "warning"\n[[validate.files]]\nfile = "org/*"\ntype = "scp"\n',
    )
    ran = clearance("validate", "org", "--config", "c.toml", "--format", "json", cwd=tmp_path)
    assert ran.code == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("nowhere.json",), "`nowhere.json` does not exist"),
        (("good.json", "--type", "bucket"), "`bucket` is not a type of policy"),
        (("good.json", "--fail-on", "never"), "`never` is not a type of finding"),
        (("good.json", "--config", "no.toml"), "`no.toml` does not exist"),
        (("good.json", "--config", "good.json"), "`good.json` is not TOML"),
        (("good.json", "--config", "odd.toml"), "`validate` has no setting `colour`"),
        (("good.json", "--config", "code.toml"), "`NOPE` is not an issue code"),
    ],
)
def test_bad_input_exits_with_2(tmp_path: Path, words: tuple[str, ...], problem: str) -> None:
    put(tmp_path, "good.json", GOOD)
    put(tmp_path, "odd.toml", "[validate]\ncolour = 1\n")
    put(tmp_path, "code.toml", '[[validate.suppress]]\ncode = "NOPE"\nreason = "x"\n')
    ran = clearance("validate", *words, cwd=tmp_path)
    assert ran.code == 2
    assert problem in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_is_no_policy_is_one_broken_policy(tmp_path: Path) -> None:
    ran = clearance("validate", put(tmp_path, "p.json", "not a policy"), "--format", "json")
    codes = {f["issueCode"] for f in json.loads(ran.out)["findings"]}
    assert ran.code == 1
    assert "JSON_SYNTAX_ERROR" in codes
