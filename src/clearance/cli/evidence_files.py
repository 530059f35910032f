"""Denials in files and folders: text, JSON, and CloudTrail's ``.json.gz``."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearance.cli.inputs import read_text
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.explain.evidence import Evidence

__all__ = ["evidence_at"]

_LARGEST: Final = 512_000_000  # bytes; a compressed file may hold far more than it seems


def evidence_at(path: Path) -> tuple[Evidence, ...]:
    """Every denial in a file, or in the files of a folder."""
    from clearance.explain.inputs import recognise

    if path.is_dir():
        names = sorted(p for p in path.rglob("*") if p.name.endswith((".json", ".json.gz")))
        if not names:
            raise UsageError(f"`{path}` holds no `.json` or `.json.gz` file")
        return tuple(each for name in names for each in evidence_at(name))
    text = _unpacked(path) if path.suffix == ".gz" else read_text(path)
    return recognise(text)


def _unpacked(path: Path) -> str:
    try:
        with gzip.open(path) as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(f"`{path}` does not exist") from None
    except (OSError, EOFError) as error:
        raise UsageError(f"`{path}` cannot be unpacked: {error}") from None
    if len(content) > _LARGEST:
        raise UsageError(f"`{path}` unpacks to more than {_LARGEST} bytes; split it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path}` is not UTF-8 text (byte {error.start})") from None
