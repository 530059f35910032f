"""The AWS CLI does the story by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.endpoints import (
    ACCOUNT,
    LAMBDA_TRUST,
    REGION,
    Credentials,
    Site,
    allow,
    credentials_of,
    key_of,
    site,
    small_estate,
    zipped,
)

AWS = shutil.which("aws", path=str(Path(sys.executable).parent)) or shutil.which("aws")
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ProcessImages"


def aws(found: Site, who: Credentials, *arguments: str, folder: Path) -> tuple[int, str]:
    assert AWS is not None
    done = subprocess.run(
        [AWS, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": found.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": who.key,
            "AWS_SECRET_ACCESS_KEY": who.secret,
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


@pytest.mark.skipif(AWS is None, reason="the AWS CLI is not installed")
def test_the_story_by_hand(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(allow("lambda:InvokeFunction", FUNCTION))
    (tmp_path / "app.zip").write_bytes(zipped("def handler(e, c):\n    return sum(e)\n"))
    ana = credentials_of(key_of("ana"))
    invoke = (
        "lambda", "invoke", "--function-name", "ProcessImages", "--payload", "[1,2,3]", "out.json",
    )  # fmt: skip
    with site(small_estate()) as found:

        def admin(*arguments: str) -> str:
            code, told = aws(found, found.root, *arguments, folder=tmp_path)
            assert code == 0, told
            return told

        assert json.loads(admin("sts", "get-caller-identity"))["Account"] == ACCOUNT
        found.role("images", LAMBDA_TRUST)
        admin("lambda", "create-function", "--function-name", "ProcessImages", "--runtime",
              "python3.11", "--handler", "app.handler", "--zip-file", "fileb://app.zip",
              "--role", f"arn:aws:iam::{ACCOUNT}:role/images")  # fmt: skip
        code, told = aws(found, ana, *invoke, folder=tmp_path)
        assert code in {254, 255}
        assert told.replace("aws: [ERROR]: ", "") == (
            "An error occurred (AccessDeniedException) when calling the Invoke operation: "
            f"User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: "
            f"lambda:InvokeFunction on resource: {FUNCTION} because no identity-based policy "
            "allows the lambda:InvokeFunction action"
        )
        admin("iam", "put-user-policy", "--user-name", "ana", "--policy-name", "run",
              "--policy-document", "file://run.json")  # fmt: skip
        code, told = aws(found, ana, *invoke, folder=tmp_path)
        assert code == 0, told
        assert (tmp_path / "out.json").read_text() == "6"
