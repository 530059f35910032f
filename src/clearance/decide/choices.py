"""Choices where AWS's pages contradict each other or are silent, noted where one mattered.

A choice mattered when a statement agrees with the request in everything else. The choices are
argued in ``docs/decisions``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from clearance.decide.judge import as_absent, trace
from clearance.decide.situation import Layer, Situation
from clearance.match.principal import namings
from clearance.match.resource import template
from clearance.match.statement import Element, StatementTrace
from clearance.match.truth import Truth
from clearance.model.decision import CheckType, Naming, Note
from clearance.model.glob import Glob
from clearance.model.operators import OPERATORS, Family
from clearance.model.policy import AttachedPolicy, Condition, Effect, Quantifier
from clearance.model.principal import PrincipalKind
from clearance.model.request import Request
from clearance.parse.variables import Template, Variable, read_template

__all__ = ["FUNCTION_POLICY_ACTIONS", "choices"]

ARN_COLONS: Final = 5
# What a function policy can grant, by the Lambda guide's page on resource policies (R220).
_FUNCTION_POLICY: Final = """
    createalias deletealias deletefunction deletefunctionconcurrency
    deletefunctioneventinvokeconfig deleteprovisionedconcurrencyconfig getalias getfunction
    getfunctionconcurrency getfunctionconfiguration getfunctioneventinvokeconfig getpolicy
    getprovisionedconcurrencyconfig invokefunction invokefunctionurl listaliases
    listfunctioneventinvokeconfigs listprovisionedconcurrencyconfigs listtags
    listversionsbyfunction publishversion putfunctionconcurrency putfunctioneventinvokeconfig
    putprovisionedconcurrencyconfig tagresource untagresource updatealias updatefunctioncode
    updatefunctioneventinvokeconfig
