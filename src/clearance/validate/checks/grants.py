"""Permissions that are more than they look: PassRole and CreateServiceLinkedRole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from clearance.model.policy import PolicyType
from clearance.prove.globs import contains, intersects
from clearance.validate.finding import Finding, Place
from clearance.validate.view import Document, Entry, Statement, found

__all__ = ["statement"]

_WILD: Final = frozenset("*?")
_GRANTING: Final = frozenset({PolicyType.IDENTITY, PolicyType.SESSION})


@dataclass(frozen=True, slots=True)
class _Grant:
    action: str
    stem: str
    key: str
    loss: str


_GRANTS: Final = (
    _Grant("iam:passrole", "PASS_ROLE", "iam:passedtoservice", "any role may be passed"),
    _Grant(
        "iam:createservicelinkedrole",
        "CREATE_SLR",
        "iam:awsservicename",
        "any service-linked role may be created",
    ),
)


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Allow statements that hand these out for everything."""
    if one.effect != "Allow" or doc.kind not in _GRANTING:
        return
    for grant in _GRANTS:
        hit = _how(one, grant.action)
        if hit is None or grant.key in one.tested():
            continue
        how, place = hit
        if one.not_resources:
            code = {"plain": "NOT_RESOURCE", "star": "STAR_IN_ACTION_AND_NOT_RESOURCE"}.get(
                how, "NOT_ACTION_AND_NOT_RESOURCE"
            )
            details = f"{grant.loss} but those in `NotResource`; list the roles in `Resource`"
            yield found(f"{grant.stem}_WITH_{code}", place, details)
        elif (wide := _wide(one.resources)) is not None:
            code = {"plain": "STAR_IN_RESOURCE", "star": "STAR_IN_ACTION_AND_RESOURCE"}.get(
                how, "STAR_IN_RESOURCE_AND_NOT_ACTION"
            )
            details = (
                f"with `{wide.text}` {grant.loss}; name the roles, or test `{_KEYS[grant.key]}`"
            )
            yield found(f"{grant.stem}_WITH_{code}", place, details, None, (wide.place,))


_KEYS: Final = {
    "iam:passedtoservice": "iam:PassedToService",
    "iam:awsservicename": "iam:AWSServiceName",
}


def _how(one: Statement, action: str) -> tuple[str, Place] | None:
    """How the statement covers an action: by name, by a wildcard, by leaving it out."""
    if one.not_actions:
        listed = any(contains(e.text.lower(), action) for e in one.actions if e.known)
        return None if listed or not one.actions else ("not", one.at("NotAction"))
    hits = [e for e in one.actions if e.known and intersects(e.text.lower(), action)]
    plain = next((e for e in hits if _WILD.isdisjoint(e.text)), None)
    if plain is not None:
        return "plain", plain.place
    return ("star", hits[0].place) if hits else None


def _wide(resources: tuple[Entry, ...]) -> Entry | None:
    """A resource that covers every role of an account, or of all."""
    for entry in resources:
        text = entry.text
        if not entry.known or "${" in text:
            continue
        last = text.rpartition(":")[2]
        if set(text) <= _WILD or (
            intersects(text, "arn:aws:iam::123456789012:role/any/role-at-all")
            and last in {"*", "role/*", "role*", "*/*", "role/**"}
        ):
            return entry
    return None
