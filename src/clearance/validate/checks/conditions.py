"""Condition operators and context keys (R102-R125)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from clearance.model.operators import OPERATORS, Family
from clearance.validate.finding import Edit, Finding
from clearance.validate.keys import GLOBAL, KeyFacts, Standing, action_has, key_facts
from clearance.validate.source import Kind
from clearance.validate.view import Condition, Document, Statement, found

__all__ = ["statement"]

_KEY: Final = re.compile(r"[^\s:]+:\S.*")
_UNTRUSTWORTHY: Final = frozenset({"aws:useragent", "aws:referer"})
_AUDIENCE: Final = re.compile(r".+\.[a-z]+(?:/[^:]*)?:aud|saml:aud|accounts\.google\.com:oaud")
_FAMILIES: Final = {
    # Many keys of type String hold ARNs, such as tags and encryption contexts.
    "String": frozenset({Family.STRING, Family.ARN}),
    "ARN": frozenset({Family.ARN, Family.STRING}),
    "Bool": frozenset({Family.BOOL}),
    "Numeric": frozenset({Family.NUMERIC}),
    "Date": frozenset({Family.DATE}),
    "Date/Numeric": frozenset({Family.DATE, Family.NUMERIC}),
    "String/ARN": frozenset({Family.STRING, Family.ARN}),
    "IPAddress": frozenset({Family.IP_ADDRESS}),
    "Binary": frozenset({Family.BINARY}),
}
# Keys that are more secure beside another one; any of the others will do.
_PAIRED: Final = {"aws:vpcsourceip": ("aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn")}


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """Every operator and key of the Condition block."""
    yield from _twice(one)
    seen: set[int] = set()
    for condition in one.conditions:
        if condition.operator_place.start not in seen:
            seen.add(condition.operator_place.start)
            yield from _operator(condition)
        yield from _key(doc, one, condition)
        if condition.operator is not None:
            yield from _use(doc, one, condition)


def _twice(one: Statement) -> Iterator[Finding]:
    seen: dict[tuple[str, str], Condition] = {}
    for condition in one.conditions:
        first = seen.setdefault((condition.written, condition.folded), condition)
        if first is not condition and first.key != condition.key:
            details = f"`{condition.key}` and `{first.key}` are one key; join their values"
            others = (first.place,)
            yield found(
                "DUPLICATE_KEYS_WITH_DIFFERENT_CASE", condition.place, details, None, others
            )


def _operator(condition: Condition) -> Iterator[Finding]:
    if condition.base == "Null" and condition.if_exists:
        details = "`Null` asks already whether the key exists; remove `IfExists`"
        right = condition.written.removesuffix("IfExists")
        fix = (f"write `{right}`", (_edit(condition, right),))
        yield found("NULL_WITH_IF_EXISTS", condition.operator_place, details, fix)
        return
    prefix, colon, rest = condition.written.rpartition(":")
    if condition.operator is None or (colon and not condition.qualifier):
        yield _unknown(condition, prefix, rest)
    elif condition.base == "Null" and condition.qualifier:
        always = "true" if condition.qualifier == "ForAllValues" else "false"
        details = f"`{condition.written}` is always {always}; write `Null`"
        yield found("NULL_WITH_QUALIFIER", condition.operator_place, details)


def _unknown(condition: Condition, prefix: str, rest: str) -> Finding:
    names = list(OPERATORS)
    base = rest.removesuffix("IfExists")
    near = [name for name in names if name.lower() == base.lower()]
    sure = bool(near) and (not prefix or bool(condition.qualifier))
    near = near or get_close_matches(base, names, n=1, cutoff=0.6)
    qualifier = f"{condition.qualifier}:" if condition.qualifier else ""
    suffix = "IfExists" if rest.lower().endswith("ifexists") else ""
    right = f"{qualifier}{near[0]}{suffix}" if near else ""
    details = f"there is no operator `{condition.written}`"
    details += f"; did you mean `{right}`?" if right and right != condition.written else ""
    fix = (f"write `{right}`", (_edit(condition, right),)) if sure and right else None
    return found("INVALID_CONDITION_OPERATOR", condition.operator_place, details, fix)


def _edit(condition: Condition, name: str) -> Edit:
    place = condition.operator_place
    return Edit(place.start, place.end, f'"{name}"')


def _key(doc: Document, one: Statement, condition: Condition) -> Iterator[Finding]:
    key, place = condition.key, condition.place
    if not _KEY.fullmatch(key) or any(c.isspace() for c in key.partition("/")[0]):
        details = f"`{key}` is not a context key; write `prefix:name`"
        yield found("INVALID_CONDITION_KEY_FORMAT", place, details)
        return
    if condition.folded == "aws:arn":
        details = "there is no key `aws:ARN`; use `aws:PrincipalArn` or `aws:SourceArn`"
        yield found("UNSUPPORTED_GLOBAL_CONDITION_KEY", place, details)
        # AWS has two codes for this one key and does not say when it uses which.
        yield found("DEPRECATED_GLOBAL_CONDITION_KEY", place, "`aws:PrincipalArn` has replaced it")
        return
    facts = key_facts(doc.catalog, key)
    if facts.standing is Standing.NEEDS_TAG:
        details = f"`{key}` needs a name after its slash, as in `{key.rstrip('/:')}/team`"
        yield found("MISSING_TAG_KEY_IN_CONDITION", place, details)
    elif facts.standing is Standing.UNKNOWN:
        yield _missing(doc, condition)
    elif facts.standing is Standing.KNOWN:
        yield from _supported(doc, one, condition)
    if condition.folded in _UNTRUSTWORTHY:
        details = f"the caller chooses `{key}`; do not let access rest on it"
        yield found("UNTRUSTWORTHY_CONDITION_KEY", place, details)
    if condition.folded in _PAIRED:
        wanted = _PAIRED[condition.folded]
        if one.tested().isdisjoint(name.lower() for name in wanted):
            details = f"`{key}` alone can be met in other networks; add {_or(wanted)}"
            yield found("MISSING_PAIRED_CONDITION_KEYS", place, details)


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _missing(doc: Document, condition: Condition) -> Finding:
    prefix, _, name = condition.key.partition(":")
    if prefix.lower() == "aws":
        names = {key: facts.name for key, facts in GLOBAL.items()}
        near = get_close_matches(condition.folded, list(names), n=1, cutoff=0.75)
        hint = f"; did you mean `{names[near[0]]}`?" if near else ""
        details = f"there is no global key `{condition.key}`{hint}"
        return found("INVALID_GLOBAL_CONDITION_KEY", condition.place, details)
    service = doc.catalog.service(prefix)
    if service is None:
        details = f"no service `{prefix}` has context keys"
        return found("INVALID_SERVICE_CONDITION_KEY", condition.place, details)
    keys = {key.lower(): key for key in service.condition_keys}
    near = get_close_matches(condition.folded, list(keys), n=1, cutoff=0.75)
    hint = f"; did you mean `{keys[near[0]]}`?" if near else ""
    details = f"`{prefix}` has no context key `{name}`{hint}"
    return found("INVALID_SERVICE_CONDITION_KEY", condition.place, details)


def _supported(doc: Document, one: Statement, condition: Condition) -> Iterator[Finding]:
    """A key of a service beside actions of that service that never carry it."""
    prefix = condition.folded.partition(":")[0]
    stem = condition.folded.partition("/")[0]
    if one.not_actions or prefix == "aws" or stem in GLOBAL:
        return
    if condition.base == "Null" or condition.if_exists:
        return  # a test for a key that may be missing is made on purpose
    unfit = [
        entry.text
        for entry in one.actions
        if entry.text.lower().startswith(f"{prefix}:")
        and not {"*", "?"} & set(entry.text)
        and doc.catalog.action(entry.text) is not None
        and not action_has(doc.catalog, entry.text, condition.folded)
    ]
    if unfit:
        shown = ", ".join(f"`{name}`" for name in unfit[:4]) + (" …" if len(unfit) > 4 else "")  # noqa: PLR2004
        details = f"{shown} never {'carry' if len(unfit) > 1 else 'carries'} `{condition.key}`"
        yield found("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", condition.place, details)


def _use(doc: Document, one: Statement, condition: Condition) -> Iterator[Finding]:
    """The operator against what the key holds."""
    facts = key_facts(doc.catalog, condition.key)
    yield from _audience(condition)
    yield from _empty(condition)
    if facts.standing is not Standing.KNOWN or condition.base == "Null":
        return
    yield from _quantity(one, condition, facts)
    yield from _family(condition, facts)


def _quantity(one: Statement, condition: Condition, facts: KeyFacts) -> Iterator[Finding]:
    if facts.multivalued and not condition.qualifier:
        details = (
            f"`{condition.key}` can hold several values; "
            f"write `ForAnyValue:{condition.written}` or `ForAllValues:{condition.written}`"
        )
        yield found("MISSING_QUALIFIER", condition.place, details)
    elif condition.qualifier == "ForAllValues" and not facts.multivalued:
        holds = "allows" if one.effect == "Allow" else "denies"
        right = condition.written.removeprefix("ForAllValues:")
        details = f"without `{condition.key}` in the request this {holds}, too; write `{right}`"
        yield found("FORALLVALUES_WITH_SINGLE_VALUED_KEY", condition.place, details)


def _family(condition: Condition, facts: KeyFacts) -> Iterator[Finding]:
    operator = condition.operator
    wanted = _FAMILIES.get(facts.base)
    if operator is None or wanted is None:
        return
    if facts.base == "ARN" and operator.positive == "StringLike":
        right = condition.written.replace("StringNotLike", "ArnNotLike")
        right = right.replace("StringLike", "ArnLike")
        details = f"`{condition.key}` holds an ARN; write `{right}`"
        yield found("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", condition.place, details)
    elif operator.family not in wanted:
        names = " or ".join(sorted(f.value for f in wanted))
        details = f"`{condition.key}` holds {names} values; `{condition.base}` compares others"
        yield found("TYPE_MISMATCH", condition.place, details)


def _audience(condition: Condition) -> Iterator[Finding]:
    if not condition.qualifier or not _AUDIENCE.fullmatch(condition.folded):
        return
    if condition.qualifier == "ForAnyValue":
        details = f"`{condition.key}` has one value; remove `ForAnyValue:`"
        yield found("FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", condition.place, details)
    details = f"`{condition.key}` mostly has one value; then it takes no qualifier"
    yield found("CONFIRM_AUDIENCE_CLAIM_TYPE", condition.place, details)


def _empty(condition: Condition) -> Iterator[Finding]:
    if condition.value_node.kind is not Kind.ARRAY or condition.value_node.items:
        return
    missing = f"holds only when `{condition.key}` is missing; write `Null`: `true`"
    if condition.qualifier == "ForAnyValue":
        code, details = "EMPTY_ARRAY_CONDITION_FORANYVALUE", "a test without values never holds"
    elif condition.if_exists:
        code, details = "EMPTY_ARRAY_CONDITION_IFEXISTS", f"a test without values {missing}"
    elif condition.qualifier == "ForAllValues":
        code, details = "EMPTY_ARRAY_CONDITION_FORALLVALUES", f"a test without values {missing}"
    else:
        code, details = "EMPTY_ARRAY_CONDITION", f"there are no values for `{condition.key}`"
    yield found(code, condition.place, details)
