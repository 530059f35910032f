"""What each answer of the console tells the browser to refuse.

The framework compiles templates in the browser, which takes ``'unsafe-eval'``, and makes styles
there, which takes ``'unsafe-inline'`` for styles. Scripts run only with the nonce of their page or
from the folders of the framework and of the console: not from elsewhere at this address, where
buckets and function URLs answer with what others wrote.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

__all__ = ["SANDBOX", "console", "fresh_nonce", "guarded", "of_page", "strict"]

Header = tuple[bytes, bytes]

# For what the endpoint itself answers when a browser shows it as a page: it shares the console's
# origin, and a bucket's page must not read the console with its reader's cookie.
SANDBOX: Final[Header] = (b"content-security-policy", b"sandbox allow-forms allow-scripts")

_ALWAYS: Final[tuple[Header, ...]] = (
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_NO_STORE: Final[Header] = (b"cache-control", b"no-store")
_OURS: Final = frozenset({name for name, _ in _ALWAYS} | {b"content-security-policy", b"server"})


def fresh_nonce() -> str:
    """A word no page can guess."""
    return secrets.token_urlsafe(18)


def strict(host: str) -> str:
    """The policy of the pages that are only ours: signing in, texts, assets."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_folders(host, 'assets')}",
            f"style-src {_folders(host, 'assets')}",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def console(host: str, nonce: str) -> str:
    """The policy of a page of the console; ``host`` was checked to be an address or localhost."""
    files = _folders(host, "_nicegui", "assets")
    live = "" if host.startswith("[") else f" ws://{host}/_clearance/_nicegui_ws/"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}' 'unsafe-eval' {files}",
            f"style-src 'unsafe-inline' {files}",
            f"font-src {files}",
            "img-src 'self' data: blob:",
            f"connect-src 'self'{live}",
            "base-uri 'none'",
            f"form-action {_folders(host, '')}",
            "frame-ancestors 'none'",
        )
    )


def _folders(host: str, *names: str) -> str:
    """Folders of the console; a policy has no way to write an IPv6 address, so all of it there."""
    if host.startswith(("[", "'")):
        return "'self'"
    return " ".join(f"{host}/_clearance/{name}/".replace("//", "/") for name in names)


def of_page(policy: str) -> tuple[Header, ...]:
    """The headers of an answer that is nobody else's business."""
    return (*_ALWAYS, _NO_STORE, (b"content-security-policy", policy.encode()))


def guarded(given: Iterable[Header], policy: str) -> list[Header]:
    """An answer's own headers with ours; only the framework's versioned files may be kept."""
    kept = [(k, v) for k, v in given if k.lower() not in _OURS]
    cached = any(k.lower() == b"cache-control" and b"immutable" in v for k, v in kept)
    if not cached:
        kept = [(k, v) for k, v in kept if k.lower() != b"cache-control"] + [_NO_STORE]
    return [*kept, *_ALWAYS, (b"content-security-policy", policy.encode())]
