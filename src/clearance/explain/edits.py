"""Edit: one policy document of the estate, before and after, and the estate with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from clearance.explain.patch import patch
from clearance.model.arn import Arn
from clearance.model.estate import Account, Estate, Resource, TrustPolicy
from clearance.model.function import Function, FunctionPolicy
from clearance.model.layer import Layer, LayerVersion

__all__ = ["Edit", "Place", "Target", "apply", "apply_all", "pins_of", "text_of"]


class Place(StrEnum):
    """The kinds of document that can be edited."""

    INLINE = "inline policy"
    MANAGED = "managed policy"
    TRUST = "trust policy"
    FUNCTION = "function policy"
    LAYER = "layer version policy"
    RESOURCE = "resource policy"
    ORGANIZATION = "organization policy"
    ATTACHMENT = "attachment"  # of an organization policy; the text is a list of policy ids
    VPC_ENDPOINT = "VPC endpoint policy"


@dataclass(frozen=True, slots=True)
class Target:
    """One document.

    ``owner`` is an account, or the organization's id. ``holder`` is the ARN (or the id) of what
    the document hangs on: user, group, role, function with its qualifier, resource, root, unit.
    ``name`` is the inline policy's name, the managed policy's ARN, the organization policy's id.
    """

    place: Place
    owner: str
    holder: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        """The document as people name it."""
        short = self.holder.rpartition("/")[2] or self.holder
        match self.place:
            case Place.INLINE:
                return f'{Arn.of(self.holder).kind} {short}, inline policy "{self.name}"'
            case Place.MANAGED:
                return f"managed policy {self.name.rpartition('/')[2]}"
            case Place.TRUST:
                return f"role {short}, trust policy"
            case Place.FUNCTION:
                return f"function {self.holder.partition(':function:')[2]}, function policy"
            case Place.ORGANIZATION:
                return f"organization policy {self.name}"
            case Place.ATTACHMENT:
                return f"policies attached to {self.holder}"
        return f"{self.place.value} of {self.holder}"


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one document; ``before`` is None when it is new."""

    target: Target
    before: str | None
    after: str

    @property
    def patch(self) -> list[dict[str, Any]]:
        """The change as RFC 6902 operations on the document."""
        old = json.loads(self.before) if self.before is not None else None
        return patch(old, json.loads(self.after))

    def to_json(self) -> dict[str, Any]:
        """The change for machines, with the whole new document."""
        return {
            "target": {
                "place": self.target.place.value,
                "owner": self.target.owner,
                "holder": self.target.holder,
                "name": self.target.name,
                "label": self.target.label,
            },
            "patch": self.patch,
            "before": json.loads(self.before) if self.before is not None else None,
            "after": json.loads(self.after),
        }


def text_of(estate: Estate, target: Target) -> str | None:
    """The document as it is now; None where there is none."""
    return _ACCESS[target.place][0](estate, target)


def apply(estate: Estate, edit: Edit) -> Estate:
    """The estate after the edit; an edit of what the estate does not hold changes nothing."""
    return _ACCESS[edit.target.place][1](estate, edit.target, edit.after)


def apply_all(estate: Estate, edits: tuple[Edit, ...]) -> Estate:
    """The estate after all edits, in their order."""
    for edit in edits:
        estate = apply(estate, edit)
    return estate


def pins_of(estate: Estate, text: str) -> dict[str, str]:
    """The unique ID of each user and role that a policy names, as saving it would store (R26)."""
    found: dict[str, str] = {}
    for arn_text in _principals(json.loads(text)):
        arn = Arn.find(arn_text)
        account = estate.account(arn.account) if arn else None
        if arn is None or account is None or arn.service != "iam":
            continue
        table: Mapping[str, Any] = account.users if arn.kind == "user" else account.roles
        held = table.get(arn.name) if arn.kind in {"user", "role"} else None
        if held is not None and account.arn(arn.kind, held.path, held.name) == arn_text:
            found[arn_text] = held.id
    return found


