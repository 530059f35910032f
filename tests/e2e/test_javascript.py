"""The AWS SDK for JavaScript does the story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from tests.endpoints import ACCOUNT, REGION, site, small_estate, zipped
from tests.javascript import NEEDS_NODE, installed, run_node

HERE: Final = Path(__file__).parent / "javascript"
USER: Final = f"arn:aws:iam::{ACCOUNT}:user/lambda_executer"
SESSION: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/js"
FUNCTION: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ProcessImages"
WORKER: Final = f"arn:aws:iam::{ACCOUNT}:role/worker"


SILENT: Final = "because no identity-based policy allows the lambda:InvokeFunction action"


def refusal(name: str, sentence: str) -> dict[str, object]:
    return {"name": name, "message": sentence, "fault": "client", "status": 403}


def may_not_invoke(who: str) -> dict[str, object]:
    text = "is not authorized to perform: lambda:InvokeFunction on resource"
    return refusal("AccessDeniedException", f"User: {who} {text}: {FUNCTION} {SILENT}")


@NEEDS_NODE
def test_the_story(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    modules = installed(HERE / "package.json", pytestconfig)
    (tmp_path / "app.zip").write_bytes(zipped("def handler(e, c):\n    return sum(e)\n"))
    with site(small_estate()) as found:
        environment = {
            "AWS_ENDPOINT_URL": found.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": found.root.key,
            "AWS_SECRET_ACCESS_KEY": found.root.secret,
            "AWS_MAX_ATTEMPTS": "1",
        }
        done = run_node(HERE / "story.mjs", tmp_path, modules, environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "root": f"arn:aws:iam::{ACCOUNT}:root",
        "user": USER,
        "denied": may_not_invoke(USER),
        "payload": 6,
        "status": 200,
        # STS gives no reason when a role's trust policy is silent.
        "untrusted": refusal(
            "AccessDenied",
            f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {WORKER}",
        ),
        "session": SESSION,
        "expires": True,
        "read": FUNCTION,
        "sessionDenied": may_not_invoke(SESSION),
    }
