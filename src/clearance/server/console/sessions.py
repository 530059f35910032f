"""Who is in: a token for each start of the endpoint, and the cookies that were given for it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Final

__all__ = ["COOKIE", "Sessions"]

COOKIE: Final = "clearance_console"
LIFETIME: Final = timedelta(hours=12)
MOST: Final = 64  # browsers that are signed in at once; the oldest makes room
_ATTRIBUTES: Final = "; Path=/_clearance/; HttpOnly; SameSite=Strict"


class Sessions:
    """The signed-in browsers of one running endpoint; nothing of this is written down."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.token: Final = secrets.token_urlsafe(32)
        self._now = now
        self._begun: dict[str, datetime] = {}

    def begin(self, token: str) -> tuple[bytes, bytes] | None:
        """The header that signs a browser in, or None when the token is not ours."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        while len(self._begun) >= MOST:
            del self._begun[next(iter(self._begun))]
        made = secrets.token_urlsafe(32)
        self._begun[made] = self._now()
        return b"set-cookie", f"{COOKIE}={made}{_ATTRIBUTES}".encode()

    def knows(self, cookie: str | None) -> bool:
        """True when the Cookie header holds a session that has not ended."""
        begun = self._begun.get(_value(cookie))
        return begun is not None and self._now() - begun < LIFETIME

    def end(self, cookie: str | None) -> None:
        """Sign a browser out."""
        self._begun.pop(_value(cookie), None)

    @property
    def forget(self) -> tuple[bytes, bytes]:
        """The header that takes the cookie away."""
        return b"set-cookie", f"{COOKIE}=; Max-Age=0{_ATTRIBUTES}".encode()


def _value(cookie: str | None) -> str:
    try:
        found = SimpleCookie(cookie or "").get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
