"""The files that changed since a commit, as git tells."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clearance.cli.policy_files import SUFFIXES
from clearance.model.errors import UsageError

__all__ = ["Changed", "changed"]


@dataclass(frozen=True, slots=True)
class Changed:
    """A file with its text before and now; None where it was not, or is no more."""

    name: str
    path: Path
    before: str | None
    after: str | None


def changed(paths: Iterable[Path], base: str) -> list[Changed]:
    """The files below some paths that differ from a commit, those git does not know yet included.

    Of a branch that has gone on in the meantime, the commit where the two parted counts.
    """
    listed = [path.as_posix() for path in paths]
    try:
        top = Path(_git("rev-parse", "--show-toplevel").strip())
    except UsageError as error:
        if "not a git repository" in str(error):
            raise UsageError(
                "this folder is in no git repository; a review compares with a commit"
            ) from None
        raise
    commit = _commit(base)
    told = _git("diff", "--name-only", "--no-relative", "--no-renames", "-z", commit, "--", *listed)
    fresh = _git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", *listed)
    names = sorted({name for name in (told + fresh).split("\0") if name})
    found = []
    for name in names:
        path = top / name
        if path.suffix.lower() in SUFFIXES:
            found.append(Changed(name, path, _then(commit, name), _now(path)))
    return found


def _commit(base: str) -> str:
    try:
        commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    except UsageError:
        raise UsageError(
            f"git knows no commit `{base}`; name a branch, tag or commit "
            "(in CI, check out the whole history)"
        ) from None
    try:
        return _git("merge-base", commit.strip(), "HEAD").strip()
    except UsageError:
        return commit.strip()


def _then(commit: str, name: str) -> str | None:
    try:
        return _git("show", f"{commit}:{name}")
    except UsageError:
        return None


def _now(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _git(*words: str) -> str:
    """What git prints."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise UsageError("git was not found; `clearance review` compares with a commit") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise UsageError(f"git {words[0]}: {said or 'failed'}")
    return done.stdout.decode("utf-8", "replace").removeprefix("\ufeff")
