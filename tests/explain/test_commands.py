"""The commands of a fix are given to the real AWS CLI, and the request is allowed afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.endpoints import ACCOUNT, REGION, Site, allow, site, small_estate

from clearance.decide import authorize, identify
from clearance.explain import explain
from clearance.model.request import Context, Request

USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly"


@pytest.fixture(scope="module")
def at() -> Iterator[Site]:
    with site(small_estate()) as found:
        found.function("orders")
        found.user("mia", allow("lambda:InvokeFunction", FUNCTION + ":prod"))
        found.role("deploy", allow_trust("arn:aws:iam::123456789012:user/mia"))
        yield found


def allow_trust(who: str) -> str:
    return (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",'
        f'"Principal":{{"AWS":"{who}"}}}}}}'
    )


CASES: list[tuple[str, str, str, Mapping[str, Any]]] = [
    (USER, "lambda:InvokeFunction", FUNCTION, {}),
    (USER, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/deploy", {}),
    ("events.amazonaws.com", "lambda:InvokeFunction", FUNCTION, {"aws:SourceArn": RULE}),
    (f"arn:aws:iam::{ACCOUNT}:user/mia", "lambda:InvokeFunction", FUNCTION, {}),
]


@pytest.mark.parametrize(("who", "action", "resource", "context"), CASES)
def test_the_aws_cli_takes_the_fix(
    at: Site, who: str, action: str, resource: str, context: Mapping[str, Any], tmp_path: Path
) -> None:
    aws = shutil.which("aws") or str(Path(os.__file__).parents[2] / "bin" / "aws")
    world = at.started.world
    request = Request(identify(who, world.estate), action, resource, Context.of(context))
    found = explain(world.estate, request)
    fix = found.fix
    assert fix is not None
    assert fix.cli
    environment = {
        "PATH": f"{Path(aws).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": at.url,
        "AWS_ACCESS_KEY_ID": at.root.key,
        "AWS_SECRET_ACCESS_KEY": at.root.secret,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    script = "set -e\n" + "\n".join(fix.cli)
    ran = subprocess.run(
        ["/bin/sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert authorize(world.estate, request).allowed
