"""AWS facts as values: actions, resource types, condition keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["ActionFacts", "Catalog", "ResourceType", "ServiceFacts"]

_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource: its ARN template (``arn:${Partition}:…``) and condition keys."""

    name: str
    arn: str
    condition_keys: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """The ARN with a star in place of each part that varies.

        >>> ResourceType("bucket", "arn:${Partition}:s3:::${BucketName}").pattern
        'arn:*:s3:::*'
        """
        return _PLACEHOLDER.sub("*", self.arn)


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """One action; ``resources`` maps resource type names to whether each is required."""

    name: str
    access_level: str
    resources: Mapping[str, bool] = field(default_factory=dict)
    condition_keys: tuple[str, ...] = ()
    resource_condition_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dependent_actions: tuple[str, ...] = ()
    description: str = ""
    permission_only: bool = False


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One service prefix; tables are keyed by lower-case name."""

    prefix: str
    name: str
    actions: Mapping[str, ActionFacts]
    resource_types: Mapping[str, ResourceType]
    condition_keys: Mapping[str, str]  # key as documented -> type, e.g. ArrayOfString


@dataclass(frozen=True, slots=True)
class Catalog:
    """Facts loaded on demand: ``load`` is asked once a service prefix and answers or says None."""

    prefixes: tuple[str, ...]
    load: Callable[[str], ServiceFacts | None]
    version: str = ""

    def service(self, prefix: str) -> ServiceFacts | None:
        """What is known of a service prefix (lower case)."""
        return self.load(prefix.lower())

    def action(self, action: str) -> ActionFacts | None:
        """What is known of ``service:Action``, in any letter case."""
        prefix, _, name = action.partition(":")
        facts = self.service(prefix)
        return facts.actions.get(name.lower()) if facts else None

    def multivalued(self, key: str) -> bool | None:
        """Whether a condition key (lower case) holds several values; None for an unknown key."""
        facts = self.service(key.partition(":")[0])
        for name, kind in (facts.condition_keys if facts else {}).items():
            if name.lower() == key:
                return kind.startswith("ArrayOf")
        return None

    def services(self) -> Iterable[ServiceFacts]:
        """Every service; loads them all."""
        return (facts for prefix in self.prefixes if (facts := self.load(prefix)))
