"""Where logs lie: local files, folders and globs, and ``s3://bucket/prefix``.

S3 is read through Arrow's own client with botocore's credentials, so that every way to sign in
that the AWS CLI knows works here and nothing more need be installed (docs/decisions/0070).
"""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from clearance.model.errors import UsageError

__all__ = ["CALLS", "Place", "opened", "places_in", "read_bytes"]

S3: Final = "s3://"
CALLS: Final = "_calls"  # beside the files of a dataset: what their rows share
_BLOCK: Final = 8 << 20
# What lies beside events and holds none: digests and Insights (CloudTrail User Guide, log file
# names), and our own calls.
_NO_EVENTS: Final = frozenset(
    {"CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-Aggregated", CALLS}
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A file, and how large it is."""

    path: str
    size: int = 0

    @classmethod
    def of(cls, path: str) -> Place:
        """A file whose size does not matter."""
        return cls(path)

    @property
    def local(self) -> Path | None:
        """The path on this machine; None in S3."""
        return None if self.path.startswith(S3) else Path(self.path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    def __str__(self) -> str:
        return self.path


def places_in(places: Iterable[str | Path], suffixes: tuple[str, ...]) -> tuple[Place, ...]:
    """The files in some files, folders, globs and S3 prefixes, each once, in order of their paths.

    Raises:
        UsageError: a place holds no such file.
    """
    found: dict[Place, None] = {}
    for each in places:
        text = str(each)
        inside = (
            _in_s3(text, suffixes) if text.startswith(S3) else _local(Path(text), text, suffixes)
        )
        files = sorted(inside)
        if not files:
            raise UsageError(f"`{text}` holds no log files; give CloudTrail files or a folder")
        found.update(dict.fromkeys(files))
    return tuple(found)


def _local(path: Path, text: str, suffixes: tuple[str, ...]) -> list[Place]:
    if path.is_file():
        return [Place(str(path), path.stat().st_size)]
    if path.is_dir():
        within = (p for p in path.rglob("*") if p.suffix in suffixes and p.is_file())
        return [
            Place(str(p), p.stat().st_size)
            for p in within
            if not _NO_EVENTS.intersection(p.relative_to(path).parts)
        ]
    if glob.has_magic(text):
        fixed = next(n for n, part in enumerate(path.parts) if glob.has_magic(part))
        matching = (Path(name) for name in glob.glob(text, recursive=True))  # noqa: PTH207 - absolute
        return [
            file
            for each in matching
            if not _NO_EVENTS.intersection(each.parts[fixed:])
            for file in _local(each, "", suffixes)
        ]
    raise UsageError(f"`{path}` does not exist; give CloudTrail files, a folder or a glob")


def _in_s3(text: str, suffixes: tuple[str, ...]) -> Iterator[Place]:
    """Objects under a prefix; a wildcard in it is a glob over whole keys."""
    from pyarrow import fs  # noqa: PLC0415

    wanted = text.removeprefix(S3)
    start = wanted
    if glob.has_magic(wanted):
        start = wanted[: min(wanted.find(mark) for mark in "*?[" if mark in wanted)]
        start = start.rpartition("/")[0]
    bucket = wanted.partition("/")[0]
    if not bucket or glob.has_magic(bucket):
        raise UsageError(f"`{text}` names no bucket; give s3://BUCKET/PREFIX")
    try:
        selector = fs.FileSelector(start.rstrip("/"), recursive=True, allow_not_found=True)
        found = s3().get_file_info(selector) or [s3().get_file_info(start.rstrip("/"))]
        files = [file for file in found if file.type is fs.FileType.File]
    except OSError as error:
        raise UsageError(f"`{text}` cannot be listed: {_reason(error)}") from None
    for file in files:
        inside = file.path.removeprefix(start)
        if _NO_EVENTS.intersection(inside.split("/")):
            continue
        if wanted == file.path or (
            file.path.endswith(suffixes)
            and (wanted == start or fnmatch.fnmatchcase(file.path, wanted))
        ):
            yield Place(S3 + file.path, file.size or 0)


def _reason(error: OSError) -> str:
    return str(error).partition(" Detail: ")[0][:300]


@lru_cache(maxsize=1)
def s3() -> Any:  # noqa: ANN401 - pyarrow has no types
    """S3 as this process is configured: profile, Region and endpoint as for the AWS CLI.

    Raises:
        UsageError: pyarrow is not installed, or there are no credentials.
    """
    try:
        from pyarrow import fs  # noqa: PLC0415
    except ImportError:
        raise UsageError("reading S3 needs pyarrow; pip install 'clearance[logs]'") from None
    import botocore.session  # noqa: PLC0415

    session = botocore.session.get_session()
    found = session.get_credentials()
    if found is None:
        raise UsageError("no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret")
    keys = found.get_frozen_credentials()
    client = session.create_client(
        "s3", region_name=session.get_config_variable("region") or "us-east-1"
    )
    given = client.meta.endpoint_url if _endpoint(session) else None
    return fs.S3FileSystem(
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        session_token=keys.token,
        region=client.meta.region_name,
        endpoint_override=given,
        background_writes=False,
    )


def _endpoint(session: Any) -> bool:  # noqa: ANN401 - botocore has no types
    """True when another endpoint than AWS's is configured."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    return any(os.environ.get(n) for n in names) or bool(
        session.get_scoped_config().get("endpoint_url")
    )


def opened(place: Place) -> Any:  # noqa: ANN401 - a path, or pyarrow's file
    """What Parquet is read from."""
    if place.local is not None:
        return place.path
    return s3().open_input_file(place.path.removeprefix(S3))


def read_bytes(place: Place, most: int) -> bytes:
    """The content of a file, up to ``most`` bytes.

    Raises:
        OSError: it cannot be read.
    """
    if place.local is not None:
        with place.local.open("rb") as file:
            return file.read(most)
    found, left = [], most
    with s3().open_input_stream(place.path.removeprefix(S3), compression=None) as stream:
        while left > 0 and (part := stream.read(min(left, _BLOCK))):
            found.append(part)
            left -= len(part)
    return b"".join(found)
