"""S3's contents: the versions of objects with their tags, and uploads that are not complete."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

from clearance.server.services.contents.freeze import freeze, thaw
from clearance.server.services.contents.known import Look, Row, Tail
from clearance.server.services.contents.shelves import Root
from clearance.store.contents import Kept, Place

__all__ = ["all_of", "fill", "finish", "prepared", "touched"]

# Smaller bodies are kept in their row.
_INLINE: Final = 8192
_NOT_KEPT: Final = frozenset({"_value_buffer", "lock", "multipart", "key"})


def touched(root: Root, operation: str, given: Mapping[str, Any]) -> Iterator[Look | Tail]:
    """The object that is named, or each of them; and the upload."""
    bucket = root.held.buckets.get(given.get("Bucket"))
    if bucket is None:
        return
    listed = (given.get("Delete") or {}).get("Objects") or ()
    keys = {str(item.get("Key")) for item in listed} | {str(given.get("Key") or "")}
    for key in sorted(keys - {""}):
        yield _versions(root, bucket, key)
    if "Upload" in operation or "Part" in operation:
        yield from _uploads(root, bucket)


def all_of(root: Root, name: str) -> Iterator[Look | Tail]:
    """Everything in a bucket."""
    bucket = root.held.buckets[name]
    for key in list(dict.keys(bucket.keys)):
        yield _versions(root, bucket, key)
    yield from _uploads(root, bucket)


def fill(root: Root, place: Place, kept: Kept) -> None:
    """Put a kept row back."""
    bucket = root.held.buckets.get(place[0])
    if bucket is None:
        return
    found = thaw(kept.value, lambda _: None)
    if place[1] == "keys":
        index, kind, state, tags, inline = found
        version = _revived(kind, state, inline, kept.body)
        version._clearance_order = index  # noqa: SLF001 (until `finish`)
        versions = bucket.keys.getlist(place[2], [])
        dict.__setitem__(bucket.keys, place[2], [*versions, version])
        if tags:
            root.held.tagger.tags[version.arn] = tags
    elif len(place) == 3:  # noqa: PLR2004 (an upload, not a part of one)
        kind, state = found
        upload = _new("FakeMultipart")
        upload.__dict__.update(state, parts={}, partlist=[])
        bucket.multiparts[place[2]] = upload
    elif (upload := bucket.multiparts.get(place[2])) is not None:
        _, kind, state, _, inline = found
        upload.parts[int(place[4])] = _revived(kind, state, inline, kept.body)
        upload.partlist = sorted(upload.parts)


def finish(root: Root) -> None:
    """Put the versions of each object in their order; a delete marker knows what it hides."""
    for bucket in root.held.buckets.values():
        import_module("moto.s3.models").s3_backends.bucket_accounts[bucket.name] = (
            bucket.partition,
            bucket.account_id,
        )
        for key in list(dict.keys(bucket.keys)):
            versions = bucket.keys.getlist(key)
            versions.sort(key=lambda version: version.__dict__.pop("_clearance_order"))
            for before, after in zip([None, *versions], versions, strict=False):
                if type(after).__name__ == "FakeDeleteMarker":
                    after.key = before


def prepared(bucket: Any) -> None:  # noqa: ANN401
    """A bucket that was read without its contents, ready for them."""
    models = import_module("moto.s3.models")
    bucket.keys, bucket.multiparts = models._VersionedKeyStore(), models.MultipartDict()  # noqa: SLF001


def _versions(root: Root, bucket: Any, key: str) -> Look:  # noqa: ANN401
    parent = (*root.place, "buckets", bucket.name, "keys", key)
    rows = {}
    for index, version in enumerate(list(bucket.keys.getlist(key, []))):
        tags = root.held.tagger.tags.get(getattr(version, "arn", None))
        rows[str(version.version_id)] = _object(version, index, tags)
    return Look(parent, rows)


def _uploads(root: Root, bucket: Any) -> Iterator[Look]:  # noqa: ANN401
    parent = (*root.place, "buckets", bucket.name, "multiparts")
    uploads = dict(bucket.multiparts)
    yield Look(parent, {name: _upload(upload) for name, upload in uploads.items()})
    for name, upload in uploads.items():
        parts = {str(number): _object(part, 0, None) for number, part in upload.parts.items()}
        yield Look((*parent, name, "parts"), parts)


def _upload(upload: Any) -> Row:  # noqa: ANN401
    state = {k: v for k, v in upload.__dict__.items() if k not in {"parts", "partlist"}}
    return Row(lambda: freeze(("FakeMultipart", state), {}))


def _object(version: Any, index: int, tags: Mapping[str, str | None] | None) -> Row:  # noqa: ANN401
    kind = type(version).__name__
    small = getattr(version, "contentsize", 0) <= _INLINE

    def value() -> bytes:
        state = {k: v for k, v in version.__dict__.items() if k not in _NOT_KEPT}
        inline = bytes(version.value) if small and kind == "FakeKey" else None
        return freeze((index, kind, state, dict(tags or {}), inline), {})

    return Row(value, body=None if small else lambda: bytes(version.value), owner=version)


def _revived(kind: str, state: Mapping[str, Any], inline: bytes | None, body: Path | None) -> Any:  # noqa: ANN401
    version = _new(kind)
    version.__dict__.update(state)
    if kind == "FakeKey":
        version.lock = import_module("threading").Lock()
        version.multipart = None
        version._value_buffer = io.BytesIO(inline or b"") if body is None else _Body(body)  # noqa: SLF001
    return version


def _new(kind: str) -> Any:  # noqa: ANN401
    made: Any = getattr(import_module("moto.s3.models"), kind)
    return made.__new__(made)


class _Body:
    """A kept body as the file moto reads: opened when it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size()}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """The bytes from here on."""
        with self._open() as file:
            file.seek(self._at)
            found = file.read(size)
        self._at += len(found)
        return found

    def close(self) -> None:
        """Nothing is open between two reads."""

    def _size(self) -> int:
        return self._path.stat().st_size

    def _open(self) -> IO[bytes]:
        return self._path.open("rb")