def _principals(document: Any) -> list[str]:  # noqa: ANN401 - a policy document
    raw = document.get("Statement", []) if isinstance(document, dict) else []
    names: list[str] = []
    for statement in raw if isinstance(raw, list) else [raw]:
        who = statement.get("Principal") or statement.get("NotPrincipal")
        aws = who.get("AWS", []) if isinstance(who, dict) else []
        names += aws if isinstance(aws, list) else [aws]
    return names


def _inline(estate: Estate, target: Target) -> tuple[Account, str, Any] | None:
    arn, account = Arn.find(target.holder), estate.account(target.owner)
    if arn is None or account is None:
        return None
    table = f"{arn.kind}s"
    held = getattr(account, table, {}).get(arn.name) if arn.kind in _HOLDERS else None
    return (account, table, held) if held is not None else None


_HOLDERS: Final = frozenset({"user", "role", "group"})


def _read_inline(estate: Estate, target: Target) -> str | None:
    found = _inline(estate, target)
    return found[2].inline.get(target.name) if found else None


def _write_inline(estate: Estate, target: Target, text: str) -> Estate:
    found = _inline(estate, target)
    if found is None:
        return estate
    account, table, held = found
    changed = replace(held, inline={**held.inline, target.name: text})
    tables: dict[str, Any] = {table: {**getattr(account, table), held.name: changed}}
    return estate.with_account(replace(account, **tables))


def _read_managed(estate: Estate, target: Target) -> str | None:
    return estate.managed_text(target.name)


def _write_managed(estate: Estate, target: Target, text: str) -> Estate:
    account = estate.account(target.owner)
    policy = account.policies.get(target.name) if account else None
    if account is None or policy is None:
        return estate
    name = f"v{policy.next_version}"
    version = replace(policy.versions[policy.default_version], id=name, text=text)
    changed = replace(
        policy,
        versions={**policy.versions, name: version},
        default_version=name,
        next_version=policy.next_version + 1,
    )
    return estate.with_account(
        replace(account, policies={**account.policies, target.name: changed})
    )


def _read_trust(estate: Estate, target: Target) -> str | None:
    account = estate.account(target.owner)
    role = account.roles.get(target.holder.rpartition("/")[2]) if account else None
    return role.trust.text if role else None


def _write_trust(estate: Estate, target: Target, text: str) -> Estate:
    account = estate.account(target.owner)
    role = account.roles.get(target.holder.rpartition("/")[2]) if account else None
    if account is None or role is None:
        return estate
    changed = replace(role, trust=TrustPolicy(text, pins_of(estate, text)))
    return estate.with_account(replace(account, roles={**account.roles, role.name: changed}))


def _function(estate: Estate, target: Target) -> tuple[Account, Function, str] | None:
    arn, account = Arn.find(target.holder), estate.account(target.owner)
    if arn is None or account is None:
        return None
    _, _, rest = arn.resource.partition(":")
    name, _, qualifier = rest.partition(":")
    function = account.functions.get(f"{arn.region}/{name}")
    return (account, function, qualifier) if function else None


def _read_function(estate: Estate, target: Target) -> str | None:
    found = _function(estate, target)
    held = found[1].policies.get(found[2]) if found else None
    return held.text if held else None


def _write_function(estate: Estate, target: Target, text: str) -> Estate:
    found = _function(estate, target)
    if found is None:
        return estate
    account, function, qualifier = found
    old = function.policies.get(qualifier)
    policy = FunctionPolicy(text, old.revision_id if old else "", pins_of(estate, text))
    changed = replace(function, policies={**function.policies, qualifier: policy})
    return estate.with_account(
        replace(account, functions={**account.functions, function.key: changed})
    )


def _layer(estate: Estate, target: Target) -> tuple[Account, Layer, LayerVersion] | None:
    arn, account = Arn.find(target.holder), estate.account(target.owner)
    if arn is None or account is None:
        return None
    _, name, number = arn.resource.split(":")[:3]
    layer = account.layers.get(f"{arn.region}/{name}")
    version = layer.versions.get(number) if layer else None
    return (account, layer, version) if layer is not None and version is not None else None


