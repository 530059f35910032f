"""JSON of others, read with care: every complaint says file, place and what would be right."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from clearance.model.errors import EstateError

__all__ = ["UNKNOWN_TIME", "Node", "as_document", "as_tags", "read_json", "write_json"]

UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: Final = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}


def read_json(path: Path) -> Node:
    """The content of a JSON file."""
    try:
        return Node(json.loads(path.read_bytes()), path)
    except FileNotFoundError as error:
        raise EstateError(f"`{path}` does not exist") from error
    except OSError as error:
        raise EstateError(f"`{path}` cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise EstateError(
            f"`{path}` is not JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        ) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise EstateError(f"`{path}` is not JSON: {error}") from error


def write_json(path: Path, value: object, mode: int = 0o666) -> None:
    """Write a JSON file, and the folders it lies in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(f"{text}\n".encode())
    except OSError as error:
        raise EstateError(f"`{path}` cannot be written: {error.strerror}") from error


def as_document(text: str | None) -> object:
    """A policy as AWS's CLI shows it: an object, if that loses nothing of the text."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) and _compact(value) == text else text


def as_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as IAM shows them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a file, and where."""

    value: Any
    file: Path
    path: str = "$"

    def fail(self, problem: str) -> EstateError:
        """An error about this value."""
        return EstateError(f"`{self.file}`: {self.path}: {problem}")

    def has(self, name: str) -> bool:
        """True when the object has the member and it is not null."""
        return self._object().get(name) is not None

    def at(self, name: str) -> Node:
        """A member, null if it is not there."""
        return Node(self._object().get(name), self.file, f"{self.path}.{name}")

    def members(self) -> Iterator[tuple[str, Node]]:
        """All members of an object."""
        for name, value in self._object().items():
            yield name, Node(value, self.file, f"{self.path}[{name!r}]")

    def items(self, name: str = "") -> Iterator[Node]:
        """The items of an array, of this value or a member; none if it is absent."""
        node = self.at(name) if name else self
        if node.value is None:
            return
        for i, value in enumerate(node._expect(list)):  # noqa: SLF001 (its own class)
            yield Node(value, self.file, f"{node.path}[{i}]")

    def pages(self) -> Iterator[Node]:
        """The pages of an answer: one object, or an array of them; a cut-off answer is refused."""
        pages = list(self.items()) if isinstance(self.value, list) else [self]
        last = pages[-1] if pages else self
        if pages and (last.at("IsTruncated").value or last.has("NextToken")):
            raise last.fail(
                "the answer is cut off; collect all pages (the AWS CLI does unless told otherwise)"
            )
        yield from pages

    def text(self, name: str, default: str | None = None) -> str:
        """A member that is a text; without a default it must be there."""
        node = self.at(name)
        if node.value is None:
            if default is None:
                raise self.fail(f"the member `{name}` is missing")
            return default
        return str(node._expect(str))  # noqa: SLF001

    def maybe(self, name: str) -> str | None:
        """A member that is a text or absent."""
        return self.text(name) if self.has(name) else None

    def number(self, name: str, default: int) -> int:
        """A member that is a whole number."""
        node = self.at(name)
        if node.value is None:
            return default
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            raise node.fail(f"expected a whole number, found {_kind(node.value)}")
        return node.value

    def flag(self, name: str) -> bool:
        """A member that is true or false; false if it is absent."""
        node = self.at(name)
        return False if node.value is None else bool(node._expect(bool))  # noqa: SLF001

    def entries(self) -> Iterator[tuple[str, Node]]:
        """All members of an object that may be absent."""
        if self.value is not None:
            yield from self.members()

    def texts(self, name: str) -> tuple[str, ...]:
        """A member that is an array of texts."""
        return tuple(str(item._expect(str)) for item in self.items(name))  # noqa: SLF001

    def time(self, name: str) -> datetime | None:
        """A member that is a time: ISO 8601 as the CLI prints it, or seconds since 1970."""
        node = self.at(name)
        if node.value is None:
            return None
        try:
            if isinstance(node.value, int | float) and not isinstance(node.value, bool):
                return datetime.fromtimestamp(node.value, UTC)
            time = datetime.fromisoformat(str(node._expect(str)))  # noqa: SLF001
        except (ValueError, OverflowError, OSError) as error:
            raise node.fail("expected a time such as 2026-03-01T12:00:00+00:00") from error
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    def document(self, name: str) -> str | None:
        """A policy: an object as the CLI shows it, or its text, URL-encoded as in the API."""
        node = self.at(name)
        if node.value is None or isinstance(node.value, dict):
            return None if node.value is None else _compact(node.value)
        text = str(node._expect(str))  # noqa: SLF001
        return unquote(text) if text.lstrip().startswith("%7B") else text

    def tags(self, name: str = "Tags") -> dict[str, str]:
        """Tags, as an array of Key and Value or as an object."""
        node = self.at(name)
        if isinstance(node.value, dict):
            return {key: str(value._expect(str)) for key, value in node.members()}  # noqa: SLF001
        return {item.text("Key"): item.text("Value", "") for item in node.items()}

    def _object(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._expect(dict)
        return found

    def _expect(self, kind: type) -> Any:  # noqa: ANN401
        if not isinstance(self.value, kind):
            raise self.fail(f"expected {_KINDS[kind]}, found {_kind(self.value)}")
        return self.value


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS.get(type(value), "a number")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
