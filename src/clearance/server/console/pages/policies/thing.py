"""One thing of an estate: what there is to know of it, and all its documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearance.model.arn import Arn
from clearance.model.estate import (
    Account,
    Estate,
    Group,
    ManagedPolicy,
    Organization,
    OrgPolicy,
    Resource,
    Role,
    User,
    VpcEndpoint,
)
from clearance.model.function import Function
from clearance.model.policy import PolicyType
from clearance.server.console.pages.policies.documents import (
    ORGANIZATION,
    Document,
    attached,
    boundary,
    inline,
    versions,
)

__all__ = ["Thing", "document_of", "thing_of"]

HOLDERS: Final = 12  # of a managed policy, that are named


@dataclass(frozen=True, slots=True)
class Thing:
    """A user, role, policy …: facts as (label, text), links as (label, ARN)."""

    id: str
    name: str
    kind: str
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    documents: tuple[Document, ...] = ()


def thing_of(estate: Estate, name: str) -> Thing | None:
    """What an ARN (or the id of an organization's policy) names; None for nothing."""
    for organization in estate.organizations.values():
        if name in organization.policies:
            return _of_organization(organization, organization.policies[name])
    for account in estate.accounts.values():
        found = _by_key(account, name) or _by_arn(estate, account, name)
        if found is not None:
            return found
    if name in estate.managed:
        title = name.rsplit("/", 1)[-1]
        text = estate.managed[name]
        held = Document(name, title, text, PolicyType.IDENTITY, "published by AWS")
        return Thing(name, title, "managed policy of AWS", documents=(held,))
    return None


def document_of(estate: Estate, uri: str) -> Document | None:
    """The document of a name; names of things may hold an ``@`` themselves."""
    for base in dict.fromkeys((uri.partition("#")[0], uri.rpartition("@")[0])):
        found = thing_of(estate, base) if base else None
        for document in found.documents if found is not None else ():
            if document.uri == uri:
                return document
    return None


def _of_organization(organization: Organization, policy: OrgPolicy) -> Thing:
    targets = [t for t, names in organization.attachments.items() if policy.id in names]
    kind = ORGANIZATION.get(policy.type, PolicyType.SCP)
    facts = _facts(
        ("Organization", organization.id),
        ("Description", policy.description),
        ("Attached to", ", ".join(targets) or "nothing"),
    )
    document = Document(policy.id, policy.name, policy.text, kind)
    return Thing(policy.id, policy.name, kind.value, facts, documents=(document,))


def _by_key(account: Account, name: str) -> Thing | None:
    if name in account.policies:
        return _managed(account, name, account.policies[name])
    if name in account.resources:
        return _resource(account, account.resources[name])
    if name in account.vpc_endpoints:
        return _endpoint(account, account.vpc_endpoints[name])
    return None


def _by_arn(estate: Estate, account: Account, name: str) -> Thing | None:
    arn = Arn.find(name)
    if arn is None or arn.account != account.id:
        return None
    if arn.service == "lambda":
        for function in account.functions.values():
            if function.arn(account.id, partition=account.partition) == name:
                return _function(name, function)
        return None
    made: Thing | None = None
    if arn.kind == "user" and arn.name in account.users:
        made = _user(estate, account, account.users[arn.name])
    elif arn.kind == "role" and arn.name in account.roles:
        made = _role(estate, account, account.roles[arn.name])
    elif arn.kind == "group" and arn.name in account.groups:
        made = _group(estate, account, account.groups[arn.name])
    return made if made is not None and made.id == name else None


def _user(estate: Estate, account: Account, user: User) -> Thing:
    arn = account.user_arn(user)
    groups = [account.groups[name] for name in user.groups if name in account.groups]
    keys = (f"{k.id} ({'active' if k.active else 'inactive'})" for k in user.keys.values())
    facts = _facts(
        ("Created", _day(user.created)),
        ("Access keys", ", ".join(keys)),
        ("Tags", _tags(user.tags)),
    )
    documents = [*inline(arn, user.inline), *attached(estate, user.attached)]
    for group in groups:
        through = f"through group {group.name}"
        documents += inline(account.group_arn(group), group.inline, through)
        documents += attached(estate, group.attached, through)
    documents += boundary(estate, user.boundary)
    links = tuple(("Group", account.group_arn(group)) for group in groups)
    return Thing(arn, user.name, "user", facts, links, tuple(documents))


def _role(estate: Estate, account: Account, role: Role) -> Thing:
    arn = account.role_arn(role)
    facts = _facts(
        ("Created", _day(role.created)),
        ("Description", role.description or ""),
        ("Last used", _day(role.last_used)),
        ("Tags", _tags(role.tags)),
    )
    who = "who may take up the role"
    trust = Document(f"{arn}#trust", "Trust policy", role.trust.text, PolicyType.TRUST, who)
    documents = [trust, *inline(arn, role.inline), *attached(estate, role.attached)]
    documents += boundary(estate, role.boundary)
    kind = "service-linked role" if role.is_service_linked else "role"
    return Thing(arn, role.name, kind, facts, documents=tuple(documents))


def _group(estate: Estate, account: Account, group: Group) -> Thing:
    arn = account.group_arn(group)
    members = sorted(user.name for user in account.users.values() if group.name in user.groups)
    facts = _facts(("Created", _day(group.created)), ("Members", ", ".join(members) or "nobody"))
    documents = (*inline(arn, group.inline), *attached(estate, group.attached))
    return Thing(arn, group.name, "group", facts, documents=documents)


def _function(arn: str, function: Function) -> Thing:
    latest = function.latest
    published = (f"{number} ({_day(v.modified)})" for number, v in function.versions.items())
    urls = (f"{name or 'function'} ({url.auth_type})" for name, url in function.urls.items())
    facts = _facts(
        ("Runtime", latest.runtime or ""),
        ("Handler", latest.handler or ""),
        ("Modified", _day(latest.modified)),
        ("Versions", ", ".join(published)),
        ("Aliases", ", ".join(f"{a.name} → {a.version}" for a in function.aliases.values())),
        ("Function URLs", ", ".join(urls)),
        ("Tags", _tags(function.tags)),
    )
    documents = tuple(
        Document(
            f"{arn}#{qualifier}" if qualifier else arn,
            f"Resource policy of {qualifier}" if qualifier else "Resource policy",
            held.text,
            PolicyType.RESOURCE,
        )
        for qualifier, held in function.policies.items()
    )
    links = (("Execution role", latest.role),) if latest.role else ()
    return Thing(arn, function.name, "function", facts, links, documents)


def _managed(account: Account, arn: str, policy: ManagedPolicy) -> Thing:
    holders = [
        *(account.user_arn(u) for u in account.users.values() if arn in (*u.attached, u.boundary)),
        *(account.group_arn(g) for g in account.groups.values() if arn in g.attached),
        *(account.role_arn(r) for r in account.roles.values() if arn in (*r.attached, r.boundary)),
    ]
    facts = _facts(
        ("Created", _day(policy.created)),
        ("Description", policy.description or ""),
        ("In force", f"{policy.default_version}, of {len(policy.versions)}"),
        ("Held by", _holders(len(holders))),
        ("Tags", _tags(policy.tags)),
    )
    links = tuple(("Held by", holder) for holder in holders[:HOLDERS])
    documents = tuple(versions(arn, policy))
    return Thing(arn, policy.name, "managed policy", facts, links, documents)


def _holders(number: int) -> str:
    if number == 0:
        return "nobody"
    return f"{number} users, groups and roles, {HOLDERS} of them here" if number > HOLDERS else ""


def _resource(account: Account, resource: Resource) -> Thing:
    granted = (("Grant", f"{g.grantee}: {', '.join(g.operations)}") for g in resource.grants)
    facts = _facts(
        ("Account", account.id),
        *resource.attributes.items(),
        *granted,
        ("Tags", _tags(resource.tags or {})),
    )
    documents: tuple[Document, ...] = ()
    if resource.policy is not None:
        text = resource.policy
        documents = (Document(resource.arn, "Resource policy", text, PolicyType.RESOURCE),)
    name = resource.arn.split(":", 5)[-1]
    return Thing(resource.arn, name, "resource", facts, documents=documents)


def _endpoint(account: Account, endpoint: VpcEndpoint) -> Thing:
    facts = _facts(
        ("Account", account.id), ("VPC", endpoint.vpc or ""), ("Service", endpoint.service or "")
    )
    documents: tuple[Document, ...] = ()
    if endpoint.policy is not None:
        text = endpoint.policy
        documents = (Document(endpoint.id, "Endpoint policy", text, PolicyType.VPC_ENDPOINT),)
    return Thing(endpoint.id, endpoint.id, "VPC endpoint", facts, documents=documents)


def _facts(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, text) for label, text in pairs if text)


def _day(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time is not None else ""


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(_pairs(tags.items()))


def _pairs(tags: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"{key}={value}" if value else key for key, value in tags)
