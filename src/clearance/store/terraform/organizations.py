"""Terraform's ``aws_organizations_*`` resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from clearance.model.estate import FULL_ACCESS, OrgAccount, Organization, OrgPolicy, OrgUnit
from clearance.store.terraform.build import Builder, Kind
from clearance.store.terraform.plan import Thing

__all__ = ["KINDS"]

_FULL: Final = OrgPolicy(
    "p-FullAWSAccess", "FullAWSAccess", "SERVICE_CONTROL_POLICY", FULL_ACCESS, aws_managed=True
)


def _put_organization(build: Builder, thing: Thing) -> None:
    name, values = build.name(thing), thing.values
    roots = [r for r in values.get("roots") or () if isinstance(r, dict)]
    root = next((str(r["id"]) for r in roots if r.get("id")), f"r-{name[2:]}")
    manager = build.where(thing).account
    held = build.draft.organizations.get(name)
    enabled = values.get("enabled_policy_types")
    made = held or Organization(
        name,
        manager,
        {root: OrgUnit(root, "Root")},
        {manager: OrgAccount(manager, manager, root)},
        {_FULL.id: _FULL},
        {root: (_FULL.id,), manager: (_FULL.id,)},
    )
    kinds = frozenset(map(str, enabled)) if isinstance(enabled, list) else made.enabled
    build.draft.organizations[name] = replace(
        made, enabled=kinds, feature_set=str(values.get("feature_set") or "ALL")
    )


def _organization(build: Builder, thing: Thing) -> Organization | None:
    """The organization that a resource belongs to: the only one."""
    held = list(build.draft.organizations.values())
    if len(held) == 1:
        return held[0]
    build.draft.note(f"the organization of {thing.address}")
    return None


def _parent(build: Builder, thing: Thing, organization: Organization) -> str | None:
    parent = thing.values.get("parent_id")
    if isinstance(parent, str) and parent:
        return parent
    if not thing.is_unknown("parent_id") or any(
        ".roots" in reference for reference in thing.references("parent_id")
    ):
        return organization.root.id
    return build.text(thing, "parent_id")


def _put_unit(build: Builder, thing: Thing) -> None:
    organization = _organization(build, thing)
    if organization is None:
        return
    unit_id, parent = build.name(thing), _parent(build, thing, organization)
    if parent is None:
        return
    unit = OrgUnit(unit_id, str(thing.values.get("name") or ""), parent)
    _keep(build, replace(organization, units={**organization.units, unit_id: unit}), unit_id)


def _put_account(build: Builder, thing: Thing) -> None:
    organization = _organization(build, thing)
    if organization is None:
        return
    number, parent = build.name(thing), _parent(build, thing, organization)
    if parent is None:
        return
    name = str(thing.values.get("name") or "")
    member = OrgAccount(number, name, parent, str(thing.values.get("email") or ""))
    accounts = {**organization.accounts, number: member}
    _keep(build, replace(organization, accounts=accounts), number)
    build.draft.set_account(number, name=name)


def _keep(build: Builder, organization: Organization, made: str) -> None:
    """Put the organization back; what is new in it has FullAWSAccess, as AWS attaches it."""
    attachments = {made: (_FULL.id,), **organization.attachments}
    policies = {_FULL.id: _FULL, **organization.policies}
    build.draft.organizations[organization.id] = replace(
        organization, attachments=attachments, policies=policies
    )


def _put_policy(build: Builder, thing: Thing) -> None:
    organization, text = _organization(build, thing), build.document(thing, "content")
    if organization is None or text is None:
        return
    name, kind = build.name(thing), str(thing.values.get("type") or "SERVICE_CONTROL_POLICY")
    policy = OrgPolicy(
        name,
        str(thing.values.get("name") or ""),
        kind,
        text,
        str(thing.values.get("description") or ""),
    )
    build.draft.organizations[organization.id] = replace(
        organization, policies={**organization.policies, name: policy}
    )


def _put_attachment(build: Builder, thing: Thing) -> None:
    organization = _organization(build, thing)
    policy, target = build.text(thing, "policy_id"), build.text(thing, "target_id")
    if organization is None or policy is None or target is None:
        return
    held = organization.attachments.get(target, ())
    if policy not in held:
        attachments = {**organization.attachments, target: (*held, policy)}
        build.draft.organizations[organization.id] = replace(organization, attachments=attachments)


def _drop(table: str) -> Kind:
    """How something leaves the organization, with what is attached to it."""

    def drop(build: Builder, thing: Thing) -> None:
        organization, name = _organization(build, thing), build.name(thing)
        if organization is None:
            return
        kept = {key: item for key, item in getattr(organization, table).items() if key != name}
        attachments = {
            target: tuple(policy for policy in policies if policy != name)
            for target, policies in organization.attachments.items()
            if target != name
        }
        changes: dict[str, Any] = {table: kept, "attachments": attachments}
        build.draft.organizations[organization.id] = replace(organization, **changes)

    return Kind(_nothing, drop)


def _drop_attachment(build: Builder, thing: Thing) -> None:
    organization = _organization(build, thing)
    if organization is None:
        return
    policy, target = str(thing.values.get("policy_id")), str(thing.values.get("target_id"))
    kept = tuple(p for p in organization.attachments.get(target, ()) if p != policy)
    build.draft.organizations[organization.id] = replace(
        organization, attachments={**organization.attachments, target: kept}
    )


def _nothing(build: Builder, thing: Thing) -> None:
    del build, thing


def _drop_organization(build: Builder, thing: Thing) -> None:
    build.draft.organizations.pop(build.name(thing), None)


KINDS: Final[Mapping[str, Kind]] = {
    "aws_organizations_organization": Kind(_put_organization, _drop_organization),
    "aws_organizations_organizational_unit": Kind(_put_unit, _drop("units").drop, order=1),
    "aws_organizations_account": Kind(_put_account, _drop("accounts").drop, order=1),
    "aws_organizations_policy": Kind(_put_policy, _drop("policies").drop, order=1),
    "aws_organizations_policy_attachment": Kind(_put_attachment, _drop_attachment, order=2),
}
