"""What Organizations asks of SCPs and RCPs beyond the grammar (R85-R88)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clearance.decide.special_cases import RCP_SERVICES
from clearance.model.policy import PolicyType
from clearance.validate.finding import Finding
from clearance.validate.view import Condition, Document, Statement, found

__all__ = ["statement"]

_WILD: Final = frozenset("*?")
_OF_PRINCIPALS: Final = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn"}
)
_OF_SERVICES: Final = frozenset(
    {"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceaccount", "aws:sourcearn"}
)
_NULL_CHECKED: Final = frozenset({"aws:sourceorgid", "aws:sourceorgpaths"})
_IS_SERVICE: Final = "aws:principalisawsservice"


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """One statement of an organization policy."""
    if doc.kind is PolicyType.SCP:
        yield from _scp(one)
    elif doc.kind is PolicyType.RCP:
        yield from _rcp(one)


def _scp(one: Statement) -> Iterator[Finding]:
    for entry in one.actions:
        if entry.known and not _WILD.isdisjoint(entry.text[:-1]):
            details = (
                f"`{entry.text}` has a wildcard before its end; Organizations takes it since 2025, "
                "Access Analyzer still reports it"
            )
            yield found("SCP_SYNTAX_ERROR_ACTION_WILDCARD", entry.place, details)


def _rcp(one: Statement) -> Iterator[Finding]:
    if one.not_actions:
        details = "a resource control policy has no `NotAction`; list the actions in `Action`"
        yield found("RCP_SYNTAX_ERROR_NOTACTION", one.at("NotAction"), details)
    else:
        for entry in one.actions:
            prefix = entry.text.partition(":")[0].lower()
            if entry.known and prefix not in RCP_SERVICES:
                lacks = (
                    "`*` alone is not taken" if entry.text == "*" else f"`{prefix}` is not covered"
                )
                details = f"{lacks}; resource control policies cover services such as `s3`, `sts`"
                yield found("RCP_SYNTAX_ERROR_ACTION", entry.place, details)
    if one.effect == "Allow":
        details = "a resource control policy can only deny; everything is allowed beforehand"
        yield found("RCP_SYNTAX_ERROR_ALLOW", one.at("Effect"), details)
    if one.effect == "Deny":
        yield from _exempt(one)


def _exempt(one: Statement) -> Iterator[Finding]:
    """Whoever does not carry a key is caught by its negated test."""
    checked = {
        (c.texts[0].lower() if c.texts else "")
        for c in one.conditions
        if c.folded == _IS_SERVICE and c.base == "Bool"
    }
    present = {c.folded for c in one.conditions if c.base == "Null" and "false" in c.texts}
    for condition in one.conditions:
        if not _catches_absent(condition):
            continue
        if condition.folded in _OF_PRINCIPALS and "false" not in checked:
            details = (
                f"AWS services do not carry `{condition.key}`; add "
                '`"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`'
            )
            yield found("RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", condition.place, details)
        if condition.folded in _OF_SERVICES and "true" not in checked:
            details = (
                f"your own principals do not carry `{condition.key}`; add "
                '`"Bool": {"aws:PrincipalIsAWSService": "true"}`'
            )
            code = "RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY"
            yield found(code, condition.place, details)
        if condition.folded in _NULL_CHECKED and not present & {
            "aws:sourceaccount",
            "aws:sourcearn",
        }:
            details = (
                f"some services do not send `{condition.key}`; add "
                '`"Null": {"aws:SourceAccount": "false"}`'
            )
            yield found("RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", condition.place, details)


def _catches_absent(condition: Condition) -> bool:
    operator = condition.operator
    return (
        operator is not None
        and condition.base != "Null"
        and (operator.negated or condition.if_exists)
    )
