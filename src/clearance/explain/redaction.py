"""Hide who and where: accounts, names, addresses, ids; the same thing gets the same mask."""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["Redaction"]

_ACCOUNT: Final = r"(?<![0-9])[0-9]{12}(?![0-9])"
_ID: Final = r"(?<![A-Z0-9])A[A-Z]{3}[A-Z0-9]{12,128}(?![A-Z0-9])"
_ORG: Final = r"\b(?:o-[a-z0-9]{10,32}|r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{6,32})\b"
_ADDRESS: Final = r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?\b"
# The resource part of an ARN: what a user, role, function, bucket, key is called.
_NAME: Final = (
    r"(?<=:)(?P<kind>(?:assumed-role|role|user|group|policy|function|key|secret|table|topic"
    r"|federated-user|layer|rule|mfa)[:/])(?P<name>[^\s\"',\]})`]+)"
)
_BUCKET: Final = r"(?<=:s3:::)[^\s\"',\]})`]+"
_PATTERN: Final = re.compile(
    f"(?P<account>{_ACCOUNT})|(?P<id>{_ID})|(?P<org>{_ORG})|(?P<address>{_ADDRESS})"
    f"|(?P<arn>{_NAME})|(?P<bucket>{_BUCKET})"
)


class Redaction:
    """Masks handed out so far: what was one thing stays one thing."""

    def __init__(self) -> None:
        self._masks: dict[tuple[str, str], str] = {}
        self._names: dict[str, str] = {}

    def text(self, text: str) -> str:
        """The text with masks; names found in ARNs are masked wherever else they stand."""
        hidden = _PATTERN.sub(self._mask, text)
        for name, mask in sorted(self._names.items(), key=lambda each: -len(each[0])):
            hidden = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", mask, hidden)
        return hidden

    def value(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """A JSON value with every text of it masked, member names too."""
        # Names first: the same name may stand without its ARN anywhere in the document.
        return self._value(self._value(value))

    def _value(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in value.items()}
        return [self._value(item) for item in value] if isinstance(value, list) else value

    def _mask(self, match: re.Match[str]) -> str:
        kind, found = match.lastgroup or "", match[0]
        if kind == "arn" or match["arn"]:
            return match["kind"] + self._named(match["name"])
        if match["account"]:
            return self._given("account", found, "{:012d}")
        if match["id"]:
            return found[:4] + self._given("id", found, "{:017d}")
        if match["address"]:
            return self._given("address", found, "192.0.2.{}")
        if match["bucket"]:
            return self._named(found)
        return self._given("org", found, found.partition("-")[0] + "-{:010d}")

    def _named(self, name: str) -> str:
        """A name keeps its shape: qualifiers, paths and wildcards stay parts of their own."""
        parts = re.split(r"([:/*?])", name)
        return "".join(
            part if re.fullmatch(r"[:/*?]?", part) else self._part(part) for part in parts
        )

    def _part(self, name: str) -> str:
        if name in self._names.values() or name in {"$LATEST", "aws", "function", "policy"}:
            return name
        mask = self._given("name", name, "name{}")
        if len(name) > 2:  # noqa: PLR2004 - a letter or two stands everywhere
            self._names[name] = mask
        return mask

    def _given(self, kind: str, found: str, form: str) -> str:
        if found in self._masks.values():
            return found
        number = sum(1 for each, _ in self._masks if each == kind) + 1
        return self._masks.setdefault((kind, found), form.format(number))
