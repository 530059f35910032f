"""What commands are given: estates, policy files, context keys."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearance.model.errors import EstateError, PolicyError, UsageError

if TYPE_CHECKING:
    from clearance.model.estate import Estate
    from clearance.model.policy import AttachedPolicy, PolicyType
    from clearance.model.request import Context

__all__ = ["context_of", "estate_at", "policies_at", "policy_of", "read_text"]

UNKNOWN: Final = "?"


def read_text(path: Path) -> str:
    """A file's text, or a sentence about why there is none."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"`{path}` does not exist") from None
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
        raise EstateError(f"`{path}` does not exist; give an estate file or folder")
    return wiring.load_estate(path)


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
