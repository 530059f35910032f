"""What is simulated: who, what, on what, in which circumstances, with which policies otherwise.

A question is a value; its URL holds all of it, so that a link is a question that can be shared.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from clearance.model.errors import UsageError
from clearance.model.request import Context, KeyState

__all__ = ["Changes", "Key", "Question", "commands", "read", "url"]

MOST: Final = 20  # actions, and resources: a matrix that can still be looked at
_INFLATED: Final = 1_000_000
_KEY: Final = re.compile(r"[A-Za-z0-9-]+:.+")


@dataclass(frozen=True, slots=True)
class Key:
    """A context key and how it is known; several values make it multivalued."""

    name: str
    values: tuple[str, ...] = ()
    state: KeyState = KeyState.PRESENT


@dataclass(frozen=True, slots=True)
class Changes:
    """Policies as they are not, but might be.

    ``without`` are places (`overlay.place_of`) whose policy is left out, ``edited`` the texts of
    others, ``added`` identity policies of the caller.
    """

    without: frozenset[str] = frozenset()
    edited: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.without) + len(self.edited) + len(self.added)


@dataclass(frozen=True, slots=True)
class Question:
    """Everything the simulator is told."""

    principal: str = ""
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    owner: str = ""
    changes: Changes = field(default_factory=Changes)

    @property
    def complete(self) -> bool:
        """True when there is enough to decide."""
        return bool(self.principal and self.actions)

    def context(self) -> Context:
        """The context keys as a request carries them; what is not told stays unknown."""
        present = {
            key.name: key.values[0] if len(key.values) == 1 else key.values
            for key in self.keys
            if key.state is KeyState.PRESENT and key.values
        }
        return Context.of(
            present,
            absent=[key.name for key in self.keys if key.state is KeyState.ABSENT],
            unknown=[key.name for key in self.keys if key.state is KeyState.UNKNOWN],
        )

    def problems(self) -> Iterator[str]:
        """What is wrong with it, sentence by sentence."""
        for action in self.actions:
            if ":" not in action and action != "*":
                yield f"`{action}` is not an action; write `service:Action`."
        for key in self.keys:
            if not _KEY.fullmatch(key.name):
                yield f"`{key.name}` is not a context key; write `prefix:name`."
        if len(self.actions) > MOST or len(self.resources) > MOST:
            yield f"More than {MOST} actions or resources: `clearance check --requests` takes any."


def url(question: Question) -> str:
    """The simulator's URL with this question, relative to the console."""
    pairs = [("principal", question.principal)] if question.principal else []
    pairs += [("action", action) for action in question.actions]
    pairs += [("resource", resource) for resource in question.resources]
    for key in question.keys:
        if key.state is KeyState.PRESENT:
            pairs += [("context", f"{key.name}={value}") for value in key.values]
        else:
            pairs.append((key.state.value, key.name))
    if question.owner:
        pairs.append(("owner", question.owner))
    if question.changes.count:
        pairs.append(("changes", _packed(question.changes)))
    return f"simulator?{urlencode(pairs)}" if pairs else "simulator"


def read(query: str) -> Question:
    """The question of a URL's query.

    Raises:
        UsageError: its changes cannot be read: the link was cut or made by hand.
    """
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=200)

    def all_of(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for key, value in pairs if key == name and value))

    first = dict(reversed(pairs))
    values: dict[str, list[str]] = {}
    for entry in all_of("context"):
        key, _, value = entry.partition("=")
        values.setdefault(key, []).append(value)
    keys = [Key(key, tuple(found)) for key, found in values.items()]
    keys += [Key(key, state=KeyState.ABSENT) for key in all_of("absent")]
    keys += [Key(key, state=KeyState.UNKNOWN) for key in all_of("unknown")]
    return Question(
        principal=first.get("principal", ""),
        actions=all_of("action"),
        resources=all_of("resource"),
        keys=tuple(keys),
        owner=first.get("owner", ""),
        changes=_unpacked(first["changes"]) if first.get("changes") else Changes(),
    )


def _packed(changes: Changes) -> str:
    told = [sorted(changes.without), dict(changes.edited), list(changes.added)]
    packed = zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _unpacked(text: str) -> Changes:
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        plain = zlib.decompressobj().decompress(packed, _INFLATED)
        without, edited, added = json.loads(plain)
        return Changes(frozenset(_texts(without)), _named(edited), _texts(added))
    except (ValueError, TypeError, zlib.error, RecursionError):
        raise UsageError("the changes in this link cannot be read; copy the whole link") from None


def _texts(found: Any) -> tuple[str, ...]:  # noqa: ANN401 - what JSON gave
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise TypeError
    return tuple(found)


def _named(found: Any) -> dict[str, str]:  # noqa: ANN401 - what JSON gave
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise TypeError
    return dict(found)


def commands(question: Question, estate: str) -> tuple[str, ...]:
    """The same as commands, one a cell of the matrix; policies that were changed are not in them.

    >>> question = Question("arn:aws:iam::1:user/ana", ("s3:GetObject",), ("arn:aws:s3:::b/k",))
    >>> commands(question, "estate")[0].split(" --")
    ['clearance check arn:aws:iam::1:user/ana s3:GetObject arn:aws:s3:::b/k', 'estate estate']
    """
    more = ["--estate", estate]
    for key in question.keys:
        if key.state is KeyState.PRESENT:
            for value in key.values:
                more += ["--context", f"{key.name}={value}"]
        elif key.state is KeyState.ABSENT:
            more += ["--absent", key.name]
        else:
            more += ["--context", f"{key.name}=?"]
    if question.owner:
        more += ["--resource-account", question.owner]
    return tuple(
        " ".join(map(quote, ("clearance", "check", question.principal, action, resource, *more)))
        for resource in question.resources or ("*",)
        for action in question.actions
    )
