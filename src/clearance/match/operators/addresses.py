"""IpAddress: CIDR ranges, IPv4 and IPv6 (R117)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from clearance.match.operators.mismatch import PolicyValueError
from clearance.match.operators.strings import literal
from clearance.model.glob import Token

__all__ = ["address", "fits", "network"]


@lru_cache(maxsize=65536)
def network(text: str) -> IPv4Network | IPv6Network | None:
    """A range; without a prefix one address, host bits are dropped. None when it is none."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, or None: AWS services put names in place of addresses."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def fits(actual: str, wanted: Sequence[Token]) -> bool:
    """``IpAddress``; a range of one version never holds an address of the other."""
    text = literal(wanted)
    block = network(text)
    if block is None:
        raise PolicyValueError(f"`{text}` is not an IP address or CIDR range")
    caller = address(actual)
    return caller is not None and caller.version == block.version and caller in block
