"""The hooks for pre-commit: known to pre-commit, and each is a command of ours."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import yaml
from tests.cli.repository import repository
from tests.cli.run import clearance

MANIFEST: Final = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


def test_pre_commit_takes_the_manifest() -> None:
    words = [sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_hook_runs(tmp_path: Path) -> None:
    place = repository(tmp_path / "repo")
    (place / "a.policytest.yaml").write_text(
        "policies: {identity: policies/app.json}\n"
        "tests: [{who: 'arn:aws:iam::123456789012:user/a', can: 's3:GetObject'}]\n"
    )
    hooks = yaml.safe_load(MANIFEST.read_text("utf-8"))
    assert {hook["id"] for hook in hooks} == {
        "clearance-validate", "clearance-test", "clearance-review"
    }  # fmt: skip
    for hook in hooks:
        ran = clearance(*shlex.split(hook["entry"])[1:], *hook.get("args", ()), cwd=place)
        assert (ran.code, ran.err) == (0, ""), hook["id"]
