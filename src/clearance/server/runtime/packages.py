"""Zip files become read-only folders, or are refused; nothing is written outside the folder."""

import base64
import errno
import hashlib
import io
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from clearance.server.runtime.spec import BadPackage

__all__ = ["check", "digest", "folder_name", "is_of", "remove", "unpack"]

# "Deployment package (.zip file archive) size ... 250 MB: the maximum size of the contents of
# a deployment package, including layers" (Lambda quotas, gettingstarted-limits)
LIMIT = 262_144_000
ENTRIES = 100_000  # ours: a zip of empty names should not exhaust the disk's inodes
UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
TOO_LARGE = f"Unzipped size must be smaller than {LIMIT} bytes"
# Not the package's fault.
OURS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.EIO}
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,  # an unknown compression method
    OverflowError,
    RuntimeError,  # an encrypted member
    UnicodeError,
    ValueError,
    OSError,  # a file where a folder should be, a name too long
)


def digest(content: bytes) -> str:
    """Name of the folder a zip unpacks to."""
    return hashlib.sha256(content).hexdigest()


def folder_name(sha: str) -> str:
    """A name for what Lambda calls `CodeSha256`, which is base64 and may contain a slash."""
    return hashlib.sha256(sha.encode()).hexdigest()


def is_of(sha: str, content: bytes) -> bool:
    """True when it is the SHA-256 of the content, in base64 or hexadecimal."""
    real = hashlib.sha256(content)
    return sha in {base64.b64encode(real.digest()).decode(), real.hexdigest()}


def check(content: bytes) -> None:
    """Refuse what could not be unpacked later; reads names and sizes only."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _members(archive, LIMIT)
    except BadPackage:
        raise
    except DAMAGED as error:
        raise BadPackage(UNREADABLE) from error


def unpack(contents: Sequence[bytes], target: Path) -> None:
    """Unpack zips over one another, as layers are; the folder appears whole or not at all."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unpack-", dir=target.parent))
    try:
        budget = LIMIT
        for content in contents:
            budget -= _unpack_one(content, scratch, budget)
        _make_read_only(scratch)
        scratch.rename(target)
    except FileExistsError:
        return  # another invocation was quicker
    except BadPackage:
        raise
    except DAMAGED as error:
        if target.exists():
            return
        if isinstance(error, OSError) and error.errno in OURS:
            raise
        raise BadPackage(UNREADABLE) from error
    finally:
        remove(scratch)


def remove(folder: Path) -> None:
    """Delete a folder, read-only parts included."""
    if not folder.exists():
        return
    for current, _, _ in os.walk(folder):
        Path(current).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _unpack_one(content: bytes, root: Path, budget: int) -> int:
    written = 0
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member, name in _members(archive, budget):
            path = root / name
            mode = member.external_attr >> 16
            if member.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() or path.is_file():
                path.unlink()
            if stat.S_ISLNK(mode):
                links.append((path, archive.read(member).decode()))
                continue
            with archive.open(member) as source, path.open("xb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
                written += sink.tell()
            if written > budget:
                raise BadPackage(TOO_LARGE)
            # Everyone may read: AWS leaves unreadable modes as they are, and zips made by
            # programs often have them. Only the executable bit says something here.
            path.chmod(0o555 if mode & 0o111 else 0o444)
    _link(root, links)
    return written


def _link(root: Path, links: Sequence[tuple[Path, str]]) -> None:
    """Links come last, so that no file is ever written through one."""
    home = root.resolve()
    for path, aim in links:
        if path.is_dir() or PurePosixPath(aim).is_absolute():
            raise BadPackage(UNREADABLE)
        path.symlink_to(aim)
    for path, _ in links:
        if not path.resolve().is_relative_to(home):
            raise BadPackage(UNREADABLE)


def _members(archive: zipfile.ZipFile, budget: int) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    members = archive.infolist()
    if not members or len(members) > ENTRIES:
        raise BadPackage(UNREADABLE)
    if sum(member.file_size for member in members) > budget:
        raise BadPackage(TOO_LARGE)
    return [(member, _name(member)) for member in members]


def _name(member: zipfile.ZipInfo) -> PurePosixPath:
    # `orig_filename` is the name before zipfile cuts it at a NUL byte.
    raw = member.orig_filename.replace("\\", "/")
    name = PurePosixPath(raw)
    if name.is_absolute() or ".." in name.parts or "\0" in raw or not name.parts:
        raise BadPackage(UNREADABLE)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise BadPackage(UNREADABLE)
    return name


def _make_read_only(root: Path) -> None:
    """The code is shared by every environment of the function: nobody should change it."""
    for current, _, _ in os.walk(root, topdown=False):
        Path(current).chmod(0o555)
