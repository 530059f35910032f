"""The examples run as they say, and leave nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from tests.endpoints import ACCOUNT, REGION, Site, site, small_estate
from tests.javascript import NEEDS_NODE, installed, run_node

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "examples"
BIN: Final = str(Path(sys.executable).parent)
AWS: Final = shutil.which("aws", path=BIN) or shutil.which("aws")
EXECUTER: Final = f"arn:aws:iam::{ACCOUNT}:user/lambda_executer"
DENIED: Final = (
    f"User: {EXECUTER} is not authorized to perform: lambda:InvokeFunction on resource: "
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ProcessImages because no identity-based policy "
    "allows the lambda:InvokeFunction action"
)
PROCESSED: Final = 'after the fix: {"processed": "cat.png", "by": "ProcessImages"}'


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    with site(small_estate()) as found:
        yield found


@pytest.fixture
def endpoint(shared: Site) -> Iterator[Site]:
    """An endpoint whose users, roles and functions are the same afterwards."""
    before = _names(shared)
    yield shared
    assert _names(shared) == before


def _names(found: Site) -> list[list[str]]:
    account = found.started.world.estate.accounts[ACCOUNT]
    return [sorted(account.users), sorted(account.roles), sorted(account.functions)]


def environment(found: Site) -> dict[str, str]:
    """What `clearance env` prints."""
    return {
        "AWS_ENDPOINT_URL": found.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": found.root.key,
        "AWS_SECRET_ACCESS_KEY": found.root.secret,
    }


def run(command: list[str], folder: Path, more: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT / "src"),
            **more,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_boto3(endpoint: Site, tmp_path: Path) -> None:
    given = {**environment(endpoint), "CLEARANCE_ESTATE": str(endpoint.data)}
    told = run([sys.executable, str(EXAMPLES / "boto3_story.py")], tmp_path, given)
    assert f"caller:        {EXECUTER}\n" in told
    assert DENIED in told
    assert "FIX     user lambda_executer" in told
    assert told.endswith(f"{PROCESSED}\n")


@pytest.mark.skipif(AWS is None, reason="the AWS CLI is not installed")
def test_aws_cli(endpoint: Site, tmp_path: Path) -> None:
    told = run(["sh", str(EXAMPLES / "aws-cli.sh")], tmp_path, environment(endpoint))
    assert f"caller:        {EXECUTER}\n" in told
    assert DENIED in told
    assert told.endswith(f"{PROCESSED}\n")


@NEEDS_NODE
def test_javascript(endpoint: Site, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    folder = EXAMPLES / "javascript"
    modules = installed(folder / "package.json", pytestconfig)
    done = run_node(folder / "story.mjs", tmp_path, modules, environment(endpoint))
    assert done.returncode == 0, done.stderr
    assert (
        f"AccessDenied (403): User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to "
        f"perform: sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/auditor\n"
    ) in done.stdout
    assert f"after the fix: arn:aws:sts::{ACCOUNT}:assumed-role/auditor/example\n" in done.stdout
    assert done.stdout.endswith("it may look:   0 functions\n")


def test_pytest(tmp_path: Path) -> None:
    folder = tmp_path / "pytest"
    shutil.copytree(EXAMPLES / "pytest", folder, ignore=shutil.ignore_patterns("__pycache__"))
    # By its module: the plugin's name is only known where Clearance is installed.
    plugins = ("no:clearance", "clearance.pytest_plugin", "no:cacheprovider", "no:xdist")
    command = [sys.executable, "-m", "pytest", "-q", *(f"-p{name}" for name in plugins)]
    told = run(command, folder, {})
    assert re.search(r"\b3 passed\b", told), told


def test_only_the_endpoint_is_named_by_the_environment() -> None:
    for file in EXAMPLES.rglob("*"):
        if file.suffix in {".py", ".sh", ".mjs"} and "github" not in file.parts:
            text = file.read_text()
            assert not re.search(r"\b\d{12}\b|localhost|127\.0\.0\.1|AKIA", text), file
