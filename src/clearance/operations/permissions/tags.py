"""Condition keys from the tags in a request (R142)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from clearance.operations.permissions.ask import Ask
from clearance.operations.permissions.permission import Value

__all__ = ["of", "removed", "request_tags", "tag_context", "tag_keys"]

_TAGS: Final = ("Tags", "tags", "TagList", "TagsList", "tagsList", "Tagging", "TagSet", "tagList")
_KEYS: Final = ("TagKeys", "tagKeys", "TagKeyList", "tagKeyList")
_MEMBERS: Final = frozenset({*_TAGS, *_KEYS, "TagSpecifications"})
# A call that may meet an existing resource is not listed: its aws:ResourceTag is what is there.
_CREATE: Final = (
    "Create", "Run", "Allocate", "Import", "Register", "Request", "Copy", "Restore", "Upload",
    "Replicate", "Invite",
)  # fmt: skip


def request_tags(ask: Ask) -> Mapping[str, str]:
    """The tags that are passed in the request, in whatever shape the service takes them."""
    for name in _TAGS:
        found = _read(ask.given.get(name))
        if found:
            return found
    return {
        key: value
        for item in ask.items("TagSpecifications")
        for key, value in _read(item.get("Tags")).items()
    }


def tag_keys(ask: Ask) -> tuple[str, ...]:
    """The keys of tags to be removed."""
    return ask.texts(*_KEYS)


def tag_context(tags: Mapping[str, str], *, created: bool) -> Mapping[str, Value]:
    """``aws:RequestTag``, ``aws:TagKeys`` and, on creation, ``aws:ResourceTag``."""
    if not tags:
        return {}
    found: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    found["aws:TagKeys"] = tuple(tags)
    if created:
        # "This key is included ... in requests that create a resource with tags" (IAM User
        # Guide, reference_policies_condition-keys, aws:ResourceTag).
        found |= {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    return found


def removed(ask: Ask) -> Mapping[str, Value]:
    """``aws:TagKeys`` of a request that takes tags away."""
    keys = tag_keys(ask)
    return {"aws:TagKeys": keys} if keys else {}


def of(ask: Ask) -> Mapping[str, Value]:
    """All tag keys of a request."""
    if _MEMBERS.isdisjoint(ask.given):
        return {}
    tags = request_tags(ask)
    if tags:
        return tag_context(tags, created=_creates(ask.operation))
    return removed(ask)


def _creates(operation: str) -> bool:
    # CreateTags and its like tag what exists.
    return operation.startswith(_CREATE) and "Tags" not in operation


def _read(given: Any) -> Mapping[str, str]:  # noqa: ANN401
    if isinstance(given, str):  # S3 sends tags as a query string
        return dict(parse_qsl(given, keep_blank_values=True))
    if isinstance(given, Mapping):
        for inner in ("TagSet", "Items", "Tags"):
            if isinstance(given.get(inner), list | tuple):
                return _read(given[inner])
        return {str(k): str(v) for k, v in given.items() if isinstance(v, str)}
    if isinstance(given, list | tuple):
        pairs = (_pair(item) for item in given if isinstance(item, Mapping))
        return {pair[0]: pair[1] for pair in pairs if pair}
    return {}


def _pair(item: Mapping[str, Any]) -> tuple[str, str] | None:
    folded = {str(name).lower(): value for name, value in item.items()}
    key = folded.get("key", folded.get("tagkey"))
    value = folded.get("value", folded.get("tagvalue"))
    return (str(key), "" if value is None else str(value)) if key is not None else None
