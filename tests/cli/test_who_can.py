"""clearance who-can: who is listed, under which heading, with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.run import clearance
from tests.cli.somebody import ACCOUNT, ANA, BOB, DEPLOY, EVENTS, FUNCTION, OUTSIDER, saved

INVOKE = "lambda:InvokeFunction"


def test_certain_conditional_and_outside_principals_are_told_apart(tmp_path: Path) -> None:
    ran = clearance("who-can", INVOKE, FUNCTION, "--estate", saved(tmp_path))
    assert ran.code == 0
    can, _, rest = ran.out.partition("can, if (1)")
    for name in (DEPLOY, EVENTS, f"arn:aws:iam::{ACCOUNT}:root"):
        assert name in can
    perhaps, _, outside = rest.partition("let in, if their own account allows it (1)")
    assert ANA in perhaps
    assert "hangs on aws:SourceIp" in perhaps
    assert "Allow in invoke, statement 1: IpAddress 203.0.113.0/24" in perhaps
    assert OUTSIDER in outside
    assert BOB not in ran.out


def test_a_key_that_is_told_settles_the_question(tmp_path: Path) -> None:
    place = saved(tmp_path)
    asked = ("who-can", INVOKE, FUNCTION, "-e", place, "--json", "-c")
    inside = json.loads(clearance(*asked, "aws:SourceIp=203.0.113.7").out)
    outside = json.loads(clearance(*asked, "aws:SourceIp=192.0.2.1").out)
    assert ANA in {one["principal"] for one in inside["principals"] if one["certain"]}
    assert ANA not in {one["principal"] for one in outside["principals"]}


def test_chains_of_roles_are_followed_when_asked(tmp_path: Path) -> None:
    ran = clearance("who-can", INVOKE, FUNCTION, "-e", saved(tmp_path), "--through-roles", "--json")
    found = {one["principal"]: one for one in json.loads(ran.out)["principals"]}
    assert found[BOB]["through"] == [DEPLOY]
    assert found[BOB]["certain"]


def test_nobody_is_exit_code_1(tmp_path: Path) -> None:
    place = saved(tmp_path)
    ran = clearance("who-can", "kms:Decrypt", "arn:aws:kms:us-east-1:1:key/k", "-e", place)
    assert (ran.code, "nobody can" in ran.out) == (1, True)


def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    for words in (("lambda", FUNCTION), ("lambda:*", FUNCTION)):
        ran = clearance("who-can", *words, "-e", saved(tmp_path))
        assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert clearance("who-can", INVOKE, FUNCTION, "-e", tmp_path / "no").code == 2
