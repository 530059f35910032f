"""Numeric operators (R114), in decimal so that 0.1 is 0.1."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

__all__ = ["number"]

_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?")


def number(text: str) -> Decimal | None:
    """The number a text writes, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None
