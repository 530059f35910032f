"""Bool and BinaryEquals (R116)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Final

from clearance.match.operators.mismatch import PolicyValueError, RequestValueError
from clearance.match.operators.strings import literal
from clearance.model.glob import Token

__all__ = ["same_bytes", "same_truth"]

TRUTHS: Final = frozenset({"true", "false"})


def same_truth(actual: str, wanted: Sequence[Token]) -> bool:
    """``Bool``. Letter case is not documented; it is ignored."""
    text = literal(wanted).lower()
    if text not in TRUTHS:
        raise PolicyValueError(f"`{text}` is neither `true` nor `false`")
    return actual.lower() == text


def same_bytes(actual: str, wanted: Sequence[Token]) -> bool:
    """``BinaryEquals``: the bytes that base64 writes."""
    text = literal(wanted)
    right = _bytes(text)
    if right is None:
        raise PolicyValueError(f"`{text}` is not base64")
    left = _bytes(actual)
    if left is None:
        raise RequestValueError(f"`{actual}` is not base64")
    return left == right


def _bytes(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None
