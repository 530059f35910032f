"""What a page is: its place in the navigation and the function that builds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from clearance.server.console.acting import Acting
from clearance.server.console.view import View

__all__ = ["Build", "Desk", "Page"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page works with: ``view`` to look, ``acting`` to change.

    ``asked`` are the parameters of its URL and ``query`` all of them as they were written,
    ``source_ip`` is where its reader sits.
    """

    view: View
    acting: Acting
    asked: Mapping[str, str]
    query: str
    source_ip: str


Build: TypeAlias = Callable[[Desk], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: ``name`` is its path, ``icon`` a Material icon, ``about`` one line for its head."""

    name: str
    title: str
    icon: str
    about: str
    build: Build
