"""clearance init: a small project with policies, tests of them and CI, that runs at once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

import typer

from clearance.cli import output
from clearance.model.errors import UsageError

__all__ = ["init"]

# Where each file goes, where it comes from (cli/starter), and what it is.
FILES: Final[Mapping[str, tuple[str, str]]] = {
    "README.md": ("README.md", "what is here and how to run it"),
    "policies/uploader.json": ("policies/uploader.json", "an identity policy"),
    "policies/guardrails.scp.json": ("policies/guardrails.scp.json", "a service control policy"),
    "tests/uploader.policytest.yaml": ("tests/uploader.policytest.yaml", "what they must allow"),
    ".clearance.toml": ("clearance.toml", "settings, accepted findings"),
    ".pre-commit-config.yaml": ("pre-commit-config.yaml", "checks before every commit"),
    ".github/workflows/policies.yml": ("workflow.yml", "checks of every pull request"),
}


def init(
    folder: Path = typer.Argument(Path(), metavar="DIR", help="The folder; made if need be."),
    force: bool = typer.Option(False, "--force", help="Overwrite files that are there."),
) -> None:
    """Make a small project with policies, tests and CI.

    It runs at once. A file that is there is never overwritten without --force.

    Exit code: 0 written, 2 bad input; then nothing was written.

    Example: clearance init policies-repo
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"`{folder}` is not a folder")
    there = [name for name in FILES if (folder / name).exists() or (folder / name).is_symlink()]
    if there and not force:
        more = f" and {len(there) - 1} more of its files" if len(there) > 1 else ""
        raise UsageError(
            f"`{folder / there[0]}` is there already{more}; nothing was written; --force overwrites"
        )
    starter = files("clearance.cli") / "starter"
    try:
        for name, (source, _) in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((starter / source).read_text("utf-8"), "utf-8")
    except OSError as error:
        raise UsageError(f"`{error.filename}` cannot be written: {error.strerror}") from None
    _show(folder)


def _show(folder: Path) -> None:
    console = output.console()
    console.print(f"made in {folder}:")
    width = max(map(len, FILES))
    for name, (_, what) in FILES.items():
        console.print(f"  {name:<{width}}  {what}", soft_wrap=True)
    console.print("\nnext:")
    if folder.resolve() != Path.cwd():
        console.print(f"  cd {shlex.quote(str(folder))}", soft_wrap=True)
    for command in ("clearance validate policies", "clearance test"):
        console.print(f"  {command}")
    console.print("README.md has more")
