"""What the shell offers on Tab: actions, and the principals and resources of the estate named.

Nothing is printed but words: a line that cannot be completed is the user's to finish.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterator, MutableMapping
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import typer

from clearance.cli import inputs

if TYPE_CHECKING:
    from clearance.model.estate import Estate

__all__ = [
    "VARIABLE",
    "actions",
    "in_bash",
    "policy_types",
    "principals",
    "resources",
    "services",
]

VARIABLE: Final = "_CLEARANCE_COMPLETE"  # set by the scripts of --install-completion
MOST: Final = 500
Given = ParamSpec("Given")


def _quietly(offer: Callable[Given, Iterator[str]]) -> Callable[Given, list[str]]:
    """As much as can be offered; an error offers nothing."""

    @wraps(offer)
    def offered(*args: Given.args, **kwargs: Given.kwargs) -> list[str]:
        found: list[str] = []
        with contextlib.suppress(Exception):
            found.extend(islice(offer(*args, **kwargs), MOST))
        return found

    return offered


@_quietly
def actions(incomplete: str) -> Iterator[str]:
    """Actions, in whatever case they were begun; service prefixes before the colon."""
    from clearance import wiring

    catalog = wiring.catalog()
    prefix, colon, _ = incomplete.lower().partition(":")
    near = [name for name in catalog.prefixes if name.startswith(prefix)]
    if not colon and len(near) > 1:
        yield from (f"{name}:" for name in near)
        return
    facts = catalog.service(prefix if colon else near[0])
    for action in facts.actions.values() if facts else ():
        whole = f"{facts.prefix}:{action.name}" if facts else ""
        if whole.lower().startswith(incomplete.lower()):
            yield incomplete + whole[len(incomplete) :]


@_quietly
def services(incomplete: str) -> Iterator[str]:
    """Service prefixes."""
    from clearance import wiring

    yield from (name for name in wiring.catalog().prefixes if name.startswith(incomplete))


@_quietly
def principals(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Users, roles and roots of the estate that stands earlier in the line."""
    for account in _estate(ctx).accounts.values():
        arns = (
            f"arn:aws:iam::{account.id}:root",
            *(account.user_arn(user) for user in account.users.values()),
            *(account.role_arn(role) for role in account.roles.values()),
        )
        yield from (arn for arn in arns if arn.startswith(incomplete))


@_quietly
def resources(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Functions and other resources of the estate that stands earlier in the line."""
    for account in _estate(ctx).accounts.values():
        arns = (*(each.arn(account.id) for each in account.functions.values()), *account.resources)
        yield from (arn for arn in arns if arn.startswith(incomplete))


@_quietly
def policy_types(incomplete: str) -> Iterator[str]:
    """What kinds of policies there are."""
    from clearance.validate.suppress import KINDS

    yield from (name for name in KINDS if name.startswith(incomplete))


def _estate(ctx: typer.Context) -> Estate:
    from clearance import wiring
    from clearance.model.estate import Estate

    path = ctx.params.get("estate") or inputs.default_estate()
    return wiring.load_estate(Path(path)) if path else Estate()


def in_bash(complete: Callable[[], Any], environment: MutableMapping[str, str]) -> None:
    """Complete in bash, which takes colons for the ends of words: `s3:Get` comes as three words.

    They are put together again, and of what is offered bash wants only what follows the last one.
    """
    words, place = _joined(environment.get("COMP_WORDS", ""), environment.get("COMP_CWORD", "0"))
    environment["COMP_WORDS"], environment["COMP_CWORD"] = "\n".join(words), str(place)
    current = words[place] if place < len(words) else ""
    known = current[: current.rfind(":") + 1]
    offered = io.StringIO()
    try:
        with contextlib.redirect_stdout(offered):
            complete()
    finally:
        for line in offered.getvalue().splitlines():
            sys.stdout.write(f"{line.removeprefix(known)}\n")


def _joined(line: str, place: str) -> tuple[list[str], int]:
    """Words as they were typed, up to the one that is being typed, and its place."""
    pieces = line.split("\n")[: (int(place) if place.isdecimal() else 0) + 1]
    words: list[str] = []
    glue = False
    for piece in pieces:
        colons = re.fullmatch(":+", piece) is not None
        if words[1:] and (colons or glue):
            words[-1] += piece
        else:
            words.append(piece)
        glue = colons
    return words, max(len(words) - 1, 0)
