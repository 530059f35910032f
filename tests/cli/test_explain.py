"""clearance explain and run: inputs, formats, exit codes, and every kind of bad input."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.run import clearance
from tests.explain.estates import estate_of

from clearance.store import snapshot
from clearance.store.snapshot import load_estate

USER = "arn:aws:iam::123456789012:user/ana"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
INVOKE = "lambda:InvokeFunction"
SENTENCE = (
    f"User: {USER} is not authorized to perform: {INVOKE} on resource: {FUNCTION}:prod because "
    f"no identity-based policy allows the {INVOKE} action"
)


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    own = {"Sid": "InvokeOrders", "Effect": "Allow", "Action": INVOKE, "Resource": FUNCTION}
    given = {
        "accounts": {
            "123456789012": {
                "users": {"ana": {"inline": {"own": [own]}}},
                "functions": {"us-east-1/orders": {"aliases": ["prod"]}},
            }
        }
    }
    path = tmp_path / "estate.json"
    snapshot.save_file(estate_of(given), path)
    return path


def test_a_message_is_explained_and_the_fix_proven(estate: Path) -> None:
    ran = clearance("explain", SENTENCE, "--estate", estate)
    assert ran.code == 0, ran
    assert ran.out.startswith(f"DENIED  {INVOKE}  by {USER}\n")
    assert "identity.qualifier" in ran.out
    assert "decided again with the edit: ALLOWED" in ran.out


@pytest.mark.parametrize("how", ["file", "stdin", "gz", "folder"])
def test_the_same_from_files_and_standard_input(estate: Path, tmp_path: Path, how: str) -> None:
    record = {
        "eventSource": "lambda.amazonaws.com",
        "eventName": "Invoke",
        "errorCode": "AccessDenied",
        "errorMessage": SENTENCE,
        "userIdentity": {"type": "IAMUser", "arn": USER},
    }
    given: str | Path = "-"
    if how == "file":
        given = tmp_path / "log.txt"
        given.write_text(f"2026-01-01 ERROR {SENTENCE}\n")
    elif how == "gz":
        given = tmp_path / "trail.json.gz"
        given.write_bytes(gzip.compress(json.dumps({"Records": [record]}).encode()))
    elif how == "folder":
        given = tmp_path / "trail"
        (given / "2026").mkdir(parents=True)
        (given / "2026" / "a.json").write_text(json.dumps(record))
    ran = clearance("explain", given, "--estate", estate, given=SENTENCE)
    assert ran.code == 0, ran
    assert "identity.qualifier" in ran.out


def test_a_recorded_call_tells_all_its_permissions(estate: Path, tmp_path: Path) -> None:
    """CreateFunction needs iam:PassRole too, and the record says of which role."""
    function = FUNCTION.replace("orders", "new")
    role = "arn:aws:iam::123456789012:role/worker"
    record = {
        "eventSource": "lambda.amazonaws.com",
        "eventName": "CreateFunction20150331",
        "awsRegion": "us-east-1",
        "errorCode": "AccessDenied",
        "errorMessage": f"User: {USER} is not authorized to perform: lambda:CreateFunction on "
        f"resource: {function} because no identity-based policy allows the "
        "lambda:CreateFunction action",
        "requestParameters": {"functionName": "new", "role": role, "runtime": "python3.12"},
        "userIdentity": {"type": "IAMUser", "arn": USER},
    }
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    ran = clearance("explain", path, "--estate", estate, "--format", "json")
    answer = json.loads(ran.out)
    asked = {(each["action"], each["resource"]) for each in answer["evaluations"]}
    assert asked == {("lambda:CreateFunction", function), ("iam:PassRole", role)}
    assert answer["fixes"][0]["verified"]["after"] == "ALLOW"


def test_a_trail_that_repeats_itself_is_explained_once(estate: Path) -> None:
    ran = clearance("explain", "-", "--estate", estate, given=f"{SENTENCE}\n\nand {SENTENCE}")
    assert ran.out.count("DENIED") == 1


def test_a_request_without_any_message(estate: Path) -> None:
    words = ("--principal", USER, "--action", INVOKE, "--resource", FUNCTION + ":prod")
    ran = clearance("explain", "--estate", estate, *words)
    assert ran.code == 0, ran
    assert "identity.qualifier" in ran.out


def test_json_is_one_object(estate: Path) -> None:
    ran = clearance("explain", SENTENCE, "--estate", estate, "--format", "json")
    answer = json.loads(ran.out)
    assert answer["causes"][0]["cause_id"] == "identity.qualifier"
    assert answer["fixes"][0]["verified"]["after"] == "ALLOW"


def test_sarif_names_the_cause_as_a_rule(estate: Path) -> None:
    ran = clearance("explain", SENTENCE, "--estate", estate, "--format", "sarif")
    (run,) = json.loads(ran.out)["runs"]
    assert run["results"][0]["ruleId"] == "identity.qualifier"
    assert run["tool"]["driver"]["rules"] == [{"id": "identity.qualifier"}]


def test_markdown_holds_document_commands_and_terraform(estate: Path) -> None:
    ran = clearance("explain", SENTENCE, "--estate", estate, "--format", "markdown")
    assert ran.out.startswith("### Denied: ")
    assert "aws iam put-user-policy" in ran.out
    assert 'resource "aws_iam_user_policy"' in ran.out


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif"])
def test_redaction_leaves_no_account_and_no_name(estate: Path, form: str) -> None:
    ran = clearance("explain", SENTENCE, "--estate", estate, "-f", form, "--redact")
    assert ran.code == 0
    assert "123456789012" not in ran.out
    assert "user/ana" not in ran.out
    assert ":orders" not in ran.out


def test_without_an_estate_it_names_what_is_missing() -> None:
    ran = clearance("explain", SENTENCE)
    assert ran.code == 4
    assert "identity.missing" in ran.out
    assert "get-account-authorization-details" in ran.out


def test_a_cause_that_the_words_prove_needs_no_estate() -> None:
    reason = (
        "because public policies are prevented by the BlockPublicPolicy setting in S3 Block "
        "Public Access"
    )
    text = f'User: {USER} is not authorized to perform: s3:PutBucketPolicy on resource: "a" '
    ran = clearance("explain", text + reason)
    assert ran.code == 3
    assert "s3.settings" in ran.out


def test_apply_writes_an_estate_that_allows(estate: Path, tmp_path: Path) -> None:
    path = tmp_path / "after.json"
    assert clearance("explain", SENTENCE, "--estate", estate, "--apply", path).code == 0
    assert load_estate(path) != load_estate(estate)
    ran = clearance("check", USER, INVOKE, FUNCTION + ":prod", "--estate", path)
    assert ran.code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("explain",), "give a denial, or --estate with"),
        (("explain", "all is well"), "there is no denial"),
        (("explain", "missing.txt"), "`missing.txt` does not exist"),
        (("explain", "x is y", "--estate", "nowhere.json"), "`nowhere.json` does not exist"),
        (("explain", SENTENCE, "--action", "Invoke"), "is not an action"),
        (("explain", SENTENCE, "--principal", "ana"), "`ana` is not an ARN"),
        (("explain", SENTENCE, "--expected", FUNCTION), "is not a principal"),
        (("explain", SENTENCE, "--context", "novalue"), "is not a context key"),
        (("explain", SENTENCE, "--format", "yaml"), "yaml"),
        (("run", "--estate", "nowhere.json", "--", "true"), "does not exist"),
    ],
)
def test_bad_input_is_one_line_and_2(words: tuple[str, ...], says: str) -> None:
    ran = clearance(*words)
    assert ran.code == 2, ran
    assert says in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("content", [b"\x1f\x8bnot gzip", b"plain"])
def test_a_broken_archive_is_bad_input(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(content)
    ran = clearance("explain", path)
    assert ran.code == 2
    assert "cannot be unpacked" in ran.err


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clearance", "run", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_run_keeps_output_and_exit_code_and_explains(estate: Path) -> None:
    script = f"import sys; print('out'); print({SENTENCE!r}, file=sys.stderr); sys.exit(7)"
    ran = run("--estate", estate, "--", sys.executable, "-c", script)
    assert ran.returncode == 7
    assert ran.stdout == "out\n"
    assert ran.stderr.startswith(SENTENCE + "\n")
    assert "identity.qualifier" in ran.stderr


def test_run_passes_options_of_the_command_and_is_silent_without_a_denial() -> None:
    ran = run("--", sys.executable, "-c", "print('fine')")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "fine\n", "")


def test_run_answers_as_a_shell_when_there_is_no_such_command() -> None:
    ran = run("--", "no-such-command-anywhere")
    assert ran.returncode == 127
    assert "was not found" in ran.stderr
