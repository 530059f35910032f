"""A deployment package: is it a zip, is it small enough. The runtime unpacks it, with care."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zipfile import BadZipFile, LargeZipFile, ZipFile

from clearance.operations.call import Ports
from clearance.operations.fault import OperationError
from clearance.operations.lambda_.faults import invalid

__all__ = ["CODE_SIZE_UNZIPPED", "CODE_SIZE_ZIPPED", "LOCATION", "Package", "code_of", "location"]

# Lambda Developer Guide, gettingstarted-limits: 50 MB zipped, 250 MB unzipped.
CODE_SIZE_ZIPPED: Final = 52_428_800
CODE_SIZE_UNZIPPED: Final = 262_144_000


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was kept: the name of its blob, its size and its hash as Lambda shows it."""

    code: str
    size: int
    sha256: str


LOCATION: Final = "blob:"
"""How an answer names a blob; whoever serves the answer makes a link of it."""


def location(code: str) -> str:
    """The Location of a package, to be made into a link."""
    return f"{LOCATION}{code}"


def code_of(given: Mapping[str, Any], ports: Ports) -> Package:
    """The package that ZipFile holds, checked and kept.

    Raises:
        OperationError: as Lambda words it.
    """
    content = given.get("ZipFile")
    if content is not None:
        return _keep(bytes(content), ports)
    if given.get("S3Bucket"):
        raise invalid("Clearance reads code from ZipFile; S3Bucket needs the services extra.")
    raise invalid("Please provide a source for function code.")


def _keep(content: bytes, ports: Ports) -> Package:
    check_zip(content)
    digest = hashlib.sha256(content).digest()
    return Package(ports.put_blob(content), len(content), base64.b64encode(digest).decode())


def check_zip(content: bytes) -> None:
    """Refuse what is no zip, an empty one, and one that is too large."""
    if len(content) > CODE_SIZE_ZIPPED:
        raise OperationError(
            "RequestEntityTooLargeException",
            f"Zipped size must be smaller than {CODE_SIZE_ZIPPED} bytes",
            413,
        )
    if not content:
        raise invalid("Uploaded file must be a non-empty zip")
    try:
        with ZipFile(_Reader(content)) as archive:
            members = archive.infolist()
    except (
        BadZipFile,
        LargeZipFile,
        zlib.error,
        ValueError,
        OSError,
        NotImplementedError,
    ) as error:
        raise invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    if not members:
        raise invalid("Uploaded file must be a non-empty zip")
    if sum(member.file_size for member in members) >= CODE_SIZE_UNZIPPED:
        raise invalid(f"Unzipped size must be smaller than {CODE_SIZE_UNZIPPED} bytes")


class _Reader:
    """Bytes that `ZipFile` reads like a file: the core has no files."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        start = self._at
        end = len(self._content) if size < 0 else min(start + size, len(self._content))
        self._at = max(start, end)
        return bytes(self._content[start:end])

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, len(self._content))[whence]
        if base + offset < 0:
            raise OSError("before the first byte")  # as files do; ZipFile probes
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing to close."""
