"""Lists in pages: MaxItems, Marker, IsTruncated.

A Marker carries the sort key of the last item that was sent, so it stays good while items come
and go: the next page starts with whatever is now behind that key.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from clearance.operations.call import Input
from clearance.operations.iam.faults import validation

__all__ = ["page"]

T = TypeVar("T")
DEFAULT: Final = 100
_SEAL: Final = b"\x01"


def page(
    given: Input, items: Iterable[T], key: Callable[[T], str]
) -> tuple[list[T], dict[str, Any]]:
    """One page of the items in the order of their keys, and the members that speak of the rest."""
    behind = _order(_opened(given["Marker"])) if "Marker" in given else None
    ordered = sorted(((_order(key(item)), item) for item in items), key=lambda pair: pair[0])
    left = [pair for pair in ordered if behind is None or pair[0] > behind]
    sent = left[: given.get("MaxItems", DEFAULT)]
    if len(sent) == len(left):
        return [item for _, item in sent], {"IsTruncated": False}
    marker = urlsafe_b64encode(_SEAL + sent[-1][0][1].encode()).decode()
    return [item for _, item in sent], {"IsTruncated": True, "Marker": marker}


def _order(key: str) -> tuple[str, str]:
    return key.lower(), key


def _opened(marker: str) -> str:
    try:
        opened = urlsafe_b64decode(marker.encode("ascii"))
        if opened.startswith(_SEAL):
            return opened.removeprefix(_SEAL).decode()
    except (Error, UnicodeError, ValueError):
        pass
    raise validation("Invalid Marker.")
