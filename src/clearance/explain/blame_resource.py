"""Why no resource policy allows: services, other accounts, trust policies, ghosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from clearance.decide import authorize
from clearance.decide.special_cases import KMS_CROSS_ACCOUNT, is_trust
from clearance.explain.case import Case, all_ids, function_of, misses_of
from clearance.explain.findings import (
    Cause,
    Confidence,
    Miss,
)
from clearance.explain.nearest import NearMiss
from clearance.model.arn import Arn
from clearance.model.decision import CheckType

__all__ = ["CROSS_ACCOUNT_LAMBDA", "resource_causes"]

_UNIQUE_ID: Final = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,}")

# The function API actions that "can be granted to other accounts" in a function policy, and
# those of layers (Lambda developer guide, permissions-function-cross-account).
CROSS_ACCOUNT_LAMBDA: Final = frozenset(
    f"lambda:{name}".lower()
    for name in (
        "InvokeFunction",
        "InvokeFunctionUrl",
        "InvokeAsync",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetFunctionConcurrency",
        "GetFunctionCodeSigningConfig",
        "UpdateFunctionCode",
        "DeleteFunction",
        "PublishVersion",
        "ListVersionsByFunction",
        "CreateAlias",
        "GetAlias",
        "ListAliases",
        "UpdateAlias",
        "DeleteAlias",
        "GetPolicy",
        "PutFunctionConcurrency",
        "DeleteFunctionConcurrency",
        "PutFunctionEventInvokeConfig",
        "DeleteFunctionEventInvokeConfig",
        "ListTags",
        "TagResource",
        "UntagResource",
        "GetLayerVersion",
    )
)
_SOURCES: Final = frozenset({"aws:sourcearn", "aws:sourceaccount"})
_ALEXA: Final = "lambda:eventsourcetoken"


def resource_causes(case: Case, conditional: tuple[Cause, ...]) -> Iterator[Cause]:
    """The most telling first; ``conditional`` are Allows that only a condition stops."""
    yield from _ghosts(case)
    if is_trust(case.request):
        yield from _trust(case, conditional)
        return
    yield from _function_url(case)
    if case.by_service:
        yield from _service(case)
        return
    if case.cross_account:
        yield from _foreign(case)
    yield from _qualifier(case)
    yield from conditional
    yield from _key(case)
    if case.cross_account:
        sides = (
            "neither side allows it"
            if case.blocks(CheckType.PRINCIPAL)
            else ("the caller's own policies allow it, the resource's policy does not")
        )
        because = f"across accounts both sides must allow: {sides}"
        yield Cause("cross_account.both_sides", because, misses=_about(case))
    because = f"no resource policy of `{case.request.resource}` allows it"
    yield Cause("resource.missing", because, misses=_about(case))


def _about(case: Case) -> tuple[Miss, ...]:
    return misses_of(case.misses[0], case.request) if case.misses else ()


def _only_principal(miss: NearMiss) -> bool:
    return {element.name for element in miss.failures} == {"Principal"}


def _ghosts(case: Case) -> Iterator[Cause]:
    """A principal saved as the unique ID of somebody who is gone (R26)."""
    known = set(all_ids(case.estate))
    for miss in case.misses:
        if "Principal" not in {element.name for element in miss.failures}:
            continue
        who = miss.trace.statement.principals
        arns = {unique: arn for arn, unique in miss.policy.pins.items()}
        for name in who.aws if who else ():
            if not _UNIQUE_ID.fullmatch(name) or name in known:
                continue
            kind = "user" if name.startswith("AIDA") else "role"
            was = arns.get(name)
            mine = case.request.principal.unique_id
            says = f", the id of a deleted {kind}" + (f" `{was}`" if was else "")
            today = f"; today's has the id {mine}" if mine else ""
            sure = was is not None and was == case.request.principal.policy_subject
            because = f"{miss.policy.name} names {name}{says}{today}"
            confidence = Confidence.PROVEN if sure else Confidence.CONSISTENT
            misses = misses_of(miss, case.request)
            yield Cause("resource.ghost_principal", because, confidence, misses)


def _trust(case: Case, conditional: tuple[Cause, ...]) -> Iterator[Cause]:
    action = case.request.action.lower()
    who = case.request.principal.display
    if not case.check.policies:
        because = f"the estate holds no role `{case.request.resource}`: STS answers the same then"
        yield Cause("absent.masked", because, add_allow=False)
    if action == "sts:tagsession":
        because = f"session tags are passed, and the trust policy does not let {who} tag sessions"
        yield Cause("trust.tag_session", because, misses=_about(case))
    if action in {"sts:assumerolewithwebidentity", "sts:assumerolewithsaml"}:
        misses = _about(case)
        because = f"the trust policy's conditions do not fit the claims of {who}'s token"
        if not any(miss.field.partition(" ")[2] for miss in misses):
            because = f"the trust policy does not name the provider {who}"
        yield Cause("trust.web_identity", because, misses=misses)
    yield from conditional
    because = f"the role's trust policy does not let {who} call {case.request.action}"
    misses = _about(case)
    yield Cause("trust.missing", because, misses=misses)


def _function_url(case: Case) -> Iterator[Cause]:
    """A function URL asks for two actions; statements often name one (R211)."""
    action = case.request.action.lower()
    if action not in {"lambda:invokefunctionurl", "lambda:invokefunction"}:
        return
    of_url = case.request.context.get("lambda:FunctionUrlAuthType") or case.request.context.get(
        "lambda:InvokedViaFunctionUrl"
    )
    other = "lambda:InvokeFunction" if action.endswith("url") else "lambda:InvokeFunctionUrl"
    asked = next((d for d in case.others if d.request.action == other), None)
    if of_url and (asked is None or asked.allowed):
        because = (
            "a function URL needs lambda:InvokeFunctionUrl and lambda:InvokeFunction; the function "
            f"policy allows {'the other' if asked else 'at most one'} of them"
        )
        yield Cause("furl.dual_auth", because, misses=_about(case))


def _service(case: Case) -> Iterator[Cause]:
    service = case.request.principal.arn
    yield from _qualifier(case)
    for miss in case.misses:
        if any(element.condition is None for element in miss.failures):
            continue
        misses = misses_of(miss, case.request)
        keys = {e.condition.key.lower() for e in miss.failures if e.condition}
        where = f"{miss.policy.name}, {miss.trace.statement.label}"
        unsent = [key for key in keys - _SOURCES if case.request.context.get(key) is None]
        if unsent:
            only = " (Alexa alone does)" if _ALEXA in unsent else ""
            because = f"{where} asks for `{unsent[0]}`, which {service} never sends{only}"
            yield Cause("resource.wrong_condition", because, misses=misses)
        else:
            told = all(case.request.context.get(key) is not None for key in keys)
            because = f"{where} names {service} but another source: {_key_names(misses)}"
            sure = Confidence.PROVEN if told else Confidence.CONSISTENT
            yield Cause("resource.source_arn_mismatch", because, sure, misses)
    yield from _imported(case)
    because = f"no statement of the resource's policy lets {service} call {case.request.action}"
    yield Cause("resource.missing_service_permission", because, misses=_about(case))


def _key_names(misses: tuple[Miss, ...]) -> str:
    return ", ".join(miss.field.rpartition(" ")[2] for miss in misses)


_STACK: Final = "aws:cloudformation:stack-name"


def _imported(case: Case) -> Iterator[Cause]:
    """The function belongs to another stack than what calls it, so no stack added a permission."""
    found = function_of(case.estate, case.request.resource)
    source = next(iter(case.request.context.get("aws:SourceArn") or ()), None)
    if found is None or source is None or case.check.policies:
        return
    held = (account.resources.get(source) for account in case.estate.accounts.values())
    tags = next((resource.tags for resource in held if resource), None) or {}
    mine, theirs = found[0].tags.get(_STACK), tags.get(_STACK)
    if theirs is not None and theirs != mine:
        because = (
            f"stack {theirs} made the trigger but only imports the function"
            f"{f' of stack {mine}' if mine else ''}: no template adds the permission"
        )
        yield Cause("resource.imported_function", because)


def _qualifier(case: Case) -> Iterator[Cause]:
    """Another qualifier's policy would allow it (R209)."""
    found = function_of(case.estate, case.request.resource)
    if found is None:
        return
    function, asked, account = found
    for qualifier in function.policies:
        if qualifier == asked:
            continue
        there = replace(case.request, resource=function.arn(account, qualifier))
        decision = authorize(case.estate, there)
        allows = [c for c in decision.checks if c.type is CheckType.RESOURCE and c.allows]
        if allows:
            have, want = qualifier or "(unqualified)", asked or "(unqualified)"
            because = f"the permission was added to {have}, the call is to {want}"
            matched = allows[0].allows[0]
            miss = Miss(
                matched.policy.name,
                matched.policy.uri,
                matched.statement.label,
                "Qualifier",
                (have,),
                (want,),
                "each qualifier has its own policy",
            )
            yield Cause("resource.wrong_qualifier", because, misses=(miss,))
            return


