"""Which context keys the policies of some estates speak of; the others cannot change a decision."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace

from clearance.model.estate import Account, Estate, Role, User

__all__ = ["Spoken", "has_grants", "in_force", "texts_of", "unescaped"]


class Spoken:
    """The keys that policies test or put into patterns; too many rather than too few.

    Every text of the estates is searched, so that no kind of policy can be forgotten; only managed
    policies that nobody has are left out.

    >>> "aws:SourceIp" in Spoken(Estate())
    False
    """

    __slots__ = ("_known", "_text")

    def __init__(self, *estates: Estate) -> None:
        texts = {text for estate in estates for text in texts_of(in_force(estate))}
        self._text = "\n".join(part for text in texts for part in unescaped(text)).lower()
        self._known: dict[str, bool] = {}

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = key.lower() in self._text
        return found


def in_force(estate: Estate) -> Estate:
    """The estate without the managed policies that are attached to nobody and bound nobody.

    For callers without session policies: what logs tell of a session holds none.
    """
    held = {arn for account in estate.accounts.values() for arn in _attached(account)}
    managed = {arn: estate.managed[arn] for arn in held if arn in estate.managed}
    accounts = {
        number: replace(account, policies={a: p for a, p in account.policies.items() if a in held})
        for number, account in estate.accounts.items()
    }
    return replace(estate, accounts=accounts, managed=managed)


def _attached(account: Account) -> Iterator[str]:
    for group in account.groups.values():
        yield from group.attached
    holders: list[User | Role] = [*account.users.values(), *account.roles.values()]
    for holder in holders:
        yield from holder.attached
        if holder.boundary is not None:
            yield holder.boundary


def has_grants(estate: Estate) -> bool:
    """True when some KMS key has grants, which name single callers (R100)."""
    return any(r.grants for a in estate.accounts.values() for r in a.resources.values())


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value that could name a context key."""
    if isinstance(value, str):
        if ":" in value:
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from texts_of(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))


def unescaped(text: str) -> Iterator[str]:
    """The strings of a JSON text, escapes undone and doubled names kept; else the text."""
    if text.lstrip().startswith("{"):
        try:
            yield from _strings(json.loads(text, object_pairs_hook=list))
        except (ValueError, RecursionError):
            yield text
    else:
        yield text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)
