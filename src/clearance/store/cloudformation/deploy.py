"""Deploy: what a handler of a resource type may ask of a template."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from clearance.store.cloudformation.resolve import NO_VALUE, Made, Resolver, Unresolved
from clearance.store.cloudformation.template import Place
from clearance.store.draft import Draft

__all__ = ["Deploy", "Handler", "Kind"]

Handler = Callable[["Deploy", Made], None]
_STATEMENT: Final = "Statement"


@dataclass(frozen=True, slots=True)
class Kind:
    """What to do with a type; ``order`` is 0 for what stands by itself, 1 for what hangs on it."""

    put: Handler
    order: int = 0


class Deploy:
    """A template's values, and the draft they are written into."""

    def __init__(self, resolver: Resolver, draft: Draft) -> None:
        self.resolver = resolver
        self.draft = draft
        self.account = resolver.settings.account
        self.region = resolver.settings.region
        self.partition = resolver.settings.partition

    def note(self, error: Unresolved, what: str = "") -> None:
        """Remember a value that only deployment will tell."""
        where = self.resolver.template.where(error.place)
        self.draft.note(f"{what}{error.reason}, {where}" if where else f"{what}{error.reason}")

    def place(self, made: Made, name: str) -> Place:
        """Where a property stands."""
        return (*made.place, "Properties", name)

    def value(self, made: Made, name: str) -> Any:  # noqa: ANN401 - any JSON
        """A property, None if it is absent; noted and None if only deployment will tell."""
        if name not in made.properties:
            return None
        try:
            found = self.resolver.value(made.properties[name], self.place(made, name))
        except Unresolved as error:
            self.note(error)
            return None
        return None if found is NO_VALUE else found

    def is_unknown(self, made: Made, name: str) -> bool:
        """True when the property is there but only deployment will tell it."""
        if name not in made.properties:
            return False
        try:
            self.resolver.value(made.properties[name], self.place(made, name))
        except Unresolved:
            return True
        return False

    def text(self, made: Made, name: str) -> str | None:
        """A property that is a text."""
        found = self.value(made, name)
        if isinstance(found, bool) or found is None:
            return None if found is None else str(found).lower()
        return str(found) if isinstance(found, str | int | float) else None

    def number(self, made: Made, name: str, default: int) -> int:
        """A property that is a number."""
        found = self.value(made, name)
        if isinstance(found, str) and found.isdecimal():
            return int(found)
        return found if isinstance(found, int) and not isinstance(found, bool) else default

    def texts(self, made: Made, name: str) -> tuple[str, ...]:
        """A property that is a list of texts; items that only deployment will tell are noted."""
        return tuple(found for _, found in self.listed(made, name) if isinstance(found, str))

    def listed(self, made: Made, name: str) -> Iterator[tuple[Place, Any]]:
        """The items of a list, one by one, so that one unknown does not hide the others."""
        for place, raw in self.items(made.properties.get(name), self.place(made, name)):
            try:
                found = self.resolver.value(raw, place)
            except Unresolved as error:
                self.note(error)
                continue
            for item in found if isinstance(found, list) else [found]:
                if item is not NO_VALUE:
                    yield place, item

    def items(self, raw: Any, place: Place) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401
        """The items of a list as they are written; branches of ``Fn::If`` are chosen."""
        try:
            raw, place = self.resolver.chosen(raw, place)
            if raw is None or raw is NO_VALUE:
                return
            if not isinstance(raw, list):
                yield place, raw
                return
            for number, item in enumerate(raw):
                chosen, here = self.resolver.chosen(item, (*place, number))
                if chosen is not NO_VALUE:
                    yield here, chosen
        except Unresolved as error:
            self.note(error)

    def document(self, made: Made, name: str) -> str | None:
        """A policy in a property; its statements are read one by one."""
        if name not in made.properties:
            return None
        return self.policy(made.properties[name], self.place(made, name))

    def policy(self, raw: Any, place: Place) -> str | None:  # noqa: ANN401 - any JSON
        """A policy as its text; a statement that only deployment will tell is noted, not kept."""
        try:
            raw, place = self.resolver.chosen(raw, place)
            if raw is NO_VALUE or raw is None:
                return None
            if not isinstance(raw, dict) or _STATEMENT not in raw:
                found = self.resolver.value(raw, place)
                return found if isinstance(found, str) else _written(found)
            head = {
                key: self.resolver.value(item, (*place, key))
                for key, item in raw.items()
                if key != _STATEMENT
            }
        except Unresolved as error:
            self.note(error)
            return None
        statements = []
        for here, item in self.items(raw[_STATEMENT], (*place, _STATEMENT)):
            try:
                statements.append(self.resolver.value(item, here))
            except Unresolved as error:
                sid = item.get("Sid") if isinstance(item, dict) else None
                self.note(error, f"statement {sid!r}: " if sid else "a statement: ")
        return _written({**head, _STATEMENT: statements})

    def tags(self, made: Made) -> dict[str, str]:
        """Tags, as a list of Key and Value or as an object."""
        raw = made.properties.get("Tags")
        found: dict[str, str] = {}
        if isinstance(raw, dict) and "Key" not in raw and not any(k.startswith("Fn") for k in raw):
            value = self.value(made, "Tags")
            return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
        for _, item in self.listed(made, "Tags"):
            if isinstance(item, dict) and "Key" in item:
                found[str(item["Key"])] = str(item.get("Value", ""))
        return found

    def name(self, made: Made) -> str:
        """The physical name, or a stand-in."""
        try:
            return self.resolver.name_of(made)
        except Unresolved as error:
            self.note(error)
            return f"{self.resolver.settings.stack}-{made.name}"

    def arn(self, made: Made) -> str | None:
        """The ARN, if it can be told."""
        try:
            return self.resolver.arn_of(made)
        except Unresolved as error:
            self.note(error)
            return None


def _written(value: Mapping[str, Any] | Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
