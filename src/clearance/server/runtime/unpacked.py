"""Packages and layers on disk: unpacked once per content, forgotten when long unused."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path

from clearance.server.runtime import packages
from clearance.server.runtime.spec import BadPackage, FunctionSpec, Package

__all__ = ["KEPT_PACKAGES", "Unpacked"]

KEPT_PACKAGES = 100

Background = Callable[[Coroutine[object, object, None]], None]


class Unpacked:
    """The folders of one pool; ``background`` runs what nobody waits for."""

    def __init__(self, root: Path, background: Background) -> None:
        self._root = root
        self._background = background
        self._folders: dict[Path, asyncio.Task[Path]] = {}

    async def code(self, spec: FunctionSpec, used: Iterable[Path]) -> Path:
        """`/var/task` of a function; ``used`` folders are not forgotten to make room."""
        target = self._root / "code" / packages.folder_name(spec.code.sha256)
        return await self._unpack(target, (spec.code,), used)

    async def layers(self, spec: FunctionSpec, used: Iterable[Path]) -> Path:
        """`/opt` of a function: its layers over one another, in their order."""
        if not spec.layers:
            empty = self._root / "opt" / "none"
            empty.mkdir(parents=True, exist_ok=True)
            return empty
        names = "/".join(layer.sha256 for layer in spec.layers)
        target = self._root / "opt" / packages.folder_name(names)
        return await self._unpack(target, spec.layers, used)

    async def _unpack(self, target: Path, zips: tuple[Package, ...], used: Iterable[Path]) -> Path:
        """Once per content, however many ask at the same time."""
        task = self._folders.pop(target, None)
        if task is not None:
            self._folders[target] = task  # used last
        else:
            self._forget_old(used)
            task = asyncio.create_task(asyncio.to_thread(_work, target, zips))
            self._folders[target] = task
        try:
            return await asyncio.shield(task)
        except (BadPackage, OSError):
            self._folders.pop(target, None)
            raise

    def _forget_old(self, used: Iterable[Path]) -> None:
        """A server that runs for months must not keep every version of every function."""
        if len(self._folders) < KEPT_PACKAGES:
            return
        needed = set(used)
        # The younger half is left alone: someone may be about to start an environment on it.
        for target in tuple(self._folders)[: KEPT_PACKAGES // 2]:
            if target not in needed and self._folders[target].done():
                del self._folders[target]
                self._background(asyncio.to_thread(packages.remove, target))


def _work(target: Path, zips: tuple[Package, ...]) -> Path:
    contents = [package.read() for package in zips]
    for package, content in zip(zips, contents, strict=True):
        if not packages.is_of(package.sha256, content):
            raise BadPackage(f"`{package.sha256}` is not the SHA-256 of this code")
    packages.unpack(contents, target)
    return target
