"""Which elements stand where, and of what JSON type (R1-R8)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from clearance.model.policy import PolicyType
from clearance.parse.grammar import GRAMMARS, STATEMENT_KEYS, TOP_LEVEL_KEYS, Presence
from clearance.validate.finding import AtKey, Edit, Finding, Place, Step
from clearance.validate.source import Kind, Member, Node
from clearance.validate.view import Document, Statement, found

__all__ = ["document", "statement"]

_SID: Final = re.compile(r"[A-Za-z0-9]*")
_LATEST: Final = "2012-10-17"
_VERSIONS: Final = ("2008-10-17", _LATEST)
_SCALAR_OR_LIST: Final = frozenset({Kind.STRING, Kind.ARRAY, Kind.OPAQUE})
_TYPES: Final = {
    "Sid": frozenset({Kind.STRING, Kind.OPAQUE}),
    "Effect": frozenset({Kind.STRING, Kind.OPAQUE}),
    "Action": _SCALAR_OR_LIST,
    "NotAction": _SCALAR_OR_LIST,
    "Resource": _SCALAR_OR_LIST,
    "NotResource": _SCALAR_OR_LIST,
    "Principal": frozenset({Kind.STRING, Kind.OBJECT, Kind.OPAQUE}),
    "NotPrincipal": frozenset({Kind.STRING, Kind.OBJECT, Kind.OPAQUE}),
    "Condition": frozenset({Kind.OBJECT, Kind.OPAQUE}),
    "Version": frozenset({Kind.STRING, Kind.OPAQUE}),
    "Id": frozenset({Kind.STRING, Kind.OPAQUE}),
    "Statement": frozenset({Kind.OBJECT, Kind.ARRAY, Kind.OPAQUE}),
}
_SAVED_BY_IAM: Final = frozenset(
    {PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION, PolicyType.TRUST}
)


def document(doc: Document) -> Iterator[Finding]:
    """The top level."""
    if doc.root.kind is not Kind.OBJECT:
        if doc.root.kind is not Kind.BROKEN:
            yield found("DATA_TYPE_MISMATCH", doc.place, "a policy is a JSON object")
        return
    grammar = GRAMMARS[doc.kind]
    yield from _unknown(doc.root, TOP_LEVEL_KEYS, doc.prefix)
    yield from _types(doc.root, doc.prefix)
    identifier = next((m for m in doc.root.members if m.key == "Id"), None)
    if identifier is not None and not grammar.id:
        place = Place((*doc.prefix, AtKey("Id")), identifier.start, identifier.end)
        details = f"`Id` belongs in resource-based policies, not in this {doc.kind.value}"
        yield found("INVALID_POLICY_ELEMENT", place, details)
    yield from _version(doc)
    raw = doc.root.get("Statement")
    if raw is None or (raw.kind is Kind.ARRAY and not raw.items):
        yield found("MISSING_STATEMENT", doc.at("Statement"), "write at least one statement")
    elif raw.kind is Kind.ARRAY:
        for index, item in enumerate(raw.items):
            if item.kind not in {Kind.OBJECT, Kind.OPAQUE, Kind.BROKEN}:
                at = Place((*doc.prefix, "Statement", index), item.start, item.end)
                yield found("DATA_TYPE_MISMATCH", at, "a statement is a JSON object")
    yield from _sids(doc)


def _version(doc: Document) -> Iterator[Finding]:
    node = doc.root.get("Version")
    if node is None:
        at = doc.root.start + 1
        line = doc.text[at : at + 1] in {"\n", "\r"}
        edit = (
            Edit(at, at, f'\n  "Version": "{_LATEST}",' if line else f'"Version": "{_LATEST}", '),
        )
        # Adding it where `${` is meant as text would change the meaning.
        safe = "${" not in doc.text[doc.root.start : doc.root.end] and bool(doc.root.members)
        fix = (f"add `Version` `{_LATEST}`", edit) if safe else None
        details = f"the policy has no `Version`; write `{_LATEST}`"
        yield found("MISSING_VERSION", doc.place, details, fix)
    elif node.kind is Kind.STRING and node.text not in _VERSIONS:
        fix = (f"write `{_LATEST}`", (Edit(node.start, node.end, f'"{_LATEST}"'),))
        details = f"there is no version `{node.text}`; write `{_LATEST}`"
        yield found("INVALID_VERSION", doc.at("Version"), details, fix)
    elif GRAMMARS[doc.kind].needs_version and node.text == _VERSIONS[0]:
        details = f"a {doc.kind.value} needs version `{_LATEST}`"
        fix = (f"write `{_LATEST}`", (Edit(node.start, node.end, f'"{_LATEST}"'),))
        yield found("INVALID_VERSION", doc.at("Version"), details, fix)


def statement(doc: Document, one: Statement) -> Iterator[Finding]:
    """The elements of a statement."""
    yield from _unknown(one.node, STATEMENT_KEYS, one.path)
    yield from _types(one.node, one.path)
    for name in ("Action", "Resource", "Principal"):
        both = one.member(name), one.member(f"Not{name}")
        if both[0] is not None and both[1] is not None:
            details = f"`{name}` and `Not{name}` exclude each other; remove one"
            where, other = one.at_key(both[1]), one.at_key(both[0])
            yield found("UNSUPPORTED_ELEMENT_COMBINATION", where, details, None, (other,))
    yield from _effect(one)
    if one.member("Action", "NotAction") is None:
        yield found("MISSING_ACTION", one.place, "the statement has no `Action`")
    grammar = GRAMMARS[doc.kind]
    resource = one.member("Resource", "NotResource")
    needed = grammar.resource is Presence.REQUIRED or (
        doc.kind is PolicyType.RESOURCE and doc.resource not in _OWN_RESOURCE
    )
    if resource is None and needed:
        yield found("MISSING_RESOURCE", one.place, "the statement has no `Resource`")
    if one.member("Principal", "NotPrincipal") is None and grammar.principal is Presence.REQUIRED:
        details = f"a statement of a {doc.kind.value} needs a `Principal`"
        yield found("MISSING_PRINCIPAL", one.place, details)
    yield from _empty(one)


# Policies of these speak about the thing they hang on and may leave Resource out.
_OWN_RESOURCE: Final = frozenset(
    {"AWS::ECR::Repository", "AWS::Lambda::LayerVersion", "AWS::ApiGateway::RestApi"}
)


def _effect(one: Statement) -> Iterator[Finding]:
    member = one.member("Effect")
    if member is None:
        yield found("MISSING_EFFECT", one.place, "the statement has no `Effect`: `Allow` or `Deny`")
    elif member.value.kind is Kind.STRING and member.value.text not in {"Allow", "Deny"}:
        near = member.value.text.strip().capitalize()
        fix = None
        if near in {"Allow", "Deny"}:
            fix = (f"write `{near}`", (Edit(member.value.start, member.value.end, f'"{near}"'),))
        details = f"`{member.value.text}` is not an effect; write `Allow` or `Deny`"
        yield found("INVALID_EFFECT", one.at("Effect"), details, fix)


def _unknown(node: Node, known: tuple[str, ...], path: tuple[Step, ...]) -> Iterator[Finding]:
    names = [member.key for member in node.members]
    for member in node.members:
        if member.key in known or not member.key:
            continue
        near = get_close_matches(member.key, known, n=1, cutoff=0.6)
        if not near:
            near = [name for name in known if name.lower() == member.key.lower()]
        hint = f"; did you mean `{near[0]}`?" if near else ""
        fix = None
        if near and near[0] not in names:
            edit = Edit(member.start, member.end, json.dumps(near[0]))
            fix = (f"write `{near[0]}`", (edit,))
        place = Place((*path, AtKey(member.key)), member.start, member.end)
        details = f"`{member.key}` is not an element of a policy{hint}"
        yield found("INVALID_POLICY_ELEMENT", place, details, fix)


def _types(node: Node, path: tuple[Step, ...]) -> Iterator[Finding]:
    for member in node.members:
        wanted = _TYPES.get(member.key)
        value = member.value
        if wanted is None or value.kind is Kind.BROKEN:
            continue
        if value.kind not in wanted:
            yield _mismatch(member.key, value, (*path, member.key), _name(wanted))
        elif value.kind is Kind.ARRAY and member.key != "Statement":
            for place, item in enumerate(value.items):
                if item.kind not in {Kind.STRING, Kind.OPAQUE, Kind.BROKEN}:
                    yield _mismatch(member.key, item, (*path, member.key, place), "text")
        elif value.kind is Kind.OBJECT and member.key in {"Principal", "NotPrincipal"}:
            yield from _principal_types(value, (*path, member.key))
        elif value.kind is Kind.OBJECT and member.key == "Condition":
            yield from _condition_types(value, (*path, member.key))


def _principal_types(node: Node, path: tuple[Step, ...]) -> Iterator[Finding]:
    for member in node.members:
        several = member.value.kind is Kind.ARRAY
        items = member.value.items if several else (member.value,)
        for place, item in enumerate(items):
            here = (*path, member.key, place) if several else (*path, member.key)
            if item.kind not in {Kind.STRING, Kind.OPAQUE, Kind.BROKEN, Kind.NUMBER}:
                yield _mismatch("Principal", item, here, "text")
            elif item.kind is Kind.NUMBER:
                fix = ("put it in quotes", (Edit(item.start, item.end, f'"{item.text}"'),))
                at = Place(here, item.start, item.end)
                yield found("DATA_TYPE_MISMATCH", at, "an account ID is a text", fix)


def _condition_types(node: Node, path: tuple[Step, ...]) -> Iterator[Finding]:
    for operator in node.members:
        if operator.value.kind not in {Kind.OBJECT, Kind.OPAQUE, Kind.BROKEN}:
            yield _mismatch(operator.key, operator.value, (*path, operator.key), "an object")
        for key in operator.value.members:
            items = key.value.items if key.value.kind is Kind.ARRAY else (key.value,)
            for item in items:
                if item.kind in {Kind.OBJECT, Kind.ARRAY, Kind.NULL}:
                    yield _mismatch(key.key, item, (*path, operator.key, key.key), "text")


def _mismatch(name: str, node: Node, path: tuple[Step, ...], wanted: str) -> Finding:
    details = f"`{name}` takes {wanted}, not {_A[node.kind]}"
    return found("DATA_TYPE_MISMATCH", Place(path, node.start, node.end), details)


_A: Final = {
    Kind.OBJECT: "an object",
    Kind.ARRAY: "a list",
    Kind.STRING: "a text",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.NULL: "null",
    Kind.OPAQUE: "an expression",
    Kind.BROKEN: "nothing",
}


def _name(kinds: frozenset[Kind]) -> str:
    if Kind.ARRAY in kinds:
        return "an object or a list" if Kind.OBJECT in kinds else "text or a list of texts"
    if Kind.OBJECT in kinds:
        return '`"*"` or an object' if Kind.STRING in kinds else "an object"
    return "text"


_EMPTY_LISTS: Final = {
    "Action": "EMPTY_ARRAY_ACTION",
    "NotAction": "EMPTY_ARRAY_ACTION",
    "Resource": "EMPTY_ARRAY_RESOURCE",
    "NotResource": "EMPTY_ARRAY_RESOURCE",
}


def _empty(one: Statement) -> Iterator[Finding]:
    for member in one.node.members:
        value, name = member.value, member.key
        if name in _EMPTY_LISTS and value.kind is Kind.ARRAY and not value.items:
            details = f"`{name}` is empty: the statement matches nothing"
            yield found(_EMPTY_LISTS[name], one.at(name), details)
        elif name == "Condition" and value.kind is Kind.OBJECT:
            yield from _empty_condition(one, member)
        elif name in {"Principal", "NotPrincipal"} and value.kind is Kind.OBJECT:
            if not value.members:
                yield found("EMPTY_OBJECT_PRINCIPAL", one.at(name), f"`{name}` names nobody")
            for inner in value.members:
                if inner.value.kind is Kind.ARRAY and not inner.value.items:
                    at = Place((*one.path, name, inner.key), inner.value.start, inner.value.end)
                    yield found("EMPTY_ARRAY_PRINCIPAL", at, f"`{inner.key}` names nobody")
        elif name == "Sid" and value.kind is Kind.STRING and not value.text:
            yield found("EMPTY_SID_VALUE", one.at("Sid"), "the `Sid` is empty; name the statement")


def _empty_condition(one: Statement, member: Member) -> Iterator[Finding]:
    here = (*one.path, "Condition")
    if not member.value.members:
        yield found("EMPTY_OBJECT_CONDITION", one.at("Condition"), "`Condition` tests nothing")
    for operator in member.value.members:
        if operator.value.kind is Kind.OBJECT and not operator.value.members:
            at = Place((*here, operator.key), operator.value.start, operator.value.end)
            yield found("EMPTY_OBJECT_CONDITION", at, f"`{operator.key}` tests nothing")


def _sids(doc: Document) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    for one in doc.statements:
        member = one.member("Sid")
        if member is None or member.value.kind is not Kind.STRING:
            continue
        sid, place = member.value.text, one.at("Sid")
        if GRAMMARS[doc.kind].plain_sids and not _SID.fullmatch(sid):
            plain = re.sub(r"[^A-Za-z0-9]", "", sid)
            fix = None
            if plain and plain not in seen:
                edit = Edit(member.value.start, member.value.end, json.dumps(plain))
                fix = (f"write `{plain}`", (edit,))
            details = f"the `Sid` `{sid}` may hold only letters and digits"
            yield found("UNSUPPORTED_SID", place, details, fix)
        if sid in seen and sid:
            required = doc.kind in _SAVED_BY_IAM
            code = "UNIQUE_SIDS_REQUIRED" if required else "UNIQUE_SIDS_RECOMMENDED"
            details = f"the `Sid` `{sid}` is taken by another statement"
            yield found(code, place, details, None, (seen[sid],))
        seen.setdefault(sid, place)
