"""action.yml: its form by GitHub's rules, and its steps as a runner runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.cli.repository import git, policy, repository

ROOT: Final = Path(__file__).parents[2]
ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: Final = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}


def test_its_form() -> None:
    # https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
    assert set(ACTION) <= {"name", "author", "description", "inputs", "outputs", "runs", "branding"}
    assert ACTION["name"]
    assert ACTION["description"]
    assert set(ACTION["runs"]) == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    for name, given in ACTION["inputs"].items():
        assert re.fullmatch(r"[a-z_][a-z0-9_-]*", name)
        assert set(given) <= {"description", "default", "required", "deprecationMessage"}
        assert given["description"]
        assert isinstance(given["default"], str)
    for given in ACTION["outputs"].values():
        assert set(given) == {"description", "value"}
    for step in ACTION["runs"]["steps"]:
        allowed = {"name", "id", "if", "env", "shell", "run", "uses", "with", "working-directory"}
        assert set(step) <= allowed
        assert ("run" in step) != ("uses" in step)
        assert ("shell" in step) == ("run" in step)


def test_nothing_from_outside_is_written_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_every_input_is_used_and_no_other() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(ACTION["inputs"])


class Runner:
    """Runs steps as GitHub's runner does: expressions in `env`, files for outputs and summaries."""

    def __init__(self, place: Path, temp: Path, base: str) -> None:
        self.place, self.temp, self.base = place, temp, base
        for name in ("output", "summary", "path"):
            (temp / name).write_text("")

    def run(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        step = STEPS[name]
        values = {key: given["default"] for key, given in ACTION["inputs"].items()}
        values["base"] = self.base
        values.update({key.replace("_", "-"): value for key, value in inputs.items()})
        env = {
            key: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda m: values[m[1]], value)
            for key, value in step.get("env", {}).items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.place,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(self.temp),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(self.temp / "output"),
                "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
                "GITHUB_PATH": str(self.temp / "path"),
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def outputs(self) -> dict[str, str]:
        lines = (self.temp / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    place, temp = repository(tmp_path / "repo"), tmp_path / "temp"
    temp.mkdir()
    return Runner(place, temp, git(place, "rev-parse", "HEAD"))


def test_findings_become_annotations(runner: Runner) -> None:
    assert runner.run("Validate").returncode == 0
    (runner.place / "policies" / "bad one.json").write_text(policy("s3:Nothing"))
    done = runner.run("Validate", policies="policies missing")
    assert (done.returncode, done.stderr) == (2, "error: `missing` does not exist\n")
    done = runner.run("Validate", policies="policies")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=policies/bad one.json,line=7")
    assert runner.run("Validate", fail_on="suggestion").returncode == 1


def test_tests_run_where_there_are_some(runner: Runner) -> None:
    done = runner.run("Test")
    assert (done.returncode, done.stdout) == (0, "no policy tests\n")
    (runner.place / "a.policytest.yaml").write_text(
        "policies: {identity: policies/app.json}\n"
        "tests: [{who: 'arn:aws:iam::123456789012:user/a', can: 's3:GetObject'}]\n"
    )
    done = runner.run("Test")
    assert (done.returncode, done.stdout) == (0, "1 passed\n"), done.stderr
    (runner.place / "policies" / "app.json").write_text(policy("s3:PutObject"))
    assert runner.run("Test").returncode == 1


def test_the_review_is_a_summary_and_an_output(runner: Runner) -> None:
    assert runner.run("Review").returncode == 0
    assert runner.outputs()["newly-allowed"] == "false"
    (runner.place / "policies" / "app.json").write_text(policy("s3:*"))
    done = runner.run("Review")
    assert (done.returncode, done.stderr) == (0, "")
    outputs = runner.outputs()
    assert outputs["newly-allowed"] == "true"
    assert Path(outputs["review"]).read_text() in (runner.temp / "summary").read_text()
    assert "newly allowed:\n  s3:*" in Path(outputs["review"]).read_text()
    assert runner.run("Review", no_new_access="true").returncode == 1
    done = runner.run("Review", base="nope")
    assert done.returncode == 2
    assert "git knows no commit `nope`" in done.stderr
    assert runner.run("Review", base="").stdout == "no commit to compare with\n"


def test_it_installs_itself() -> None:
    """Not a package of the same name from an index: the very commit the action was asked for."""
    assert '"$GITHUB_ACTION_PATH"' in STEPS["Install"]["run"]
    assert (ROOT / "pyproject.toml").exists()
