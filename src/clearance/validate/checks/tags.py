"""Tag keys that the listed actions do not carry (R106)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clearance.validate.checks.actions import expand
from clearance.validate.finding import Finding
from clearance.validate.keys import action_has
from clearance.validate.view import Condition, Document, Statement, found

__all__ = ["statement"]

_SUFFIX: Final = "_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
_SHOWN: Final = 5
# Keys that only requests through certain services' VPC endpoints carry (R142).
_LIMITED: Final = frozenset({"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"})
_MANY: Final = 1500


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Conditions on resource tags, and on keys of some services only."""
    for condition in one.conditions:
        if condition.folded.startswith("aws:resourcetag/"):
            yield from _tag(doc, one, condition)
        if condition.folded in _LIMITED and (
            one.not_actions or any("*" in e.text.partition(":")[0] for e in one.actions)
        ):
            details = f"only some services send `{condition.key}`; name their actions"
            yield found("USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES", condition.place, details)


def _tag(doc: Document, one: Statement, condition: Condition) -> Iterator[Finding]:
    operator = condition.operator
    # A test that also holds without the key says what happens to the others on purpose.
    if operator is None or operator.negated or condition.if_exists or condition.base == "Null":
        return
    if one.effect not in {"Allow", "Deny"}:
        return
    allow = one.effect == "Allow"
    does = "allowed" if allow else "denied"
    if one.not_actions:
        details = f"actions that do not carry `{condition.key}` are not {does}; list the actions"
        yield found(f"{one.effect.upper()}_NOTACTION{_SUFFIX}", condition.place, details)
        return
    lacking: dict[str, int] = {}
    for entry in one.actions:
        if not entry.known or set(entry.text) == {"*"}:
            continue
        actions = expand(doc.catalog, entry.text.lower())
        if len(actions) > _MANY:
            continue
        unfit = [a for a in actions if not action_has(doc.catalog, a, condition.folded)]
        # A wildcard is meant for what it can cover; it is idle only when it covers nothing.
        if actions and len(unfit) == len(actions):
            lacking[entry.text] = len(unfit)
    if lacking:
        shown = ", ".join(f"`{name}`" for name in list(lacking)[:_SHOWN])
        more = " …" if len(lacking) > _SHOWN else ""
        details = f"never {does} here, for lack of `{condition.key}`: {shown}{more}"
        yield found(f"{one.effect.upper()}{_SUFFIX}", condition.place, details)
