"""clearance init: the project it makes runs at once, and nothing is overwritten by surprise."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.cli.repository import git
from tests.cli.run import clearance

from clearance.cli.commands import COMMANDS
from clearance.cli.init import FILES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "new" / "project"
    ran = clearance("init", folder)
    assert ran.code == 0, ran.err
    assert max(map(len, ran.out.splitlines())) <= 100
    return folder


def test_every_file_is_there(made: Path) -> None:
    found = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert found == set(FILES)


def commands(made: Path) -> list[str]:
    """What the README tells to run, line by line."""
    text = (made / "README.md").read_text().replace("\\\n", " ")
    return [
        line.strip().partition("  #")[0]
        for line in re.findall(r"^    (clearance.*)", text, re.MULTILINE)
    ]


def test_what_the_readme_tells_to_run_runs(made: Path) -> None:
    git(made, "init", "-q", ".")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "start")
    told = commands(made)
    assert len(told) == 6
    for line in told[:4]:
        ran = clearance(*shlex.split(line)[1:], cwd=made)
        assert (ran.code, ran.err) == (0, ""), line
    for line in told[4:]:
        assert shlex.split(line)[1] in COMMANDS


def test_the_tests_test_something(made: Path) -> None:
    policy = made / "policies" / "uploader.json"
    text = policy.read_text()
    try:
        policy.write_text(text.replace('"s3:PutObject"', '"s3:*"'))
        ran = clearance("test", cwd=made)
        assert ran.code == 1
        assert "cannot s3:DeleteObject" in ran.out
    finally:
        policy.write_text(text)


def test_the_workflow_runs(made: Path) -> None:
    workflow = yaml.safe_load((made / ".github" / "workflows" / "policies.yml").read_text())
    steps = workflow["jobs"]["policies"]["steps"]
    runs = [step["run"] for step in steps if step.get("run", "").startswith("clearance ")]
    assert len(runs) == 3
    for run in runs:
        words = shlex.split(run.replace('"$BASE"', "HEAD").partition(">>")[0])
        ran = clearance(*words[1:], cwd=made)
        assert (ran.code, ran.err) == (0, ""), run
    (made / "policy-tests.xml").unlink()


def test_pre_commit_runs_the_hooks(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns(".git"))
    git(folder, "init", "-q", ".")
    git(folder, "add", "-A")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 2
    assert done.stderr == ""


def test_nothing_is_overwritten_by_surprise(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    ran = clearance("init", cwd=tmp_path)
    assert ran.code == 2
    assert "`README.md` is there already; nothing was written" in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]
    assert clearance("init", "--force", cwd=tmp_path).code == 0
    assert (tmp_path / "README.md").read_text() != "mine"
    (tmp_path / "file").write_text("")
    assert "is not a folder" in clearance("init", tmp_path / "file").err


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere")
    assert clearance("init", cwd=tmp_path).code == 2
    assert not (tmp_path / "elsewhere").exists()
