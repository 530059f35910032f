"""Files that hold policies: which, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from clearance.cli.documents import of_yaml
from clearance.cli.inputs import near_path, read_text
from clearance.model.errors import UsageError
from clearance.model.policy import PolicyType
from clearance.validate.discover import Policy, discover, guess, is_policy, opaque
from clearance.validate.source import Fault, read

__all__ = ["SUFFIXES", "PolicyFile", "files_in", "open_file", "open_text"]

_JSON: Final = frozenset({".json", ".template"})
_YAML: Final = frozenset({".yaml", ".yml"})
SUFFIXES: Final = _JSON | _YAML
_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "cdk.out", "venv"})
_LARGEST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A file with the policies in it; ``yaml`` files cannot be fixed."""

    path: Path
    name: str
    text: str
    policies: tuple[Policy, ...]
    faults: tuple[Fault, ...] = ()
    yaml: bool = False


def files_in(paths: Iterable[Path], exclude: tuple[str, ...] = ()) -> Iterator[tuple[Path, bool]]:
    """The files to look at, and whether each was named itself."""
    for path in paths:
        if path.is_dir():
            for file in _below(path):
                if not any(fnmatchcase(file.as_posix(), pattern) for pattern in exclude):
                    yield file, False
        elif path.exists():
            yield path, True
        else:
            raise UsageError(f"`{path}` does not exist{near_path(path)}")


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        for name in sorted(names):
            if Path(name).suffix.lower() in SUFFIXES:
                yield Path(place, name)


def open_file(
    path: Path, *, named: bool, kind: PolicyType | None, resource: str | None
) -> PolicyFile | None:
    """What a file holds; None when it was not named and holds no policy."""
    if path.stat().st_size > _LARGEST:
        if named:
            raise UsageError(f"`{path}` is larger than {_LARGEST // 1024 // 1024} MB")
        return None
    text = _text(path, named=named)
    if text is None or not (named or '"Statement"' in text or "Statement" in text):
        return None
    return open_text(path, text, named=named, kind=kind, resource=resource)


def open_text(
    path: Path,
    text: str,
    *,
    named: bool = True,
    kind: PolicyType | None = None,
    resource: str | None = None,
) -> PolicyFile | None:
    """What a text holds that stands in this file, or might."""
    if path.suffix.lower() in _YAML:
        return _yaml_file(path, text, named=named, kind=kind, resource=resource)
    root, faults = read(text)
    if faults and not named and '"Effect"' not in text:
        return None
    root = opaque(root)
    policies = tuple(_typed(p, path, kind, resource) for p in discover(root, text))
    if not policies and (named or faults):
        if not named and not is_policy(root):
            return None
        found = Policy((), root, *guess(root))
        policies = (_typed(found, path, kind, resource),)
    return PolicyFile(path, path.as_posix(), text, policies, faults) if policies else None


def _text(path: Path, *, named: bool) -> str | None:
    if named:
        return read_text(path)
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


_WORDS: Final = {
    "scp": PolicyType.SCP,
    "scps": PolicyType.SCP,
    "rcp": PolicyType.RCP,
    "rcps": PolicyType.RCP,
    "boundary": PolicyType.BOUNDARY,
    "boundaries": PolicyType.BOUNDARY,
}


def _typed(policy: Policy, path: Path, kind: PolicyType | None, resource: str | None) -> Policy:
    if kind is not None:
        return replace(policy, kind=kind, resource=resource)
    if resource is not None:
        return replace(policy, resource=resource)
    if not policy.path and policy.kind in {PolicyType.IDENTITY, PolicyType.RESOURCE}:
        # `scps/deny-leave.json` and `admin.boundary.json` say what they are.
        words = {*path.stem.lower().replace("_", "-").replace(".", "-").split("-")}
        words.add(path.parent.name.lower())
        for word, named in _WORDS.items():
            # Of the three, an RCP alone says for whom it is.
            if word in words and (named is PolicyType.RCP or policy.kind is PolicyType.IDENTITY):
                return replace(policy, kind=named, resource=None)
    return policy


def _yaml_file(
    path: Path, text: str, *, named: bool, kind: PolicyType | None, resource: str | None
) -> PolicyFile | None:
    try:
        import yaml
    except ImportError:
        if named:
            raise UsageError("YAML needs PyYAML: `pip install pyyaml`") from None
        return None
    try:
        roots = [of_yaml(n) for n in yaml.compose_all(text, yaml.SafeLoader)]
    except (yaml.YAMLError, RecursionError) as error:
        if not named:
            return None
        mark: Any = getattr(error, "problem_mark", None)
        at = mark.index if mark is not None else 0
        problem = str(getattr(error, "problem", None) or "not YAML")
        return PolicyFile(path, path.as_posix(), text, (), (Fault(at, at + 1, problem),), yaml=True)
    found = [p for root in roots for p in discover(opaque(root), text)]
    policies = tuple(_typed(p, path, kind, resource) for p in found)
    return PolicyFile(path, path.as_posix(), text, policies, yaml=True) if policies else None
