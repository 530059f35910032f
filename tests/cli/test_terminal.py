"""What a terminal shows: lines that fit, no noise, no colour where none is wanted, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.repository import policy, repository
from tests.cli.run import clearance
from tests.cli.somebody import ANA, BOB, DEPLOY, FUNCTION, saved

INVOKE = "lambda:InvokeFunction"
DENIAL = (
    f"User: {BOB} is not authorized to perform: {INVOKE} on resource: {FUNCTION} because no "
    f"identity-based policy allows the {INVOKE} action"
)
TESTS = f"""\
policies: {{identity: policies/app.json}}
tests:
  - name: a name that is rather long and goes on for a while, since people write sentences
    who: {ANA}
    can: [s3:GetObject, s3:PutObject]
    on: arn:aws:s3:::a-bucket-with-a-name-of-some-length/and/a/key/that/goes/on.json
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every command has something to say."""
    folder = repository(tmp_path_factory.mktemp("place") / "repo")
    saved(folder)
    keys = {"StringEquals": {f"aws:PrincipalTag/{n}": n * 9 for n in ("team", "stage", "owner")}}
    long = "arn:aws:s3:::a-bucket-with-a-name-of-some-length/and/a/prefix/that/goes/on/*"
    (folder / "policies" / "app.json").write_text(
        policy("s3:GetObject", "s3:GetObjekt", Condition=keys, Resource=long)
    )
    (folder / "long.policytest.yaml").write_text(TESTS)
    return folder


COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", ANA, INVOKE, FUNCTION, "-e", "estate.json"),
    "check -v": ("check", ANA, INVOKE, FUNCTION, "-e", "estate.json", "-v"),
    "check, files": ("check", ANA, "s3:GetObject", "arn:aws:s3:::b/c", "-p", "policies/app.json"),
    "who-can": ("who-can", INVOKE, FUNCTION, "-e", "estate.json", "--through-roles"),
    "what-can": ("what-can", DEPLOY, "-e", "estate.json"),
    "what-can -s": ("what-can", DEPLOY, "-e", "estate.json", "-s", "lambda"),
    "actions": ("actions", "iam:PassRole"),
    "actions *": ("actions", "s3:*"),
    "explain": ("explain", DENIAL, "-e", "estate.json"),
    "explain -v": ("explain", DENIAL, "-e", "estate.json", "-v"),
    "explain, no estate": ("explain", DENIAL),
    "validate": ("validate", "policies"),
    "test": ("test", "-v"),
    "diff": ("diff", "estate.json", "estate.json"),
    "review": ("review",),
    "prove diff": ("prove", "diff", "policies/app.json", "policies/app.json"),
    "prove unreachable": ("prove", "unreachable", "policies/app.json"),
    "escalations": ("escalations", "-e", "estate.json", "--to", INVOKE, "--on", FUNCTION),
    "estate": ("estate", "estate.json"),
    "doctor": ("doctor",),
    "init": ("init", "made"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_line_fits_unless_a_word_does_not(place: Path, name: str) -> None:
    ran = clearance(*COMMANDS[name], cwd=place)
    assert ran.code in {0, 1, 3, 4}, ran.err
    assert ran.out
    for line in ran.out.splitlines():
        assert len(line) <= 100 or len(line.split()) == 1, line
    assert not re.search(r"Traceback|Warning|\x1b", ran.out + ran.err)


def test_an_arn_is_never_broken(place: Path) -> None:
    out = clearance(*COMMANDS["escalations"], cwd=place).out
    assert f"{INVOKE} on {FUNCTION}" in " ".join(out.split())
    assert FUNCTION in out.split()


# --- names and defaults -----------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "user/bob", BOB])
def test_in_an_estate_a_name_is_enough(place: Path, who: str) -> None:
    for command in ("check", "what-can"):
        rest = (INVOKE, FUNCTION) if command == "check" else ()
        ran = clearance(command, who, *rest, "-e", "estate.json", "--json", cwd=place)
        assert ran.err == ""
        if command == "check":
            assert json.loads(ran.out)["principal"] == BOB
    ran = clearance(
        "explain", "-e", "estate.json", "--principal", who, "--action", INVOKE, "--resource",
        FUNCTION, "--format", "json", cwd=place,
    )  # fmt: skip
    assert json.loads(ran.out)["request"]["principal"]["arn"] == BOB


def test_names_that_mean_nobody_or_several(place: Path) -> None:
    ask = ("what-can", "-e", "estate.json")
    assert "the estate has no `bobb`; did you mean `bob`?" in clearance(*ask, "bobb", cwd=place).err
    assert "write an ARN, `user/NAME`" in clearance(*ask, "zzzzz", cwd=place).err
    assert clearance(*ask, "events.amazonaws.com", cwd=place).code in {0, 1}
    stranger = f"{BOB}by"
    assert f"does not hold `{stranger}`" in clearance(*ask, stranger, cwd=place).err


def test_the_estate_of_the_environment(place: Path) -> None:
    env = {"CLEARANCE_ESTATE": "estate.json"}
    for words in (
        ("check", "bob", INVOKE, FUNCTION),
        ("who-can", INVOKE, FUNCTION),
        ("what-can", "ana"),
        ("escalations", "--to", INVOKE),
        ("explain", DENIAL),
    ):
        assert clearance(*words, cwd=place, env=env).err == ""
        assert clearance(*words, cwd=place, env={}).code in {2, 4}
    # Policy files are an answer of their own.
    ran = clearance(*COMMANDS["check, files"], cwd=place, env=env)
    assert (ran.code, ran.err) == (1, "")


def test_the_store_in_this_folder(tmp_path: Path) -> None:
    from clearance import wiring

    wiring.open_store(tmp_path / ".clearance").close()
    assert clearance("who-can", INVOKE, cwd=tmp_path).out.endswith("nobody can\n")
    assert clearance("check", ANA, INVOKE, cwd=tmp_path).code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", ANA, INVOKE, "-e", "estat.json"), "did you mean `estate.json`?"),
        (("check", ANA, INVOKE, "-p", "policies/ap.json"), "did you mean `policies/app.json`?"),
        (("validate", "policie"), "did you mean `policies`?"),
        (("test", "long.policytest.yml"), "did you mean `long.policytest.yaml`?"),
        (("explain", "estat.json"), "did you mean `estate.json`?"),
        (("prove", "unreachable", "policies/app.json", "-t", "idntity"), "mean `identity`?"),
        (("prove", "no-public-access", "policies/app.json", "-t", "AWS::S3::Buckt"),
         "did you mean `AWS::S3::Bucket`?"),
        (("validate", "policies", "--type", "ressource"), "did you mean `resource`?"),
        (("actions", "s3"), "write `service:Action`, or `s3:*`"),
        (("serve", "--port", "99999"), "65535"),
        (("who-can", INVOKE), "name the estate: --estate PATH, or CLEARANCE_ESTATE"),
    ],
)  # fmt: skip
def test_typing_errors(place: Path, words: tuple[str, ...], said: str) -> None:
    ran = clearance(*words, cwd=place)
    assert ran.code == 2
    assert said in ran.err
    assert "internal" not in ran.err


def test_nothing_at_all_is_a_question_for_help() -> None:
    ran = clearance()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == clearance("--help").out


# --- real processes ---------------------------------------------------------------------------


def start(*words: str, **env: str) -> subprocess.Popen[bytes]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LC_", "LANG"))}
    return subprocess.Popen(
        [sys.executable, "-m", "clearance", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**clean, **env},
    )


def test_a_terminal_without_all_characters(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(policy("s3:GetObject", Resource="arn:aws:s3:::größe/*"), "utf-8")
    asked = ("check", ANA, "s3:PutObject", "arn:aws:s3:::größe/x", "-p", str(file))
    process = start(*asked, PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"gr??e" in out or b"gr?" in out
    assert b"internal" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_quietly() -> None:
    # `explain -` waits for its input: there is time to change one's mind.
    process = start("explain", "-")
    wait_until_it_reads(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err


def wait_until_it_reads(process: subprocess.Popen[bytes]) -> None:
    """Until it sleeps in a read; where that cannot be told, a while."""
    path = Path(f"/proc/{process.pid}/syscall")
    for _ in range(200):
        time.sleep(0.05)
        if not path.exists():
            time.sleep(2)
            return
        try:
            asleep = path.read_text().startswith("0 0x0 ")  # read(0, …
        except OSError:
            continue
        if asleep:
            return


def test_a_reader_that_leaves_is_no_error() -> None:
    process = start("actions", "s3:*")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.wait(timeout=60)
    assert b"Traceback" not in err
    assert b"internal" not in err
    process.stderr.close()
    assert process.stdin is not None
    process.stdin.close()


def test_colours_only_for_terminals_that_want_them(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(policy("s3:GetObject"))
    asked = ("check", ANA, "s3:GetObject", "-p", str(file))
    for env, coloured in (({"FORCE_COLOR": "1"}, True), ({"NO_COLOR": "1"}, False), ({}, False)):
        out, _ = start(*asked, **env).communicate(timeout=60)
        assert (b"\x1b[" in out) is coloured
