"""Where a bucket is named: in the path, or in front of the host as SDKs prefer it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from clearance.wire.message import Message

__all__ = ["bucket_of", "path_style"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_HOST: Final = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\."
    r"(?:s3\.localhost|localhost|s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?)",
    re.IGNORECASE,
)


def path_style(message: Message) -> Message:
    """The same request with its bucket in the path; the signature is of the original.

    >>> m = Message.of("GET", "/a.jpg", [("host", "photos.localhost:4566")])
    >>> path_style(m).path
    '/photos/a.jpg'
    """
    host = (message.header("host") or "").rsplit(":", 1)[0]
    found = _HOST.fullmatch(host)
    if found is None or found["bucket"].lower() == "s3":
        return message
    return replace(message, path=f"/{found['bucket'].lower()}{message.path}")


def bucket_of(message: Message) -> str | None:
    """The bucket a path-style request names."""
    return message.path.lstrip("/").partition("/")[0] or None
