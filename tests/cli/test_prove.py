"""The prover's commands: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.prove.build import allow, deny, text


@pytest.fixture
def files(tmp_path: Path) -> Path:
    documents = {
        "small": text(allow("s3:GetObject", "arn:aws:s3:::b/*")),
        "large": text(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::b/*")),
        "dead": text(allow("ec2:RunInstances"), deny("ec2:*")),
        "open": text(allow("s3:GetObject", "arn:aws:s3:::b/*", Principal="*")),
        "variable": text(allow("s3:*", "*", {"StringEquals": {"aws:username": "${aws:userid}"}})),
        "like": text(allow("s3:*", "*", {"StringLike": {"aws:username": "${aws:userid}"}})),
        "many": text(allow("s3:GetObject", [f"arn:aws:s3:::bucket-{n}/*" for n in range(12)])),
        "broken": "{",
    }
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(document, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("within small.json large.json", 0, "proven: within"),
        ("within large.json small.json", 1, "s3:PutObject arn:aws:s3:::b/"),
        ("within variable.json like.json", 3, "unknown: a policy variable"),
        ("equivalent small.json small.json", 0, "proven: equivalent"),
        ("equivalent small.json large.json", 1, "not equivalent, for example:"),
        ("no-new-access large.json small.json", 0, "newly allowed: nothing (proven)"),
        ("no-new-access small.json large.json", 1, "s3:PutObject"),
        ("diff small.json large.json", 1, "newly denied: nothing (proven)"),
        ("access-not-granted small.json s3:PutObject", 0, "proven: not granted"),
        ("access-not-granted large.json s3:Put* -r arn:aws:s3:::b/k", 1, "granted, for example"),
        ("no-public-access open.json", 1, "public, for example"),
        ("unreachable dead.json", 1, "everything it allows is denied: statement 2"),
        ("unreachable small.json", 0, "every statement matters"),
        ("shrink large.json", 0, '"s3:PutObject"'),
        ("shrink many.json --limit 200", 1, '"arn:aws:s3:::bucket-11/*"'),
        ("shrink many.json --limit 200 --split", 0, "}\n  ]\n},\n{"),
    ],
)
def test_answers_and_exit_codes(files: Path, words: str, code: int, says: str) -> None:
    ran = clearance("prove", *words.split(), cwd=files)
    assert ran.code == code, ran.err
    assert says in ran.out


def test_a_policy_that_stays_too_long_says_what_to_do(files: Path) -> None:
    ran = clearance("prove", "shrink", "many.json", "--limit", "200", cwd=files)
    assert ran.err.endswith(
        "too long: 200 characters are allowed; --split writes several policies\n"
    )
    ran = clearance("prove", "shrink", "many.json", "--limit", "200", "--split", cwd=files)
    assert ran.err.endswith("after in 4 policies, to be attached together\n")
    assert len(json.loads(ran.out)) == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("within small.json missing.json", "`missing.json` does not exist"),
        ("within small.json broken.json", "not JSON"),
        ("within small.json large.json --type policy", "`policy` is not a policy type"),
        ("access-not-granted small.json everything", "`everything` is not an action"),
        ("no-public-access open.json --type AWS::No::Thing", "is not a resource type"),
    ],
)
def test_bad_input_ends_with_two(files: Path, words: str, says: str) -> None:
    ran = clearance("prove", *words.split(), cwd=files)
    assert ran.code == 2
    assert says in ran.err


@pytest.mark.parametrize(
    "words",
    [
        "diff small.json large.json",
        "within large.json small.json",
        "no-new-access small.json large.json",
        "unreachable dead.json",
        "shrink large.json",
    ],
)
def test_json_is_json(files: Path, words: str) -> None:
    assert json.loads(clearance("prove", *words.split(), "--json", cwd=files).out)
