"""Lists in parts: a token names the key of the last item sent, so it survives changes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from clearance.operations.fault import OperationError

__all__ = ["page"]

T = TypeVar("T")
_SEAL: Final = b"\x02"


def page(
    items: Iterable[T],
    key: Callable[[T], str],
    *,
    token: str | None,
    size: int,
    refusal: OperationError,
) -> tuple[list[T], str | None]:
    """The items behind the token in the order of their keys, and the next token if there are more.

    Raises:
        OperationError: ``refusal``, when the token was not made here.
    """
    behind = _opened(token, refusal) if token else None
    left = sorted((item for item in items if behind is None or key(item) > behind), key=key)
    sent = left[:size]
    if len(sent) == len(left):
        return sent, None
    return sent, urlsafe_b64encode(_SEAL + key(sent[-1]).encode()).decode()


def _opened(token: str, refusal: OperationError) -> str:
    try:
        opened = urlsafe_b64decode(token.encode("ascii"))
        if opened.startswith(_SEAL):
            return opened.removeprefix(_SEAL).decode()
    except (Error, UnicodeError, ValueError):
        pass
    raise refusal
