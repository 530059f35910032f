"""SimulatePrincipalPolicy and SimulateCustomPolicy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from clearance.decide import PolicySet, evaluate
from clearance.model.arn import Arn
from clearance.model.catalog import Catalog
from clearance.model.estate import Estate
from clearance.model.glob import Glob
from clearance.model.policy import PolicyType
from clearance.model.principal import Principal, PrincipalKind
from clearance.model.request import Context, Request, fold
from clearance.operations.call import Call, Input, Output
from clearance.operations.iam.faults import invalid_input
from clearance.operations.pages import page
from clearance.operations.simulator.context_keys import keys_of
from clearance.operations.simulator.result import result_of
from clearance.operations.simulator.source import (
    Source,
    given_policies,
    source_of,
    without,
)

__all__ = ["simulate_custom_policy", "simulate_principal_policy"]

_PAGE: Final = 100
_ACTION: Final = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9-]+")
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_LISTS: Final = "List"


@dataclass(frozen=True, slots=True)
class Simulation:
    """Everything that stays the same for all actions and resources of a simulation."""

    principal: Principal
    policies: PolicySet
    context: Context
    keys: tuple[str, ...]
    owner: str | None
    catalog: Catalog


def simulate_principal_policy(estate: Estate, call: Call, given: Input, catalog: Catalog) -> Output:
    """What a user, group or role may do, with more policies if some are given."""
    del call
    arn = given.get("PolicySourceArn") or ""
    source = without(source_of(estate, arn), given.get("PolicyExclusionList") or ())
    if source.principal.kind is PrincipalKind.ROLE and given.get("ResourcePolicy"):
        # "Simulation of resource-based policies isn't supported for IAM roles."
        raise invalid_input("Simulation of resource-based policies isn't supported for IAM roles.")
    more = given_policies(given, "PolicyInputList", PolicyType.IDENTITY)
    return _simulate(replace(source, identity=source.identity + more), estate, given, catalog)


def simulate_custom_policy(estate: Estate, call: Call, given: Input, catalog: Catalog) -> Output:
    """What the policies in the request allow."""
    nobody = Principal(PrincipalKind.USER, "", call.account, call.principal.partition)
    levels = tuple(
        given_policies(level, "ServiceControlPolicyInputList", PolicyType.SCP)
        for level in given.get("OrderedOrganizationPolicyInputList") or ()
    )
    identity = given_policies(given, "PolicyInputList", PolicyType.IDENTITY)
    return _simulate(Source(nobody, identity, None, levels), estate, given, catalog)


def _simulate(source: Source, estate: Estate, given: Input, catalog: Catalog) -> Output:
    boundary = given_policies(given, "PermissionsBoundaryPolicyInputList", PolicyType.BOUNDARY)
    caller = _caller(source, estate, given)
    resource_policy = given_policies(
        {"ResourcePolicy": [given["ResourcePolicy"]]} if given.get("ResourcePolicy") else {},
        "ResourcePolicy",
        PolicyType.RESOURCE,
    )
    resource_policy = tuple(replace(p, name="ResourcePolicy") for p in resource_policy)
    policies = PolicySet(
        identity=source.identity,
        resource=resource_policy,
        boundary=boundary or source.boundary,
        scps=source.scps,
    )
    keys = tuple(keys_of((*source.identity, *(policies.boundary or ()), *resource_policy)))
    simulation = Simulation(
        caller,
        policies,
        _context(given, keys, known=bool(caller.arn)),
        keys,
        _owner(given.get("ResourceOwner")) or caller.account,
        catalog,
    )
    actions = list(dict.fromkeys(given.get("ActionNames") or ()))
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise invalid_input(f"Invalid action name: {action}")
    numbered = [(f"{place:06}", action) for place, action in enumerate(actions)]
    sent, marker = page(
        numbered,
        lambda item: item[0],
        token=given.get("Marker"),
        size=given.get("MaxItems") or _PAGE,
        refusal=invalid_input("The marker is not valid."),
    )
    resources = tuple(dict.fromkeys(given.get("ResourceArns") or ()))
    answer: dict[str, Any] = {
        "EvaluationResults": [_result(simulation, action, resources) for _, action in sent],
        "IsTruncated": marker is not None,
    }
    return {**answer, **({"Marker": marker} if marker else {})}


def _caller(source: Source, estate: Estate, given: Input) -> Principal:
    """Bob with David's policies: CallerArn is who calls, PolicySourceArn what he may."""
    arn = given.get("CallerArn")
    if not arn:
        return source.principal
    parts = Arn.find(arn)
    if parts is None or parts.service != "iam" or parts.kind not in {"user", "group", "role"}:
        raise invalid_input(
            f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
        )
    account = estate.account(parts.account)
    if account is None:
        return Principal(PrincipalKind.USER, arn, parts.account, parts.partition)
    return source_of(estate, arn).principal


def _owner(text: str | None) -> str | None:
    """An account from its number or its root ARN."""
    found = re.search(r"\d{12}", text or "")
    return found.group() if found else None


def _context(given: Input, keys: Iterable[str], *, known: bool) -> Context:
    entries: dict[str, str | tuple[str, ...]] = {}
    for entry in given.get("ContextEntries") or ():
        name, values = entry.get("ContextKeyName"), tuple(entry.get("ContextKeyValues") or ())
        if not name or not values:
            raise invalid_input("A context entry must have a name and values.")
        several = (entry.get("ContextKeyType") or "").endswith(_LISTS) or len(values) > 1
        entries[name] = values if several else values[0]
    told = {fold(name) for name in entries}
    # Without a caller nothing about him is known, so no key may be derived from him.
    unknown = () if known else tuple(key for key in keys if fold(key) not in told)
    return Context.of(entries, unknown=unknown)


def _result(simulation: Simulation, action: str, resources: tuple[str, ...]) -> dict[str, Any]:
    decisions = [
        (
            resource,
            evaluate(
                Request(
                    simulation.principal, action, resource, simulation.context, simulation.owner
                ),
                simulation.policies,
                catalog=simulation.catalog,
            ),
        )
        for resource in resources or ("*",)
    ]
    return result_of(
        action,
        decisions,
        keys=simulation.keys,
        template=_template(simulation.catalog, action, resources[0]) if resources else "*",
        specific=bool(resources),
        bounded=simulation.policies.boundary is not None,
        governed=bool(simulation.policies.scps),
    )


def _template(catalog: Catalog, action: str, arn: str) -> str:
    """The ARN template that the resource fits, as the service reference writes it."""
    facts = catalog.action(action)
    service = catalog.service(action.partition(":")[0])
    if facts is None or service is None:
        return "*"
    kinds = (service.resource_types.get(name.lower()) for name in facts.resources)
    templates = [kind.arn for kind in kinds if kind is not None]
    fitting = (t for t in templates if Glob.of(_VARIABLE.sub("*", t)).matches(arn))
    return next(fitting, templates[0] if templates else "*")
