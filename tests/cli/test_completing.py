"""Completion: what bash, zsh and fish are offered, colons and all, and never an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.cli.somebody import ACCOUNT, ANA, BOB, FUNCTION, saved

BREAKS = " \t\n\"'><=;|&(:"


def pieces(line: str) -> list[str]:
    """Words as bash takes them apart, the one being typed last."""
    found = [""]
    for char in line:
        if char == " ":
            found.append("")
        elif char == ":" and found[-1].strip(":"):
            found.append(":")
        elif char != ":" and found[-1] and not found[-1].strip(":"):
            found.append(char)
        else:
            found[-1] += char
    return found


def in_bash(line: str) -> list[str]:
    words = pieces(line)
    env = {
        "_CLEARANCE_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    ran = clearance(env=env)
    assert ran.err == ""
    return ran.out.split()


def in_zsh(line: str) -> str:
    env = {"_CLEARANCE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    return clearance(env=env).out


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return saved(tmp_path)


def test_commands_and_their_options() -> None:
    assert {"check", "who-can", "doctor"} <= set(in_bash("clearance "))
    assert in_bash("clearance who") == ["who-can"]
    assert in_bash("clearance prove equi") == ["equivalent"]
    assert "--resource-policy" in in_bash("clearance check --res")
    assert in_bash("clearance validate --format g") == ["github"]
    assert "trust" in in_bash("clearance prove diff --type ")


def test_actions_in_whatever_case() -> None:
    assert "s3:" in in_bash("clearance actions s")
    # Of what is offered bash replaces what follows the last colon only.
    assert in_bash("clearance actions s3:GetObjectAc") == ["GetObjectAcl"]
    assert in_bash("clearance actions s3:getobjectac") == ["getobjectacl"]
    assert "lambda:InvokeFunction" in in_bash("clearance actions lambd")
    assert in_bash("clearance actions nothing:") == []
    assert in_zsh("clearance actions s3:GetObjectAc").strip() == (
        r"""_arguments '*: :(("s3\\:GetObjectAcl"))'"""
    )


def test_principals_and_resources_of_the_estate_in_the_line(estate: Path) -> None:
    line = f"clearance check --estate {estate} "
    assert {ANA, BOB, f"arn:aws:iam::{ACCOUNT}:root"} <= set(in_bash(line))
    assert in_bash(f"{line}{ANA[:-1]}") == ["user/ana"]
    assert in_bash(f"{line}{ANA} lambda:InvokeFunction {FUNCTION[:-2]}") == ["resize"]
    assert in_bash(f"clearance what-can -e {estate} {BOB} -s lambd") == ["lambda"]
    assert BOB in in_bash(f"clearance explain -e {estate} --principal ")


@pytest.mark.parametrize("where", ["/nope", "", "-e"])
def test_what_cannot_be_read_offers_nothing(where: str) -> None:
    assert in_bash(f"clearance check -e {where} ") == []
    assert in_bash("clearance check ") == []


@pytest.mark.parametrize("place", ["x", "-1", "99"])
def test_odd_variables_are_no_error(place: str) -> None:
    env = {"_CLEARANCE_COMPLETE": "complete_bash", "COMP_WORDS": "", "COMP_CWORD": place}
    assert "Traceback" not in clearance(env=env).err


SCRIPT = """
eval "$(clearance --show-completion bash)"
COMP_WORDS=(clearance actions s3 : GetObjectAc) COMP_CWORD=4
_clearance_completion clearance
printf '%s\\n' "${COMPREPLY[@]}"
complete -p clearance
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_real_bash() -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": path, "HOME": "/nonexistent", "COMP_WORDBREAKS": BREAKS},
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "GetObjectAcl",
        "complete -o default -F _clearance_completion clearance",
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_it_is_installed(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", "clearance --install-completion; true"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": path, "HOME": str(tmp_path)},
    )
    assert "bash completion installed" in done.stdout, done.stderr
    assert (tmp_path / ".bash_completions" / "clearance.sh").exists()
    assert "clearance.sh" in (tmp_path / ".bashrc").read_text()
