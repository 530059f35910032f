"""What an assistant may read: one folder, and the estate it was started with.

An assistant's words are not its user's: a page it has read may have put them there. So every path
is resolved first, links and all, and must end inside the folder; nothing is ever written.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearance.cli import inputs
from clearance.model.errors import UsageError

if TYPE_CHECKING:
    from clearance.decide.who import AccessIndex

__all__ = ["Root"]

_KEPT: Final = 4  # estates

Signature = tuple[tuple[str, int, int], ...]


class Root:
    """The folder, and estates that are read again when a file of theirs has changed."""

    def __init__(self, folder: Path, estate: Path | None = None) -> None:
        self.folder = folder.resolve()
        self._estate = estate
        self._read: OrderedDict[Path, tuple[Signature, AccessIndex]] = OrderedDict()

    @property
    def has_estate(self) -> bool:
        """True when the server was started with an estate."""
        return self._estate is not None

    def path(self, text: str) -> Path:
        """A path below the folder; one that leads out of it is refused, be it there or not."""
        try:
            found = (self.folder / text).resolve()
        except (OSError, RuntimeError, ValueError):
            raise UsageError(f"`{text}` is not a path") from None
        if not found.is_relative_to(self.folder):
            raise UsageError(
                f"`{text}` lies outside of `{self.folder}`; only files in that folder are read "
                "(`clearance mcp --root FOLDER` chooses another)"
            )
        if not found.exists():
            raise UsageError(f"`{text}` does not exist in `{self.folder}`")
        return found

    def index(self, text: str | None) -> AccessIndex:
        """An estate below the folder, or the one that the server was started with."""
        from clearance import wiring
        from clearance.decide.who import AccessIndex

        if text is not None:
            path = self.path(text)
        elif self._estate is not None:
            path = self._estate.resolve()
        else:
            raise UsageError("name an `estate`: a file or folder in the root folder")
        signature = self._signature(path, inside=text is not None)
        held = self._read.get(path)
        if held is None or held[0] != signature:
            index = AccessIndex(inputs.estate_at(path), catalog=wiring.catalog())
            held = self._read[path] = signature, index
        self._read.move_to_end(path)
        while len(self._read) > _KEPT:
            self._read.popitem(last=False)
        return held[1]

    def _signature(self, path: Path, *, inside: bool) -> Signature:
        """What changes when a file does; a link that leads out of the folder is refused."""
        found = []
        for file in _files(path):
            if inside and file.is_symlink() and not file.resolve().is_relative_to(self.folder):
                raise UsageError(f"`{file}` is a link that leads out of `{self.folder}`")
            try:
                state = file.stat()
            except OSError:
                continue  # it went away in the meantime, or is a dangling link
            found.append((str(file), state.st_mtime_ns, state.st_size))
        return tuple(found)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        Path(place, name)
        for place, folders, names in os.walk(path)
        for name in (*names, *(f for f in folders if Path(place, f).is_symlink()))
    )
