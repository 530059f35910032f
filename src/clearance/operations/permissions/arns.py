"""ARN templates of the service authorization reference: filling them, and telling what fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from clearance.model.catalog import ActionFacts, ResourceType, ServiceFacts

__all__ = ["fill", "fits", "resource_fits", "templates", "variables"]

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_PLAIN: Final = frozenset({"Partition", "Region", "Account"})
_MOST: Final = 2048  # no ARN is longer


@lru_cache(maxsize=4096)
def templates(arn: str) -> tuple[str, ...]:
    """The ARN templates of a resource type; a few have several, parted by commas."""
    return tuple(part.strip() for part in arn.split(",") if part.strip())


def variables(template: str) -> tuple[str, ...]:
    """The variables of a template besides partition, Region and account."""
    return tuple(name for name in _VARIABLE.findall(template) if name not in _PLAIN)


def fill(template: str, value: Callable[[str], str | None]) -> str | None:
    """The template with its variables replaced; None when one has no value."""
    missing = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal missing
        text = value(found[1])
        missing = missing or text is None
        return text or ""

    filled = _VARIABLE.sub(replaced, template)
    return None if missing else filled


def fits(template: str, arn: str) -> bool:
    """True when an ARN may be one of the template's.

    A variable stands for one or more characters; only the last may hold a ``/`` or ``:``, as
    object keys and paths of IAM do.

    >>> fits("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::photos")
    True
    >>> fits("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::photos/a.jpg")
    False
    """
    return len(arn) <= _MOST and _pattern(template).fullmatch(arn) is not None


@lru_cache(maxsize=8192)
def _pattern(template: str) -> re.Pattern[str]:
    """A pattern from AWS's template, never from user text.

    Each variable but the last is kept from its own delimiters, so that matching cannot backtrack
    far.
    """
    pieces = _VARIABLE.split(template)
    texts, names = pieces[::2], pieces[1::2]
    parts = [re.escape(texts[0])]
    for at, (name, text) in enumerate(zip(names, texts[1:], strict=True)):
        if name in _PLAIN:
            parts.append("[^:/]*")
        elif at == len(names) - 1 and _holds_slashes(template, name):
            parts.append(r"[^\n]+")
        else:
            parts.append("[^:/]+")
        parts.append(re.escape(text))
    return re.compile("".join(parts))


def _holds_slashes(template: str, name: str) -> bool:
    return (
        name.endswith(("WithPath", "ObjectName", "ObjectKey", "Path", "ParameterName"))
        or "parameter" in template.rpartition("${")[0].rpartition(":")[2]
        or name in {"ParameterNameWithoutLeadingSlash", "SecretId", "LogGroupName", "Alias"}
        or name in {"LogStreamName", "RepositoryName", "OidcProviderName", "EntityPath"}
    )


def resource_fits(service: ServiceFacts, action: ActionFacts, arn: str) -> tuple[str, ...]:
    """The resource types of an action that an ARN can be; none means it can never match.

    ``*`` in the ARN is not a wildcard here: ask about a real ARN.
    """
    found = (service.resource_types.get(name.lower()) for name in action.resources)
    return tuple(kind.name for kind in found if kind and any(_each(kind, arn)))


def _each(kind: ResourceType, arn: str) -> Iterable[bool]:
    return (fits(template, arn) for template in templates(kind.arn))
