"""Run programs that use the AWS SDK for JavaScript."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

__all__ = ["NEEDS_NODE", "installed", "run_node"]

NODE: Final = shutil.which("node")
NPM: Final = shutil.which("npm")
NEEDS_NODE: Final = pytest.mark.skipif(
    NODE is None or NPM is None, reason="Node.js is not installed: no `node` and `npm` on the PATH"
)


def installed(package: Path, config: pytest.Config) -> Path:
    """The ``node_modules`` of a ``package.json``: installed once, kept in pytest's cache."""
    dependencies = json.loads(package.read_text())["dependencies"]
    text = json.dumps({"private": True, "dependencies": dependencies}, sort_keys=True)
    cache = getattr(config, "cache", None)  # none with `-p no:cacheprovider`
    assert cache is not None, "the modules are kept in pytest's cache, which is switched off"
    store = Path(cache.mkdir("javascript"))
    kept = store / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not kept.exists():
        making = store / f"making-{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        (making / "package.json").write_text(text)
        _install(making)
        try:
            making.rename(kept)
        except OSError:  # another worker was quicker
            shutil.rmtree(making)
    return kept / "node_modules"


def _install(folder: Path) -> None:
    assert NPM is not None
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
    done = subprocess.run(
        [NPM, "install", *quiet, "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"npm install failed: {done.stdout}{done.stderr}"


def run_node(
    program: Path, folder: Path, modules: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a copy of a program in a folder, with these modules."""
    assert NODE is not None
    shutil.copy(program, folder / program.name)
    (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    return subprocess.run(
        [NODE, program.name],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
