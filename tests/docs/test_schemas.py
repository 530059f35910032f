"""What commands print with --json is what docs/schemas says, member by member."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.cli.run import Ran, clearance
from tests.endpoints import REGION, site

from clearance.server.listen import announce

ROOT: Final = Path(__file__).parents[2]
SCHEMAS: Final = ROOT / "docs" / "schemas"
IMAGES: Final = ROOT / "examples" / "images.json"
ACCOUNT: Final = ROOT / "examples" / "account.yaml"
USER: Final = "arn:aws:iam::123456789012:user/lambda_executer"
FUNCTION: Final = "arn:aws:lambda:us-east-1:123456789012:function:ProcessImages"


COMMITTER: Final = ["-c", "user.name=ana", "-c", "user.email=ana@example.com"]
CALL: Final = {
    "eventVersion": "1.11",
    "eventID": "1",
    "eventTime": "2026-11-02T09:12:00Z",
    "eventSource": "lambda.amazonaws.com",
    "eventName": "ListFunctions20150331",
    "eventType": "AwsApiCall",
    "awsRegion": "us-east-1",
    "recipientAccountId": "123456789012",
    "sourceIPAddress": "203.0.113.7",
    "userIdentity": {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "accountId": "123456789012",
        "userName": "lambda_executer",
        "arn": USER,
    },
}


CHANGE: Final = {
    **CALL,
    "eventSource": "iam.amazonaws.com",
    "eventName": "CreateUser",
    "requestParameters": {"userName": "eve"},
    "responseElements": {"user": {"userName": "eve", "userId": "AIDAEVE"}},
}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files to ask about."""
    here = tmp_path_factory.mktemp("schemas")
    public = statement("Allow", "s3:GetObject", "arn:aws:s3:::b/*", Principal="*")
    narrow = statement("Allow", "s3:GetObject", "arn:aws:s3:::b/*")
    wide = statement("Allow", "s3:*", "*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    lost = statement("Allow", "s3:GetObject", "arn:aws:s3:::b/x")
    (here / "public.json").write_text(policy(public))
    (here / "old.json").write_text(policy(narrow))
    (here / "new.json").write_text(policy(wide))
    (here / "lost.json").write_text(policy(narrow, lost))
    (here / "calls.json").write_text(json.dumps({"Records": [CALL, {**CALL, "eventID": "2"}]}))
    (here / "changes.json").write_text(json.dumps({"Records": [CHANGE]}))
    repository = here / "repository"
    repository.mkdir()
    (repository / "policy.json").write_text(policy(narrow))
    for words in (["init", "-q"], ["add", "."], [*COMMITTER, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    (repository / "policy.json").write_text(policy(wide))
    (repository / "new.json").write_text(policy(lost))
    (here / "t.policytest.json").write_text(
        json.dumps(
            {
                "policies": {"identity": "old.json"},
                "tests": [
                    {
                        "who": "arn:aws:iam::123456789012:role/r",
                        "can": ["s3:GetObject", "s3:PutObject"],
                        "on": "arn:aws:s3:::b/x",
                    }
                ],
            }
        )
    )
    return here


ASKED: Final[dict[str, list[list[str | Path]]]] = {
    "check": [
        ["check", USER, "lambda:InvokeFunction", FUNCTION, "-e", IMAGES],
        ["check", USER, "lambda:InvokeFunction", f"{FUNCTION}:PROD", "-e", IMAGES],
    ],
    "check-requests": [["check", "--requests", ROOT / "examples" / "requests.csv", "-e", IMAGES]],
    "who-can": [["who-can", "lambda:InvokeFunction", FUNCTION, "-e", IMAGES, "--through-roles"]],
    "what-can": [["what-can", USER, "-e", IMAGES]],
    "actions": [["actions", "lambda:*"]],
    "prove-diff": [["prove", "diff", "old.json", "new.json"]],
    "prove-no-new-access": [["prove", "no-new-access", "old.json", "new.json"]],
    "prove-answer": [
        ["prove", "within", "new.json", "old.json"],
        ["prove", "equivalent", "old.json", "old.json"],
        ["prove", "access-not-granted", "old.json", "s3:PutObject"],
        ["prove", "no-public-access", "public.json"],
    ],
    "prove-unreachable": [["prove", "unreachable", "lost.json"]],
    "prove-shrink": [["prove", "shrink", "lost.json"]],
    "diff": [["diff", IMAGES, ACCOUNT]],
    "test": [["test", "t.policytest.json"]],
    "escalations": [["escalations", "-e", ACCOUNT]],
    "estate": [["estate", ACCOUNT]],
    "replay": [["replay", "calls.json", "-e", IMAGES, "--proposed", ACCOUNT]],
    "validate": [["validate", ACCOUNT, "--format"]],  # and `json`
    "review": [["review", "--format"]],
    "doctor": [["doctor"]],
    "logs-ingest": [["logs", "ingest", "calls.json", "--to", "dataset"]],
    "logs-coverage": [["logs", "coverage", "calls.json", "-e", IMAGES]],
    "history-logs": [
        ["history", "--logs", "changes.json", "-e", IMAGES],
        ["history", "--logs", "changes.json", "-e", IMAGES, "--effect"],
    ],
    "unused": [["unused", "calls.json", "-e", ACCOUNT]],
    "least-privilege": [
        ["least-privilege", "calls.json", "--all"],
        ["least-privilege", "calls.json", "--all", "-e", IMAGES],
    ],
}


def holds(name: str, ran: Ran) -> Any:
    assert ran.code != 2, ran.err
    printed = json.loads(ran.out)
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(printed)
    return printed


@pytest.mark.parametrize(
    ("name", "words"), [(name, words) for name, asked in ASKED.items() for words in asked]
)
def test_output_is_as_its_schema_says(name: str, words: list[Any], folder: Path) -> None:
    how = "json" if words[-1] == "--format" else "--json"
    here = folder / "repository" if name == "review" else folder
    assert holds(name, clearance(*words, how, cwd=here))


def test_history_is_as_its_schema_says() -> None:
    with site() as endpoint:
        endpoint.user("ana", policy(statement("Allow", "s3:*", "*")))
        for more in ([], ["--effect"]):
            ran = clearance("history", "--data", endpoint.data, *more, "--json")
            assert len(holds("history", ran)) == 4


def test_env_is_as_its_schema_says() -> None:
    with site() as endpoint:
        announce(endpoint.data, endpoint.url, REGION)
        holds("env", clearance("env", "--data", endpoint.data, "--shell", "json"))


def test_every_schema_is_held_to_output() -> None:
    names = {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json")}
    # The last two by tests/demo and tests/explain.
    assert names == {*ASKED, "history", "env", "demo", "explanation"}


def test_a_member_that_is_not_promised_is_found_out() -> None:
    schema = json.loads((SCHEMAS / "estate.schema.json").read_text("utf-8"))
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        jsonschema.Draft202012Validator(schema).validate(
            {"accounts": {}, "missing": [], "surprise": 1}
        )