"""
FUNCTION_POLICY_ACTIONS: Final = frozenset(f"lambda:{n}" for n in _FUNCTION_POLICY.split())


@dataclass(frozen=True, slots=True)
class Place:
    """One element of one statement that agrees with the request in everything else."""

    layer: Layer
    attached: AttachedPolicy
    found: StatementTrace
    element: Element
    request: Request

    @property
    def label(self) -> str:
        """How a note names the statement."""
        return f"`{self.attached.name}`, {self.found.statement.label}"


def choices(situation: Situation) -> Iterator[Note]:
    """Every choice that mattered for the decision."""
    request = situation.request
    asked = Request(
        request.principal,
        request.action,
        request.resource,
        as_absent(request.context),
        request.resource_account,
    )
    for layer in situation.layers:
        for attached in layer.policies:
            for found in trace(attached, asked, bounded=situation.bounded):
                for element in found.elements:
                    if all(e.truth is Truth.TRUE for e in found.elements if e is not element):
                        place = Place(layer, attached, found, element, asked)
                        for rule in RULES[element.name]:
                            yield from rule(place)


def _condition(place: Place) -> Iterator[Note]:
    condition = place.element.condition
    if condition is None:
        return
    actual = place.element.actual
    for rule, family, mattered, text in CONDITIONS:
        of_family = family is None or OPERATORS[condition.operator].family is family
        if of_family and mattered(condition, actual):
            yield Note(rule, f"{place.label}: {text}")


def _caller_keys(place: Place) -> Iterator[Note]:
    condition, context = place.element.condition, place.request.context
    key = condition.key.lower() if condition else ""
    service = place.request.principal.kind is PrincipalKind.SERVICE
    if service and key in {"aws:userid", "aws:principaltype", "aws:principalarn"}:
        yield Note("R137", f"which `{key}` a service principal has is not documented; none is used")
    if key == "aws:sourceip" and context.get("aws:CalledVia"):
        yield Note("R78", "a forwarded call is taken to keep the first caller's address")


def _wild_condition(place: Place) -> Iterator[Note]:
    condition = place.element.condition
    if condition is None or not place.attached.policy.has_variables:
        return
    if condition.operator.removeprefix("String") in {"Like", "NotLike"} or "Arn" in (
        condition.operator
    ):
        for text in condition.values:
            yield from _wild(read_template(text, wildcards=True, variables=True), place)


def _wild_resource(place: Place) -> Iterator[Note]:
    if place.attached.policy.has_variables:
        for text in place.element.wanted:
            yield from _wild(template(text, variables=True), place)


def _wild(wanted: Template, place: Place) -> Iterator[Note]:
    for part in wanted.parts:
        values = place.request.context.get(part.key) if isinstance(part, Variable) else None
        if values and any(c in value for value in values for c in "*?"):
            yield Note("R135", "a wildcard inside a variable's value is text")


def _unresolved(place: Place) -> Iterator[Note]:
    if not place.found.statement.not_resources or not place.attached.policy.has_variables:
        return
    for text in place.element.wanted:
        for variable in template(text, variables=True).variables:
            if variable.default is None and place.request.context.get(variable.key) is None:
                yield Note(
                    "R133",
                    f"{place.label}: `{text}` has no value for `{variable.key}` and excludes "
                    "nothing",
                )


def _crossed(place: Place) -> Iterator[Note]:
    """A ``*`` inside a segment ran over a colon."""
    actual = place.request.resource.split(":", ARN_COLONS)
    for text in place.element.wanted if place.element.truth is Truth.TRUE else ():
        parts = text.split(":", ARN_COLONS)
        if text == "*" or len(parts) != len(actual) or "${" in text:
            continue
        if not Glob.of(text).matches(place.request.resource):
            continue
        apart = all(Glob.of(p).matches(a) for p, a in zip(parts, actual, strict=True))
        if not apart and not any(part.endswith("*") for part in parts[:-1]):
            yield Note("R37", f"{place.label}: a `*` in `{text}` runs over a colon")


def _narrow_scp(place: Place) -> Iterator[Note]:
    statement = place.found.statement
    scp = place.layer.type is CheckType.SERVICE_CONTROL_POLICY
    if scp and statement.effect is Effect.ALLOW and statement.resources != ("*",):
        yield Note(
            "R85", f"{place.label}: AWS's pages disagree whether an SCP may allow single resources"
        )


def _not_principal(place: Place) -> Iterator[Note]:
    statement, caller = place.found.statement, place.request.principal
    if not statement.not_principals or statement.principals is None:
        return
    if statement.effect is Effect.ALLOW:
        yield Note("R28", f"{place.label}: `NotPrincipal` with `Allow` is not supported")
        return
    named = namings(statement.principals, caller)
    accountless = named and Naming.ACCOUNT not in named and caller.kind is not PrincipalKind.ROOT
    if not place.found.namings and accountless and Naming.SERVICE not in named:
        yield Note(
            "R28",
            f"{place.label} lists the caller but not its account, and might deny it all the same",
        )


def _function_policy(place: Place) -> Iterator[Note]:
    action = place.request.action.lower()
    mine = place.layer.type is CheckType.RESOURCE and action.startswith("lambda:")
    grants = place.found.applies and place.found.statement.effect is Effect.ALLOW
    if (
        mine
        and grants
        and action not in FUNCTION_POLICY_ACTIONS
        and ":function:" in (place.request.resource)
    ):
        yield Note("R220", f"{place.label}: function policies are not documented to grant this")


def _no_zone(condition: Condition, actual: tuple[str, ...]) -> bool:
    texts = (*condition.values, *actual)
    return any("T" in t.upper() and not t.upper().endswith("Z") and "+" not in t[10:]
               and "-" not in t[10:] for t in texts)  # fmt: skip


def _odd_case(condition: Condition, actual: tuple[str, ...]) -> bool:
    return any(text != text.lower() for text in (*condition.values, *actual) if "${" not in text)


def _mixed(condition: Condition, actual: tuple[str, ...]) -> bool:
    versions = {":" in text for text in (*condition.values, *actual)}
    bare = any(":" in text and "/" not in text for text in condition.values)
    return bool(actual) and (len(versions) > 1 or bare)


def _not_arn(_: Condition, actual: tuple[str, ...]) -> bool:
    return any(not t.startswith("arn:") or t.count(":") < ARN_COLONS for t in actual)


def _org_paths(condition: Condition, actual: tuple[str, ...]) -> bool:
    paths = condition.key.lower().endswith("orgpaths")
    negated = condition.operator == "StringNotLike"
    return paths and negated and condition.quantifier is Quantifier.ALL and actual is not None


def _source_function(condition: Condition, actual: tuple[str, ...]) -> bool:
    negated = OPERATORS[condition.operator].negated and condition.if_exists
    return condition.key.lower() == "lambda:sourcefunctionarn" and negated and not actual


def _empty(condition: Condition, actual: tuple[str, ...]) -> bool:
    plain = condition.quantifier is None and not condition.if_exists
    return plain and not condition.values and bool(actual)


Test = Callable[[Condition, tuple[str, ...]], bool]
# Rule, family of operators (None: all), whether it mattered, and what was chosen.
CONDITIONS: Final[tuple[tuple[str, Family | None, Test, str], ...]] = (
    ("R10", None, _empty, "an empty list of values is taken to match nothing"),
    ("R115", Family.DATE, _no_zone, "a time without zone is read as UTC"),
    ("R116", Family.BOOL, _odd_case, "`true` and `false` are read in any letter case"),
    (
        "R117",
        Family.IP_ADDRESS,
        _mixed,
        "IPv6 without prefix is one address, and no IPv4 range holds an IPv6 address",
    ),
    ("R118", Family.ARN, _not_arn, "a value that is not an ARN is taken to match no ARN"),
    ("R122", Family.STRING, _org_paths, "AWS's table and text disagree; the text is followed"),
    ("R125", Family.NULL, lambda _, actual: actual == ("",), "an empty text is not null"),
    (
        "R130",
        Family.BOOL,
        lambda condition, _: any("${" in value for value in condition.values),
        "AWS's pages disagree whether `Bool` takes variables; it does here",
    ),
    (
        "R214",
        None,
        _source_function,
        "without the key the Lambda guide reads `IfExists` as false, the IAM guide as true; it is",
    ),
)

Rule = Callable[[Place], Iterator[Note]]
RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "Principal": (),
    "NotPrincipal": (_not_principal,),
    "Action": (_narrow_scp, _function_policy),
    "NotAction": (_narrow_scp, _function_policy),
    "Resource": (_wild_resource, _crossed),
    "NotResource": (_wild_resource, _unresolved),
    "Condition": (_condition, _caller_keys, _wild_condition),
}
