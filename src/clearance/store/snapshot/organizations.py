"""An organization: the answers of AWS Organizations, one folder for each kind of call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from clearance.model.estate import OrgAccount, Organization, OrgPolicy, OrgUnit
from clearance.store.snapshot.node import UNKNOWN_TIME, Node, as_tags, read_json, write_json

__all__ = ["read_organization", "write_organization"]

_ORGANIZATION: Final = "describe-organization.json"
_ROOTS: Final = "list-roots.json"
_UNITS: Final = "list-organizational-units-for-parent"
_MEMBERS: Final = "list-accounts-for-parent"
_POLICIES: Final = "describe-policy"
_TARGETS: Final = "list-targets-for-policy"
_TAGS: Final = "list-tags-for-resource"
_SERVICES: Final = "list-aws-service-access-for-organization.json"
_DELEGATED: Final = "list-delegated-services-for-account"


def read_organization(folder: Path) -> tuple[Organization, tuple[str, ...]]:
    """The organization, and what the folder does not tell."""
    about = read_json(folder / _ORGANIZATION).at("Organization")
    roots = [r for page in read_json(folder / _ROOTS).pages() for r in page.items("Roots")]
    if not roots:
        raise read_json(folder / _ROOTS).fail("an organization has a root; `Roots` is empty")
    units = {root.text("Id"): OrgUnit(root.text("Id"), root.text("Name", "Root")) for root in roots}
    for parent, page in _by_name(folder / _UNITS):
        for item in page.items("OrganizationalUnits"):
            units[item.text("Id")] = OrgUnit(item.text("Id"), item.text("Name", ""), parent)
    organization = Organization(
        id=about.text("Id"),
        management_account=about.text("MasterAccountId"),
        units=units,
        accounts={
            item.text("Id"): _member(item, parent)
            for parent, page in _by_name(folder / _MEMBERS)
            for item in page.items("Accounts")
        },
        policies={p.id: p for _, page in _by_name(folder / _POLICIES) for p in [_policy(page)]},
        attachments=_attachments(folder),
        enabled=frozenset(
            kind.text("Type")
            for root in roots
            for kind in root.items("PolicyTypes")
            if kind.text("Status", "ENABLED") == "ENABLED"
        ),
        feature_set=about.text("FeatureSet", "ALL"),
        services=_services(folder),
        delegated={
            account: {
                item.text("ServicePrincipal"): item.time("DelegationEnabledDate") or UNKNOWN_TIME
                for item in page.items("DelegatedServices")
            }
            for account, page in _by_name(folder / _DELEGATED)
        },
        tags={target: tags for target, page in _by_name(folder / _TAGS) if (tags := page.tags())},
    )
    _check(organization, folder)
    missing = [
        f"{name} of {organization.id}"
        for name in (_UNITS, _MEMBERS, _POLICIES, _TARGETS)
        if not (folder / name).is_dir()
    ]
    if not ((folder / _POLICIES).is_dir() and (folder / _TARGETS).is_dir()):
        # The names by which a decision knows that it is made without them.
        missing += ["scps", "rcps"]
    return organization, tuple(missing)


def write_organization(
    folder: Path, organization: Organization, missing: tuple[str, ...] = ()
) -> None:
    """Write what `read_organization` reads."""
    account = organization.management_account
    write_json(
        folder / _ORGANIZATION,
        {
            "Organization": {
                "Id": organization.id,
                "Arn": f"arn:aws:organizations::{account}:organization/{organization.id}",
                "FeatureSet": organization.feature_set,
                "MasterAccountId": account,
            }
        },
    )
    types = [{"Type": kind, "Status": "ENABLED"} for kind in sorted(organization.enabled)]
    roots = [unit for unit in organization.units.values() if unit.parent is None]
    write_json(
        folder / _ROOTS,
        {"Roots": [{"Id": r.id, "Name": r.name, "PolicyTypes": types} for r in roots]},
    )
    answers: dict[str, dict[str, Any]] = {
        _UNITS: _units_shown(organization),
        _MEMBERS: _members_shown(organization),
        _POLICIES: {p.id: _policy_shown(p) for p in organization.policies.values()},
        _TARGETS: _targets_shown(organization),
    }
    if organization.services:
        enabled = [
            {"ServicePrincipal": name, "DateEnabled": since}
            for name, since in organization.services.items()
        ]
        write_json(folder / _SERVICES, {"EnabledServicePrincipals": enabled})
    for account_id, held in organization.delegated.items():
        services = [
            {"ServicePrincipal": name, "DelegationEnabledDate": since}
            for name, since in held.items()
        ]
        write_json(folder / _DELEGATED / f"{account_id}.json", {"DelegatedServices": services})
    for target, tags in organization.tags.items():
        if tags:
            write_json(folder / _TAGS / f"{target}.json", {"Tags": as_tags(tags)})
    for name, by_key in answers.items():
        if f"{name} of {organization.id}" in missing:
            continue
        (folder / name).mkdir(parents=True, exist_ok=True)
        for key, answer in by_key.items():
            write_json(folder / name / f"{key}.json", answer)


def _services(folder: Path) -> dict[str, datetime]:
    if not (folder / _SERVICES).exists():
        return {}
    return {
        item.text("ServicePrincipal"): item.time("DateEnabled") or UNKNOWN_TIME
        for page in read_json(folder / _SERVICES).pages()
        for item in page.items("EnabledServicePrincipals")
    }


def _by_name(folder: Path) -> Iterator[tuple[str, Node]]:
    """The pages of the answers in a folder, each with the ID its file is named by."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        for page in read_json(path).pages():
            yield path.stem, page


