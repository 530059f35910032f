"""Links to the code of functions and layers, as GetFunction gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from clearance.model.errors import StoreError
from clearance.operations.lambda_.package import LOCATION
from clearance.server.world import World
from clearance.wire.message import HttpAnswer, Message

__all__ = ["PATH", "download", "linked"]

PATH: Final = "/_clearance/code/"
# "Location: A presigned URL that you can use to download the deployment package", valid for ten
# minutes (API_GetFunction).
_LIFETIME: Final = timedelta(minutes=10)
_MARK: Final = "lambda code"


def linked(world: World, output: Mapping[str, Any], base: str) -> Mapping[str, Any]:
    """An answer in which blobs are links to this endpoint."""
    for member in ("Code", "Content"):
        inner = output.get(member)
        place = inner.get("Location") if isinstance(inner, Mapping) else None
        if inner is not None and isinstance(place, str) and place.startswith(LOCATION):
            expires = (world.now() + _LIFETIME).timestamp()
            ticket = json.dumps([_MARK, place.removeprefix(LOCATION), expires]).encode()
            link = f"{base}{PATH}{world.sealer.seal(ticket).rstrip('=')}"
            return {**output, member: {**inner, "Location": link}}
    return output


def download(world: World, message: Message, now: datetime) -> HttpAnswer:
    """The package behind a link; whoever has the link may have it, as with S3's."""
    ticket = message.path.removeprefix(PATH)
    try:
        opened = json.loads(world.sealer.open(ticket + "=" * (-len(ticket) % 4)))
        mark, blob, expires = opened
    except (StoreError, ValueError, TypeError):
        mark, blob, expires = "", "", 0.0
    plain = (("content-type", "text/plain"),)
    if mark != _MARK or message.method not in {"GET", "HEAD"}:
        return HttpAnswer(403, plain, b"AccessDenied")
    if now.timestamp() > expires:
        return HttpAnswer(403, plain, b"Request has expired")
    try:
        content = world.store.get_blob(blob)
    except StoreError:
        return HttpAnswer(404, plain, b"NoSuchKey")
    return HttpAnswer(200, (("content-type", "application/zip"),), content)
