"""A git repository with a policy, for the commands that compare with a commit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["git", "policy", "repository"]


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def policy(*actions: str, effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def repository(folder: Path) -> Path:
    """One commit with `policies/app.json`."""
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "app.json").write_text(policy("s3:GetObject"))
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")
    return folder
