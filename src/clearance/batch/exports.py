"""Rows of tables as records: CloudTrail Lake and Athena, in Parquet or CSV.

Athena folds names to lower case, Lake does not; structures come as such, as JSON, or in CSV as
Presto prints them: ``{type=IAMUser, principalid=AIDA…, arn=…}``.
https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

__all__ = ["csv_rows", "spelled"]

# The nested members that are read, by their folded names.
_MEMBERS: Final = {
    name.lower(): name
    for name in (
        "type", "principalId", "arn", "accountId", "accessKeyId", "userName", "invokedBy",
        "identityProvider", "sessionContext", "sessionIssuer", "attributes", "mfaAuthenticated",
        "creationDate", "webIdFederationData", "federatedProvider", "sourceIdentity", "assumedRoot",
        "tlsVersion", "cipherSuite", "clientProvidedHostHeader", "onBehalfOf", "credentialId",
        "inScopeOf", "ec2RoleDelivery", "delegatedIdentity", "userId", "identityStoreArn",
    )
}  # fmt: skip
_STRUCTURES: Final = frozenset({"userIdentity", "tlsDetails", "resources"})
# A value may hold commas and equal signs: a member begins where a known name stands.
_MEMBER: Final = re.compile(
    r"(?:^|(?<=, )|(?<=[{\[]))(" + "|".join(_MEMBERS) + r")=", re.IGNORECASE
)
_EMPTY: Final = frozenset({"", "null"})
_LONGEST: Final = 262_144
_DEEPEST: Final = 6
csv.field_size_limit(_LONGEST * 8)


def spelled(name: str, value: object) -> object:
    """A cell of a column as CloudTrail writes it; ``name`` as in a record."""
    if isinstance(value, str):
        value = _json(value) if value[:1] in {"{", "["} else None
    return _named(value) if name in _STRUCTURES else value


def _json(text: str) -> object:
    try:
        found: object = msgspec.json.decode(text)
    except ValueError:
        return _printed(text)
    return found


def _named(value: object, depth: int = 0) -> object:
    """Members under CloudTrail's names, whatever case they came in."""
    if isinstance(value, list) and depth < _DEEPEST:
        return [_named(each, depth + 1) for each in value]
    if isinstance(value, Mapping) and depth < _DEEPEST:
        found = {_MEMBERS.get(k.lower(), k): _named(v, depth + 1) for k, v in value.items()}
        return {name: each for name, each in found.items() if each is not None}
    return value


def _printed(text: str, depth: int = 0) -> object:
    """A structure as Presto prints it; None for what cannot be read."""
    if len(text) > _LONGEST or depth > _DEEPEST:
        return None
    if text.startswith("[{") and text.endswith("}]"):
        return [_printed(f"{{{part}}}", depth + 1) for part in text[2:-2].split("}, {")]
    if not (text.startswith("{") and text.endswith("}")):
        return None
    inner = text[1:-1]
    members = list(_top(inner))
    if not members:
        return None
    found: dict[str, object] = {}
    for (name, begin, _), after in zip(members, [*members[1:], None], strict=True):
        end = len(inner) if after is None else after[2] - 2
        value = inner[begin:end]
        if value.startswith("{"):
            found[name] = _printed(value, depth + 1)
        else:
            found[name] = None if value == "null" else value
    return found


def _top(inner: str) -> Iterator[tuple[str, int, int]]:
    """The members of the outer level: name, where its value begins, where the name does."""
    depth = at = 0
    for found in _MEMBER.finditer(inner):
        depth += inner.count("{", at, found.start()) - inner.count("}", at, found.start())
        at = found.start()
        if depth == 0:
            yield _MEMBERS[found[1].lower()], found.end(), found.start()


def csv_rows(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of an export; empty cells are not there.

    Raises:
        ValueError: it is not the export of a table of CloudTrail.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        names = {name.lower() for name in reader.fieldnames or ()}
        if not {"eventname", "eventsource"} <= names:
            raise ValueError("it has no columns eventName and eventSource")
        for row in reader:
            yield {
                n: v for n, v in row.items() if isinstance(v, str) and v not in {"", "null"} and n
            }
    except csv.Error as error:
        raise ValueError(f"it is not CSV: {error}") from None
