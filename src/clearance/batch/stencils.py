"""Calls on S3's objects: worked out once for all objects of a bucket that are asked for alike.

Logs of data events name a new object in nearly every call. What a call needs says the key in the
ARN of the object and is else the same, so it is worked out for a key that stands for any, and
what comes of that is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from clearance.batch.dataset import Asked
from clearance.batch.read import Record, value_in
from clearance.explain.evidence import at, text_of

__all__ = ["OBJECTS", "Stencils"]


# Works a call out by itself; also, whether it follows from more of the caller than the account.
Derive: TypeAlias = Callable[[Record], tuple[Asked, bool]]

# Operations that read a key for nothing but the ARN of its object.
OBJECTS: Final = frozenset(
    {
        "AbortMultipartUpload", "CompleteMultipartUpload", "CreateMultipartUpload", "DeleteObject",
        "DeleteObjectTagging", "GetObject", "GetObjectAcl", "GetObjectAttributes",
        "GetObjectTagging", "HeadObject", "ListParts", "PutObject", "PutObjectAcl", "UploadPart",
    }
)  # fmt: skip
_S3: Final = "s3.amazonaws.com"
_MARK: Final = b'"key":"'
_ANY: Final = "clearance/any-object"
# Equal in JSON and in ARNs, whatever is beside it: no escapes, no colons, no wildcards.
_PLAIN: Final = re.compile(rb"[A-Za-z0-9/_=.+,@~-]+")


class _Cut(NamedTuple):
    """A call's parameters and resources around the key."""

    key: bytes
    before: bytes
    after: bytes
    around: tuple[bytes, ...]

    def filled(self, record: Record) -> Record:
        """The same call on any object."""
        key = _ANY.encode()
        return msgspec.structs.replace(
            record,
            request_parameters=msgspec.Raw(_MARK.join((self.before, key + b'"' + self.after))),
            resources=msgspec.Raw((b"/" + key + b'"').join(self.around)),
        )


class _Stencil:
    """Columns with holes for the key."""

    __slots__ = ("_columns", "_holes")

    def __init__(self, asked: Asked) -> None:
        self._columns = list(asked)
        self._holes = [
            (place, text.split(_ANY)) for place, text in enumerate(asked) if text and _ANY in text
        ]

    def filled(self, key: str) -> Asked:
        """The columns of the call on an object."""
        made = self._columns.copy()
        for place, parts in self._holes:
            made[place] = key.join(parts)
        return Asked._make(made)


_ONCE: Final = "met once"


class Stencils:
    """What calls on objects ask for, by all but the key; up to ``kept`` kinds are remembered.

    The second call of a kind is worked out both ways, and only what then says the same is used
    for a third.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._kinds: dict[object, _Stencil | str | None] = {}

    def __len__(self) -> int:
        return len(self._kinds)

    def asked(self, record: Record, account: str | None, derive: Derive) -> Asked | None:
        """The columns of a call; None where it has to be worked out by itself."""
        if record.event_name not in OBJECTS or record.event_source != _S3:
            return None
        cut = _cut(bytes(record.request_parameters), bytes(record.resources))
        if cut is None:
            return None
        kind = (
            record.event_name, record.event_type, record.aws_region, record.recipient_account_id,
            record.api_version, account, cut[1:],
        )  # fmt: skip
        known = self._kinds.get(kind)
        if isinstance(known, _Stencil):
            return known.filled(cut.key.decode())
        if known == _ONCE:
            plain, personal = derive(record)
            self._kinds[kind] = None if personal else _learned(record, cut, derive, plain)
            return None if personal else plain
        if kind not in self._kinds:
            if len(self._kinds) >= self._kept:
                self._kinds.clear()
            self._kinds[kind] = _ONCE
        return None


def _cut(parameters: bytes, resources: bytes) -> _Cut | None:
    """A call around its key, where the key is told apart from all that is beside it."""
    before, mark, rest = parameters.partition(_MARK)
    key, _, after = rest.partition(b'"')
    if not mark or not _PLAIN.fullmatch(key) or b"\\" in resources:
        return None
    # An ARN that ends in the key may be that of the object, whose owner the record tells there.
    return _Cut(key, before, after, tuple(resources.split(b"/" + key + b'"')))


def _learned(record: Record, cut: _Cut, derive: Derive, plain: Asked) -> _Stencil | None:
    """What holds for any key; None where a key may matter otherwise than as a part of an ARN."""
    any_ = cut.filled(record)
    given = value_in(bytes(any_.request_parameters))
    if at(given, "key") != _ANY or not text_of(given, "bucketName"):
        return None
    if _ANY.encode() in b'"'.join((cut.key, cut.before, cut.after, *cut.around)):
        return None  # it could not be told apart
    asked, personal = derive(any_)
    # Doubts are sorted, and what has no resource is looked for among those that are named.
    apart = _ANY not in (asked.doubts or "") and "resource" not in (asked.gap or "")
    found = _Stencil(asked)
    return found if apart and not personal and found.filled(cut.key.decode()) == plain else None