def _member(node: Node, parent: str) -> OrgAccount:
    return OrgAccount(
        node.text("Id"),
        node.text("Name", ""),
        parent,
        email=node.text("Email", ""),
        joined=node.time("JoinedTimestamp"),
        status=node.text("Status", "ACTIVE"),
        joined_method=node.text("JoinedMethod", "INVITED"),
    )


def _policy(page: Node) -> OrgPolicy:
    summary = page.at("Policy").at("PolicySummary")
    text = page.at("Policy").document("Content")
    if text is None:
        raise page.fail("the member `Policy.Content` is missing; `describe-policy` shows it")
    return OrgPolicy(
        summary.text("Id"),
        summary.text("Name", ""),
        summary.text("Type"),
        text,
        description=summary.text("Description", ""),
        aws_managed=bool(summary.at("AwsManaged").value),
    )


def _attachments(folder: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for policy, page in _by_name(folder / _TARGETS):
        for item in page.items("Targets"):
            target = item.text("TargetId")
            found[target] = (*found.get(target, ()), policy)
    return found


def _check(organization: Organization, folder: Path) -> None:
    """A tree with a hole would make policies vanish from accounts below it."""
    inner = [(unit.id, unit.parent, _UNITS) for unit in organization.units.values() if unit.parent]
    leaves = [(member.id, member.parent, _MEMBERS) for member in organization.accounts.values()]
    for name, parent, kind in [*inner, *leaves]:
        if parent not in organization.units:
            raise read_json(folder / kind / f"{parent}.json").fail(
                f"`{name}` lies in `{parent}`, which no answer in `{_UNITS}` lists; files there "
                "are named by the parent's ID"
            )
    for target, policies in organization.attachments.items():
        for policy in policies:
            if policy not in organization.policies:
                raise read_json(folder / _TARGETS / f"{policy}.json").fail(
                    f"`{policy}` is attached to `{target}`, but `{_POLICIES}/{policy}.json`, which "
                    "shows its text, is not there"
                )


def _units_shown(organization: Organization) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for unit in organization.units.values():
        if unit.parent is not None:
            page = shown.setdefault(unit.parent, {"OrganizationalUnits": []})
            page["OrganizationalUnits"].append({"Id": unit.id, "Name": unit.name})
    return shown


def _members_shown(organization: Organization) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for member in organization.accounts.values():
        page = shown.setdefault(member.parent, {"Accounts": []})
        entry = {
            "Id": member.id,
            "Name": member.name,
            "Email": member.email,
            "Status": member.status,
            "JoinedTimestamp": member.joined,
            "JoinedMethod": member.joined_method,
        }
        page["Accounts"].append({k: v for k, v in entry.items() if v is not None})
    return shown


def _policy_shown(policy: OrgPolicy) -> dict[str, Any]:
    summary = {
        "Id": policy.id,
        "Name": policy.name,
        "Description": policy.description,
        "Type": policy.type,
        "AwsManaged": policy.aws_managed,
    }
    # Organizations answers the content as a text, unlike IAM.
    return {"Policy": {"PolicySummary": summary, "Content": policy.text}}


def _targets_shown(organization: Organization) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for target, policies in organization.attachments.items():
        for policy in policies:
            shown.setdefault(policy, {"Targets": []})["Targets"].append({"TargetId": target})
    return shown
