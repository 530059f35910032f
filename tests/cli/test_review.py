"""clearance review: what policies changed since a commit newly allow, and what is no policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.repository import git, policy, repository
from tests.cli.run import clearance


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def test_nothing_changed(place: Path) -> None:
    ran = clearance("review", cwd=place)
    assert (ran.code, ran.out) == (0, "no policy has changed\n")


def test_more_and_less(place: Path) -> None:
    app = place / "policies" / "app.json"
    app.write_text(policy("s3:PutObject"))
    ran = clearance("review", cwd=place)
    assert ran.code == 0
    assert ran.out.startswith("policies/app.json (changed)\n  newly allowed:\n    s3:PutObject\n")
    assert "  newly denied:\n    s3:GetObject\n" in ran.out
    assert ran.out.endswith("1 policy changed: 1 newly allows something\n")
    assert clearance("review", "--no-new-access", cwd=place).code == 1
    git(place, "add", "-A")
    assert clearance("review", "--no-new-access", cwd=place / "policies").code == 1
    app.write_text(policy("s3:Get*", effect="Deny"))
    ran = clearance("review", "--no-new-access", cwd=place)
    assert ran.code == 0
    assert "nothing is newly allowed (proven)" in ran.out


def test_the_same_meaning_in_other_words_changes_nothing(place: Path) -> None:
    (place / "policies" / "app.json").write_text(policy("s3:GetObject", "s3:getobject"))
    ran = clearance("review", "--no-new-access", cwd=place)
    assert ran.code == 0
    assert "newly allowed: nothing (proven)\n  newly denied: nothing (proven)" in ran.out
    (place / "policies" / "app.json").write_text(policy("s3:GetObject") + "\n\n")
    assert clearance("review", cwd=place).out == "no policy has changed\n"


def test_new_and_removed_policies_are_compared_with_none(place: Path) -> None:
    (place / "policies" / "app.json").unlink()
    (place / "policies" / "more.json").write_text(policy("sqs:SendMessage"))
    # A guardrail that comes takes away; one that goes gives.
    (place / "policies" / "stop.scp.json").write_text(policy("s3:*"))
    told = json.loads(clearance("review", "--format", "json", cwd=place).out)
    found = {each["policy"]: each for each in told["policies"]}
    verdicts = {
        name: (each["change"], each["newly_allowed"]["nothing"], each["newly_denied"]["nothing"])
        for name, each in found.items()
    }
    assert verdicts == {
        "policies/app.json": ("removed", "proven", "refuted"),
        "policies/more.json": ("new", "refuted", "proven"),
        "policies/stop.scp.json": ("new", "proven", "refuted"),
    }


@pytest.mark.parametrize("kind", ["scp", "rcp", "boundary"])
def test_a_guardrail_that_goes_allows_more(place: Path, kind: str) -> None:
    who = {"Principal": "*"} if kind == "rcp" else {}
    guard = place / f"stop.{kind}.json"
    guard.write_text(policy("s3:DeleteObject", effect="Deny", **who))
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "guard")
    guard.unlink()
    ran = clearance("review", "--no-new-access", cwd=place)
    assert ran.code == 1, ran.out
    assert f"stop.{kind}.json (removed)\n  newly allowed:" in ran.out


def test_policies_inside_of_templates(place: Path) -> None:
    template = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: "111111111111"}}]
      Policies:
        - PolicyName: app
          PolicyDocument:
            Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: %s}]
"""
    file = place / "stack.yaml"
    file.write_text(template % '"*"')
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "stack")
    file.write_text((template % '"*"').replace("s3:GetObject", "s3:*").replace("1111", "2222"))
    told = json.loads(clearance("review", "--format", "json", cwd=place).out)
    assert [each["policy"] for each in told["policies"]] == [
        "stack.yaml Resources.Role.Properties.AssumeRolePolicyDocument",
        "stack.yaml Resources.Role.Properties.Policies[0].PolicyDocument",
    ]
    assert {each["newly_allowed"]["nothing"] for each in told["policies"]} == {"refuted"}
    file.write_text(template % "!Sub 'arn:aws:s3:::${Bucket}/*'")
    ran = clearance("review", "--no-new-access", cwd=place)
    assert ran.code == 3
    assert "nothing is proven: it holds values that only deployment knows" in ran.out


def test_a_branch_is_compared_with_where_it_began(place: Path) -> None:
    git(place, "checkout", "-q", "-b", "mine")
    (place / "policies" / "mine.json").write_text(policy("sns:Publish"))
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "mine")
    git(place, "checkout", "-q", "main")
    (place / "policies" / "app.json").write_text(policy("s3:*"))
    git(place, "commit", "-q", "-am", "theirs")
    git(place, "checkout", "-q", "mine")
    told = json.loads(clearance("review", "--base", "main", "--format", "json", cwd=place).out)
    assert [each["policy"] for each in told["policies"]] == ["policies/mine.json"]


def test_only_the_paths_that_are_named(place: Path) -> None:
    (place / "other.json").write_text(policy("sns:Publish"))
    (place / "package.json").write_text('{"name": "x"}')
    assert clearance("review", "policies", cwd=place).out == "no policy has changed\n"
    assert "other.json (new)" in clearance("review", cwd=place).out
    assert "package.json" not in clearance("review", cwd=place).out


def test_markdown_cannot_be_broken_out_of(place: Path) -> None:
    name = "```<script>alert(1)</script>.json"
    (place / name.replace("/", "_")).write_text(policy("sns:Publish", Sid="a"))
    (place / "policies" / "app.json").write_text(
        policy("s3:PutObject", Condition={"StringEquals": {"aws:PrincipalTag/x": "````\n# no"}})
    )
    out = clearance("review", "--format", "markdown", cwd=place).out
    fences = [line for line in out.splitlines() if line.startswith("```")]
    assert len(fences) % 2 == 0
    outside, inside = [], False
    for line in out.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            outside.append(line)
    assert not [line for line in outside if line.startswith("# ")]
    for line in outside:
        assert "<script>" not in line or line.startswith("### ````")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--base", "nope"), "git knows no commit `nope`"),
        (("--base", "--output=/tmp/x"), "git knows no commit"),
        (("nowhere",), "no policy has changed"),
    ],
)
def test_bad_words(place: Path, words: tuple[str, ...], said: str) -> None:
    ran = clearance("review", *words, cwd=place)
    assert said in ran.err + ran.out


def test_a_broken_policy_is_told_and_proves_nothing(place: Path) -> None:
    (place / "policies" / "app.json").write_text(policy("s3:GetObject", effect="Permit"))
    ran = clearance("review", "--no-new-access", cwd=place)
    assert ran.code == 3
    assert "unknown effect `Permit`" in ran.out


def test_outside_of_a_repository(tmp_path: Path) -> None:
    ran = clearance("review", cwd=tmp_path, env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert ran.code == 2
    assert "in no git repository" in ran.err