def _read_layer(estate: Estate, target: Target) -> str | None:
    found = _layer(estate, target)
    held = found[2].policy if found else None
    return held.text if held else None


def _write_layer(estate: Estate, target: Target, text: str) -> Estate:
    found = _layer(estate, target)
    if found is None:
        return estate
    account, layer, version = found
    old = version.policy
    policy = FunctionPolicy(text, old.revision_id if old else "", pins_of(estate, text))
    versions = {**layer.versions, version_key(target): replace(version, policy=policy)}
    layers = {**account.layers, layer.key: replace(layer, versions=versions)}
    return estate.with_account(replace(account, layers=layers))


def version_key(target: Target) -> str:
    """The number of a layer's version, which ends its ARN."""
    return target.holder.rpartition(":")[2]


def _read_resource(estate: Estate, target: Target) -> str | None:
    account = estate.account(target.owner)
    held = account.resources.get(target.holder) if account else None
    return held.policy if held else None


def _write_resource(estate: Estate, target: Target, text: str) -> Estate:
    account = estate.account(target.owner)
    if account is None:
        return estate
    held = account.resources.get(target.holder, Resource(target.holder))
    changed = replace(held, policy=text)
    return estate.with_account(
        replace(account, resources={**account.resources, target.holder: changed})
    )


def _read_organization(estate: Estate, target: Target) -> str | None:
    organization = estate.organizations.get(target.owner)
    policy = organization.policies.get(target.name) if organization else None
    return policy.text if policy else None


def _write_organization(estate: Estate, target: Target, text: str) -> Estate:
    organization = estate.organizations.get(target.owner)
    policy = organization.policies.get(target.name) if organization else None
    if organization is None or policy is None:
        return estate
    policies = {**organization.policies, policy.id: replace(policy, text=text)}
    return estate.with_organization(replace(organization, policies=policies))


def _read_attachment(estate: Estate, target: Target) -> str | None:
    organization = estate.organizations.get(target.owner)
    return json.dumps(organization.attachments.get(target.holder, ())) if organization else None


def _write_attachment(estate: Estate, target: Target, text: str) -> Estate:
    organization = estate.organizations.get(target.owner)
    if organization is None:
        return estate
    attachments = {**organization.attachments, target.holder: tuple(json.loads(text))}
    return estate.with_organization(replace(organization, attachments=attachments))


def _read_endpoint(estate: Estate, target: Target) -> str | None:
    account = estate.account(target.owner)
    endpoint = account.vpc_endpoints.get(target.holder) if account else None
    return endpoint.policy if endpoint else None


def _write_endpoint(estate: Estate, target: Target, text: str) -> Estate:
    account = estate.account(target.owner)
    endpoint = account.vpc_endpoints.get(target.holder) if account else None
    if account is None or endpoint is None:
        return estate
    endpoints = {**account.vpc_endpoints, endpoint.id: replace(endpoint, policy=text)}
    return estate.with_account(replace(account, vpc_endpoints=endpoints))


_Read = Callable[[Estate, Target], str | None]
_Write = Callable[[Estate, Target, str], Estate]
_ACCESS: Final[Mapping[Place, tuple[_Read, _Write]]] = {
    Place.INLINE: (_read_inline, _write_inline),
    Place.MANAGED: (_read_managed, _write_managed),
    Place.TRUST: (_read_trust, _write_trust),
    Place.FUNCTION: (_read_function, _write_function),
    Place.LAYER: (_read_layer, _write_layer),
    Place.RESOURCE: (_read_resource, _write_resource),
    Place.ORGANIZATION: (_read_organization, _write_organization),
    Place.ATTACHMENT: (_read_attachment, _write_attachment),
    Place.VPC_ENDPOINT: (_read_endpoint, _write_endpoint),
}
