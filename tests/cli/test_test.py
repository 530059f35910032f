"""clearance test: verdicts, invariants, errors with their lines, JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.cli.run import clearance
from tests.iam_details import allow, details, role_arn, trusts, user_arn, write

PHOTOS = "arn:aws:s3:::photos/*"
CAT = "arn:aws:s3:::photos/cat.jpg"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = details(
        {
            "ana": [allow("s3:GetObject", PHOTOS)],
            "bob": [allow("s3:DeleteObject", PHOTOS, Condition=MFA)],
            "eve": [allow("sts:AssumeRole")],
        },
        {"admin": (trusts(user_arn("eve")), [allow("*")])},
    )
    write(tmp_path / "estate.json", content)
    return tmp_path


def put(folder: Path, text: str, name: str = "access.policytest.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


GOOD = f"""
estate: estate.json
tests:
  - name: ana reads
    who: user/ana
    can: s3:GetObject
    cannot: [s3:PutObject, s3:DeleteObject]
    on: {CAT}
  - who: {user_arn("bob")}
    can: s3:DeleteObject
    on: {CAT}
    given: {{aws:MultiFactorAuthPresent: true}}
  - who: user/bob
    cannot: s3:DeleteObject
    on: {CAT}
    absent: aws:MultiFactorAuthPresent
tables:
  - name: photos
    on: {CAT}
    columns: [s3:GetObject, s3:PutObject]
    rows:
      user/ana: [can, cannot]
      role/admin: [yes, "-"]
must_not:
  - name: only admin writes
    do: s3:PutObject
    on: {PHOTOS}
    except: role/admin
"""


def test_what_holds_passes(folder: Path) -> None:
    ran = clearance("test", put(folder, GOOD), "--verbose")
    assert ran.code == 0, ran.out
    assert ran.out.endswith("9 passed\n")
    assert "photos: user/ana can s3:GetObject" in ran.words
    assert "only admin writes (proven for 3 principals)" in ran.words


def test_a_folder_is_searched(folder: Path) -> None:
    put(folder, GOOD)
    put(folder, "not: [a test", "other.yaml")
    ran = clearance("test", cwd=folder)
    assert ran.code == 0
    assert ran.out == "9 passed\n"


def test_a_failure_says_which_statement_came_nearest(folder: Path) -> None:
    test = f"who: user/bob\n    can: s3:DeleteObject\n    on: {CAT}"
    text = f"estate: estate.json\ntests:\n\n  - {test}\n"
    ran = clearance("test", "access.policytest.yaml", cwd=put(folder, text).parent)
    assert ran.code == 1
    assert "FAIL  access.policytest.yaml:4" in ran.out
    assert f"expected: {user_arn('bob')} can s3:DeleteObject on {CAT}" in ran.words
    assert "nearest: own (statement 1)" in ran.out
    assert "Bool aws:MultiFactorAuthPresent wants true; got (absent)" in ran.out
    assert ran.out.endswith("0 passed, 1 failed\n")


def test_an_allowed_cannot_says_who_allows_it(folder: Path) -> None:
    text = f"estate: estate.json\ntests:\n  - {{who: user/ana, cannot: s3:GetObject, on: {CAT}}}\n"
    ran = clearance("test", put(folder, text))
    assert "allowed by identity-based policy own (statement 1)" in ran.out


def test_a_broken_invariant_names_who_can_and_how(folder: Path) -> None:
    text = f"""
estate: estate.json
must_not:
  - do: s3:Delete*
    on: {PHOTOS}
    except: role/admin
"""
    ran = clearance("test", put(folder, text))
    assert ran.code == 1
    assert f"{user_arn('bob')} can s3:" in ran.out
    assert "aws:MultiFactorAuthPresent=true" in ran.out
    assert "allowed by identity-based policy own" in ran.out


def test_given_keys_narrow_an_invariant(folder: Path) -> None:
    text = f"""
estate: estate.json
must_not:
  - do: s3:DeleteObject
    on: {PHOTOS}
    except: role/admin
    given: {{aws:MultiFactorAuthPresent: false}}
"""
    ran = clearance("test", put(folder, text))
    assert ran.code == 0, ran.out


def test_trust_policies_count_for_invariants(folder: Path) -> None:
    text = f"""
estate: estate.json
must_not:
  - name: nobody becomes admin
    do: sts:AssumeRole
    on: {role_arn("admin")}
"""
    ran = clearance("test", put(folder, text))
    assert ran.code == 1
    assert f"{user_arn('eve')} can sts:AssumeRole" in ran.out


def test_bare_policies_are_proven(folder: Path) -> None:
    (folder / "p.json").write_text(
        json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:Get*", PHOTOS)]})
    )
    text = f"""