def _foreign(case: Case) -> Iterator[Cause]:
    action, resource = case.request.action.lower(), case.request.resource
    if resource.endswith(":$LATEST"):
        because = "$LATEST has no policy of its own: no other account can be granted it"
        yield Cause("cross_account.latest", because, add_allow=False)
    arn = Arn.find(resource)
    layer = action == "lambda:getlayerversion"
    if layer:
        regions = case.request.context.get("aws:RequestedRegion") or ()
        because = f"layer version `{resource}` is not shared with account {_mine(case)}"
        if arn and regions and arn.region not in regions:
            because = f"the layer is in {arn.region}, the function in {regions[0]}"
        yield Cause("cross_account.layer", because)
    unsupported = action.startswith("lambda:") and action not in CROSS_ACCOUNT_LAMBDA
    if unsupported or (action.startswith("kms:") and action not in KMS_CROSS_ACCOUNT):
        because = f"{case.request.action} cannot be granted to another account by any policy"
        yield Cause("cross_account.api_unsupported", because, add_allow=False)


def _mine(case: Case) -> str:
    return case.request.principal.account or "of the caller"


def _key(case: Case) -> Iterator[Cause]:
    if not case.request.action.lower().startswith("kms:"):
        return
    via = case.request.context.get("kms:ViaService")
    others = {d.request.action.partition(":")[0].lower() for d in case.others} - {"kms"}
    through = via[0] if via else next(iter(others), None)
    if through:
        because = f"the data is encrypted with this key; {through} needs {case.request.action} too"
        yield Cause("kms.data_path", because, misses=_about(case))
