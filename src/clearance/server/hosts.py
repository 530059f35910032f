"""Which Host and Origin our own pages answer to.

AWS calls need no such check: their signature covers the host, and a web page has no keys. Our own
pages need one, for a page of somebody else can point a name of its own at 127.0.0.1 (DNS
rebinding) and read what is answered. There are no CORS headers but those of function URLs.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

__all__ = ["is_ours"]


def is_ours(host: str | None, origin: str | None) -> bool:
    """True for a request to an address, or to ``localhost``, that no other site has made.

    >>> is_ours("127.0.0.1:4599", None), is_ours("evil.example:4599", None)
    (True, False)
    >>> is_ours("localhost", "http://localhost"), is_ours("localhost", "https://evil.example")
    (True, False)
    """
    if not host or not _is_address(_name(host)):
        return False
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