policies: {{identity: p.json}}
tests:
  - {{who: "{user_arn("x")}", can: s3:GetObject, on: {CAT}}}
must_not:
  - do: ["s3:Put*", "s3:Delete*"]
  - who: {user_arn("x")}
    do: s3:GetObject
    on: arn:aws:s3:::other/*
"""
    ran = clearance("test", put(folder, text), "-v")
    assert ran.code == 0, ran.out
    assert ran.out.count("(proven)") == 2


def test_toml_and_json_say_the_same(folder: Path) -> None:
    put(
        folder,
        'estate = "estate.json"\n\n[[tests]]\nwho = "user/ana"\ncan = "s3:PutObject"\n'
        f'on = "{CAT}"\n',
        "a.policytest.toml",
    )
    test = {"who": "user/ana", "can": "s3:GetObject", "on": CAT}
    put(folder, json.dumps({"estate": "estate.json", "tests": [test]}), "b.policytest.json")
    ran = clearance("test", ".", "--json", cwd=folder)
    outcomes = [(t["file"], t["line"], t["outcome"]) for t in json.loads(ran.out)["tests"]]
    assert outcomes == [("a.policytest.toml", 3, "failed"), ("b.policytest.json", 1, "passed")]


def test_junit(folder: Path) -> None:
    text = GOOD + f"\n  - {{name: 'a \"<b>', do: s3:GetObject, on: {PHOTOS}}}\n"
    ran = clearance("test", put(folder, text), "--junit", folder / "r.xml")
    assert ran.code == 1
    root = ET.fromstring((folder / "r.xml").read_text())  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("10", "1", "0")
    cases = root.findall("testsuite/testcase")
    assert cases[-1].get("name") == 'a "<b>'
    failure = cases[-1].find("failure")
    assert failure is not None
    assert user_arn("ana") in (failure.text or "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tests: []\n", "line 1: no `tests`, `tables` or `must_not` in it"),
        ("tests:\n  - who: user/ana\n", "line 2: a test says what somebody `can` or `cannot` do"),
        ("tests:\n  - {can: 's3:GetObject'}\n", "line 2: `who` is missing"),
        ("tests:\n  - {who: a, cna: b}\n", "a test has no `cna`; did you mean `can`?"),
        ("tests:\n  - {who: a, can: GetObject}\n", "`GetObject` is not an action"),
        ("test: []\n", "line 1: a test file has no `test`; did you mean `tests`?"),
        ("tests: [\n", "line 2: "),
        ("tests: 1\n", "line 1: `tests` is a list"),
        ("tests:\n  - {who: user/ana, can: 's3:GetObject'}\n", "name an `estate` or `policies`"),
        ("estate: nowhere\ntests:\n  - {who: a, can: 's3:GetObject'}\n", "nowhere"),
        (
            "tables:\n  - {on: x, columns: ['s3:GetObject'], rows: {a: [can, can]}}\n",
            "line 2: `a` has 2 answers for 1 columns",
        ),
    ],
)
def test_bad_files_exit_with_2_and_the_line(folder: Path, text: str, problem: str) -> None:
    ran = clearance("test", put(folder, text))
    assert ran.code == 2
    assert problem in ran.err
    assert "Traceback" not in ran.err


def test_a_misspelt_principal_is_an_error_and_not_a_pass(folder: Path) -> None:
    text = "estate: estate.json\ntests:\n  - {who: user/anna, cannot: 's3:GetObject'}\n"
    ran = clearance("test", put(folder, text))
    assert ran.code == 1
    assert "`user/anna` does not exist" in ran.out
    text = text.replace("user/anna", user_arn("anna"))
    assert "does not exist in the estate" in clearance("test", put(folder, text)).out


def test_no_files_is_said(tmp_path: Path) -> None:
    ran = clearance("test", tmp_path)
    assert ran.code == 2
    assert "no test files" in ran.err


def test_the_example_holds_and_uses_no_foreign_actions() -> None:
    folder = Path(__file__).parents[2] / "examples" / "github"
    assert clearance("validate", "policies", cwd=folder).code == 0
    ran = clearance("test", "tests", cwd=folder)
    assert ran.code == 0, ran.out
    workflow = (folder / ".github" / "workflows" / "policies.yml").read_text()
    used = [
        line.split("uses:")[1].split("@")[0].strip()
        for line in workflow.splitlines()
        if "uses:" in line
    ]
    assert used == ["actions/checkout", "actions/setup-python"]
