"""Which extra brings which package, for those who installed too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["EXTRAS", "hint"]

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "serve": (
        "awslambdaric", "boto3", "cryptography", "httptools", "jwt", "nicegui", "signxml",
        "uvicorn", "uvloop", "websockets",
    ),
    "services": ("moto",),
    "logs": ("isal", "numpy", "pyarrow"),
    "mcp": ("mcp",),
}  # fmt: skip


def hint(module: str) -> str | None:
    """What to install for a module that is not there; None for what no extra brings.

    >>> hint("uvicorn.config")
    "`uvicorn` is not installed; run `pip install 'clearance[serve]'`"
    """
    package = module.partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return f"`{package}` is not installed; run `pip install 'clearance[{extra}]'`"
    return None
