"""What commands are given: estates, policy files, context keys."""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearance.model.errors import EstateError, PolicyError, RequestError, UsageError

if TYPE_CHECKING:
    from clearance.model.estate import Estate
    from clearance.model.policy import AttachedPolicy, PolicyType
    from clearance.model.principal import Principal
    from clearance.model.request import Context

__all__ = [
    "ESTATE_HELP",
    "chosen_estate",
    "context_of",
    "default_estate",
    "estate_at",
    "estate_of_environment",
    "near_path",
    "one_of",
    "policies_at",
    "policy_of",
    "principal_of",
    "read_text",
]

UNKNOWN: Final = "?"
_LOOKED_AT: Final = 1000  # files beside one that is not there
VARIABLE: Final = "CLEARANCE_ESTATE"
HERE: Final = Path(".clearance")  # where `clearance serve` keeps its data
ESTATE_HELP: Final = (
    "The estate: a file, a snapshot folder, or --data.  "
    "[default: CLEARANCE_ESTATE, else .clearance]"
)


def read_text(path: Path) -> str:
    """A file's text, or a sentence about why there is none."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"`{path}` does not exist{near_path(path)}") from None
    except IsADirectoryError:
        raise UsageError(f"`{path}` is a folder; give a file") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"`{path}` is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from None


def estate_at(path: Path) -> Estate:
    """The estate in a file or folder."""
    from clearance import wiring

    if not path.exists():
        hint = near_path(path) or "; give an estate file or folder"
        raise EstateError(f"`{path}` does not exist{hint}")
    return wiring.load_estate(path)


def estate_of_environment() -> Path | None:
    """The estate that CLEARANCE_ESTATE names."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def default_estate() -> Path | None:
    """The estate where none is named: that of CLEARANCE_ESTATE, else the store in `.clearance`."""
    from clearance.store import DATABASE_FILE

    return estate_of_environment() or (HERE if (HERE / DATABASE_FILE).exists() else None)


def chosen_estate(named: Path | None) -> Estate:
    """The estate that was named, or the one there is without."""
    path = named or default_estate()
    if path is None:
        raise UsageError(f"name the estate: --estate PATH, or {VARIABLE} in the environment")
    return estate_at(path)


def principal_of(text: str, estate: Estate | None) -> Principal:
    """Who a text names: an ARN or the like; in an estate also a name, `user/ana` or `role/app`."""
    from clearance.decide.identify import identify

    kind, slash, name = text.rpartition("/")
    if estate is None or text.startswith("arn:") or (slash and kind not in {"user", "role"}):
        return identify(text, estate)
    names = _names(estate)
    found = [
        arn for each, arn in names if each == text or (not slash and each.partition("/")[2] == name)
    ]
    if len(found) == 1:
        return identify(found[0], estate)
    if found:
        raise UsageError(f"`{text}` is {len(found)} principals; write one of {', '.join(found)}")
    try:
        return identify(text, estate)  # a service, an account, `anonymous`
    except RequestError:
        known = [each for each, _ in names] + [each.partition("/")[2] for each, _ in names]
        near = get_close_matches(text, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "write an ARN, `user/NAME` or `role/NAME`"
        raise UsageError(f"the estate has no `{text}`; {hint}") from None


def _names(estate: Estate) -> list[tuple[str, str]]:
    """`user/NAME` and `role/NAME` of everybody, with their ARNs."""
    accounts = estate.accounts.values()
    users = [(f"user/{name}", a.user_arn(user)) for a in accounts for name, user in a.users.items()]
    roles = [(f"role/{name}", a.role_arn(role)) for a in accounts for name, role in a.roles.items()]
    return users + roles


def one_of(text: str, known: Iterable[str], noun: str) -> str:
    """The text, if it is known; else an error that says what may have been meant."""
    words = list(known)
    if text in words:
        return text
    near = get_close_matches(text, words, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"use one of {', '.join(words)}"
    raise UsageError(f"`{text}` is not a {noun}; {hint}")


def near_path(path: Path) -> str:
    """`; did you mean …?` for a path that is not there, if something like it is."""
    try:
        names = [each.name for each in islice(path.parent.iterdir(), _LOOKED_AT)]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f"; did you mean `{path.parent / near[0]}`?" if near else ""


def policies_at(paths: Iterable[Path], kind: PolicyType) -> tuple[AttachedPolicy, ...]:
    """Policies from files; one that cannot be read stops the command."""
    return tuple(policy_of(read_text(path), kind, str(path)) for path in paths)


def policy_of(text: str, kind: PolicyType, name: str) -> AttachedPolicy:
    """A policy from its text; what is wrong with it is said with its name."""
    from clearance.decide.attach import attach
    from clearance.parse.document import parse_policy

    try:
        parse_policy(text, kind, strict=False)
    except PolicyError as error:
        problem = f"{name}: {error.problem}"
        raise PolicyError(problem, error.span, error.path, error.excerpt) from None
    return attach(text, kind, name)


def context_of(
    entries: Iterable[str], *, absent: Iterable[str] = (), unknown: Iterable[str] = ()
) -> Context:
    """Context keys from ``key=value``; a key given twice has two values, ``key=?`` is unknown."""
    from clearance.model.request import Context

    values: dict[str, list[str]] = {}
    asked = list(unknown)
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not equals or ":" not in key:
            raise UsageError(f"`{entry}` is not a context key; write `prefix:name=value`")
        if value == UNKNOWN:
            asked.append(key)
        else:
            values.setdefault(key, []).append(value)
    plain = {key: found[0] if len(found) == 1 else found for key, found in values.items()}
    return Context.of(plain, absent=absent, unknown=asked)
